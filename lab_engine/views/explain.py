"""A plan as a page: the tree as nested lists, the answers as a table. No widget, no script.

Lists and a table with headings are what a screen reader can walk; nothing depends on colour.
Everything that comes from a zone is escaped.
"""

from html import escape

from lab_engine.authority.plan import Plan, Share, replies
from lab_engine.review.explain import percent, reach, summary, title


class Explanation:
    """What a notebook shows for a plan."""

    def __init__(self, plan: Plan, heading: str = "Why this answer") -> None:
        self.plan = plan
        self.heading = heading

    def _repr_html_(self) -> str:
        return explain_html(self.plan, self.heading)


def explain_html(plan: Plan, heading: str = "Why this answer") -> str:
    """HTML for a plan.

    Args:
        plan: what to explain.
        heading: of the section, such as the question and the client.
    """
    shares = sorted(replies(plan), key=lambda share: -share.probability)
    return (
        f'<section aria-label="{escape(heading)}"><h3>{escape(heading)}</h3>'
        f"<ul>{_node(plan, reached=True)}</ul>"
        "<table><caption>Answers</caption>"
        '<thead><tr><th scope="col">Share</th><th scope="col">Answer</th></tr></thead>'
        f"<tbody>{''.join(map(_row, shares))}</tbody></table>"
        f"<p>{escape(reach(plan))}</p></section>"
    )


def _node(plan: Plan, *, reached: bool) -> str:
    taken = reached and plan.probability > 0
    chance = percent(plan.probability) if taken else "not taken"
    reply = f"<br>&rarr; {escape(summary(plan.reply))}" if plan.reply is not None and taken else ""
    below = "".join(_node(branch, reached=taken) for branch in plan.branches)
    inner = f"<ul>{below}</ul>" if below else ""
    return f"<li><strong>{chance}</strong> {escape(title(plan))}{reply}{inner}</li>"


def _row(share: Share) -> str:
    answer = escape(summary(share.reply))
    return f'<tr><th scope="row">{percent(share.probability)}</th><td>{answer}</td></tr>'
