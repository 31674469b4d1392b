"""Why an answer is what it is: a plan, told as text or as plain data.

A branch stands with its probability once its parent is reached, or `--` where it is not, and with
the reason. Below the tree are the answers with the probability of each.
"""

from collections.abc import Iterator
from typing import Any

import dns.rcode
from dns.rdatatype import RdataType

from lab_engine.authority.plan import Plan, replies
from lab_engine.authority.records import Reply, RRset

NOT_TAKEN = "--"


def explain(plan: Plan) -> str:
    """The tree, the answers, and for whom they hold, in lines of text."""
    return "\n".join((*_tree(plan, 0), "", *_answers(plan), "", reach(plan)))


def as_dict(plan: Plan) -> dict[str, Any]:
    """The same as plain data, for JSON: `tree`, `replies`, `scope` and `by_peer`."""
    shares = [{"probability": p, **_reply_dict(reply)} for p, reply in replies(plan)]
    return {
        "tree": _node_dict(plan),
        "replies": shares,
        "scope": plan.scope,
        "by_peer": _by_peer(plan),
    }


def percent(probability: float) -> str:
    """A probability as text: `33.33 %`."""
    return f"{100 * probability:.4g} %"


def reach(plan: Plan) -> str:
    """For whom a plan holds, as a sentence."""
    here = " of a resolver in the same Availability Zone" if _by_peer(plan) else ""
    if plan.scope:
        whom = f"the client's /{plan.scope}{here}"
        return f"It holds for {whom} (ECS scope), whatever is drawn or fails."
    return f"It holds for every client{here} (ECS scope 0)."


def _by_peer(plan: Plan) -> bool:
    return plan.by_peer or any(map(_by_peer, plan.branches))


def summary(reply: Reply) -> str:
    """A reply in one line: what comes, and for how long."""
    parts = [_rrset(rrset) for rrset in reply.answer]
    if reply.sample is not None:
        parts[-1] = f"{reply.sample} of {parts[-1]}"
    if not reply.answer or reply.rcode:
        parts.append(_nothing(reply))
    return "; ".join(parts)


def _nothing(reply: Reply) -> str:
    """Why there is no answer, and how long that is kept."""
    if reply.rcode:
        name = dns.rcode.to_text(reply.rcode)
    else:
        name = "NODATA" if reply.authoritative else "referral"
    return name if reply.ttl is None else f"{name}, kept {reply.ttl} s"


def _rrset(rrset: RRset) -> str:
    kind = RdataType.to_text(rrset.type)
    return f"{kind} {' '.join(rrset.texts)}, TTL {rrset.ttl} s"


def title(plan: Plan) -> str:
    """What stands at a node, its health where that is bad, and why it was taken or left."""
    sick = "" if plan.healthy else " [unhealthy]"
    return f"{plan.what}{sick} ({plan.why})"


def _tree(plan: Plan, depth: int, *, reached: bool = True) -> Iterator[str]:
    taken = reached and plan.probability > 0
    indent = "  " * depth
    yield f"{indent}{percent(plan.probability) if taken else NOT_TAKEN:>7}  {title(plan)}"
    if plan.reply is not None and taken:
        yield f"{indent}         -> {summary(plan.reply)}"
    for branch in plan.branches:
        yield from _tree(branch, depth + 1, reached=taken)


def _answers(plan: Plan) -> Iterator[str]:
    shares = sorted(replies(plan), key=lambda share: -share.probability)
    yield "Answers:"
    yield from (f"{percent(share.probability):>9}  {summary(share.reply)}" for share in shares)


def _node_dict(plan: Plan) -> dict[str, Any]:
    node: dict[str, Any] = {
        "what": plan.what,
        "why": plan.why,
        "probability": plan.probability,
        "healthy": plan.healthy,
        "scope": plan.scope,
    }
    if plan.reply is not None:
        node["reply"] = _reply_dict(plan.reply)
    if plan.branches:
        node["branches"] = [_node_dict(branch) for branch in plan.branches]
    return node


def _reply_dict(reply: Reply) -> dict[str, Any]:
    return {
        "rcode": dns.rcode.to_text(reply.rcode),
        "ttl": reply.ttl,
        "sample": reply.sample,
        "answer": [
            {
                "name": str(rrset.name),
                "type": RdataType.to_text(rrset.type),
                "ttl": rrset.ttl,
                "values": list(rrset.texts),
            }
            for rrset in reply.answer
        ],
    }
