"""A rehearsal as one page of HTML with its figures: no script, and nothing from elsewhere.

It follows the reader's choice of light or dark, and can be read at any width: what is too wide
scrolls by itself.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from lab_engine.rehearsal import text
from lab_engine.rehearsal.answers import Answers, Rehearsed
from lab_engine.rehearsal.curves import Times, thin
from lab_engine.rehearsal.deaths import Death
from lab_engine.rehearsal.figure import Line, sentence, svg
from lab_engine.views.kit.partbars import part_bars

STYLE = """\
:root{color-scheme:light dark;--ink:#222;--paper:#fff;--faint:#5f5f5f;--line:#d0d0d0;--new:#8a3b00}
@media (prefers-color-scheme:dark){:root{--ink:#e4e4e4;--paper:#161616;--faint:#adadad;
--line:#444;--new:#f0a070}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem 1.25rem 3rem}
h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.25rem;margin-top:2.2rem}h3{font-size:1.05rem}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0}
th,td{padding:.25rem .8rem;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left;padding-left:0}
caption{text-align:left;color:var(--faint)}figure{margin:1rem 0}
img{max-width:100%;height:auto;color-scheme:light dark}figcaption,.faint{color:var(--faint)}
pre{font:13px/1.45 ui-monospace,monospace;margin:.5rem 0}.new{color:var(--new);font-weight:600}
"""
_SECONDS = ("50 %", "90 %", "99 %")


def as_html(found: Answers) -> str:
    """The page."""
    title = f"Rehearsal of a change of {found.steps.before.origin}"
    sections = (
        _section("What changes, and for whom", _changes(found)),
        _section("When requests have followed", _followed(found)),
        _section("What it costs in questions to the authority", _costs(found)),
        _section("If it is taken back", _back(found)),
        _section("If an endpoint dies after the change", _deaths(found)),
        _section("What lint says of the zone after the change", _findings(found)),
        _section("How nobody would be left behind", _advice(found)),
        _section("For whom this holds", _populations(found)),
    )
    lead = "".join(_paragraph(line) for line in text.summary(found))
    body = f"<h1>{escape(title)}</h1>{lead}{''.join(sections)}"
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{STYLE}</style>'
    )
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>'
        f"<body><main>{body}</main></body></html>\n"
    )


def _section(title: str, parts: Iterable[str]) -> str:
    body = "".join(parts)
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def _changes(found: Answers) -> Iterator[str]:
    for each in found.differences:
        yield _lines(str(each), f"{each.name} {each.type}")


def _followed(found: Answers) -> Iterator[str]:
    for each in found.names:
        for step in dict.fromkeys(one.change for one in each.followed):
            several = [one for one in each.followed if one.change == step]
            yield _heading(each, f"{several[0].at:g} s from now")
            lines = [Line(one.population, thin(one.curve), one.times, one.law) for one in several]
            yield _figure(
                svg("Who still goes by older answers", "of the requests it concerns", lines),
                sentence(lines),
            )
            rows = [_row(one.population + text.rough(one), one.times, one.law) for one in several]
            yield _table("Seconds until this part has followed", ("", *_SECONDS), _flat(rows))
        if not each.followed:
            yield _paragraph(f"{each.case.name} {each.case.type}: nobody here is told otherwise.")
    for case in found.others:
        words = f"{case.name} {case.type}{text.alike(case)}: not simulated; {text.by_ttl(case)}."
        yield _paragraph(words)
    if found.names:
        yield _paragraph(text.NEVER)


def _heading(each: Rehearsed, when: str) -> str:
    more = text.alike(each.case)
    return f"<h3>{escape(f'{each.case.name} {each.case.type}{more}, {when}')}</h3>"


def _row(name: str, times: Times, law: Times | None) -> list[tuple[str, ...]]:
    rows = [(name, *map(_seconds, times))]
    return rows if law is None else [*rows, (f"{name}, by the law", *map(_seconds, law))]


def _flat(rows: Iterable[list[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    return [row for several in rows for row in several]


def _seconds(time: float | None) -> str:
    return "not in time" if time is None else f"{time:.0f}"


def _costs(found: Answers) -> Iterator[str]:
    for each in found.names:
        items = (f"{name}: {'; '.join(text.rates(cost))}." for name, cost in each.asked.items())
        yield _heading(each, "each")
        yield f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
    if found.names:
        yield _paragraph(next(iter(found.names[0].asked.values())).prices.capitalize() + ".")


def _back(found: Answers) -> Iterator[str]:
    for each in found.names:
        several = [one for one in each.rolled_back if one.curve]
        if not several:
            yield _paragraph(f"{each.case.name} {each.case.type}: nobody is led astray.")
            continue
        yield _heading(each, f"after {several[0].after / 60:g} min")
        lines = [Line(one.population, thin(one.curve), one.times, one.law) for one in several]
        yield _figure(
            svg("Who is still astray", "of the requests it concerns", lines),
            sentence(lines, "are back"),
        )
        rows = [_row(one.population, one.times, one.law) for one in several]
        yield _table("Seconds until this part is back", ("", *_SECONDS), _flat(rows))
        yield _paragraph(f"No cache that keeps to TTLs is astray after {several[0].longest} s.")


def _deaths(found: Answers) -> Iterator[str]:
    for each in found.deaths:
        yield f"<h3>{escape(f'{each.endpoint}: {each.population}')}</h3>"
        yield from _death(each)


def _death(each: Death) -> Iterator[str]:
    if not each.led:
        yield _paragraph("Nobody is led there while all else is well.")
        return
    bars = part_bars(each.outages, title="How long clients are led there, and whose seconds")
    yield _figure(bars.svg(), bars.sentence)
    rows = [("simulated", *(text.outage(value, each.watched) for value in each.quantiles))]
    if each.law is not None:
        rows.append(("by the law", *(f"{value:.0f}" for value in each.law)))
    yield _table("Seconds, of those who are led there", ("", "p50", "p95", "p99", "worst"), rows)
    if each.led <= 0.995:
        yield _paragraph(f"Of all requests of this population {each.led:.0%} are led there.")
    if each.open:
        still = f"{each.open:.0%} still are after {each.watched:.0f} s"
        yield _paragraph(f"Of those who are led there {still}.")


def _findings(found: Answers) -> Iterator[str]:
    for each in found.findings:
        new = '<span class="new">New.</span> ' if each in found.new else ""
        yield f"<p>{new}{escape(f'{each.where}: {each.what} [{each.rule}]')}<br>"
        yield f"Why: {escape(each.why)}<br>Do: {escape(each.remedy)}</p>"
    if not found.findings:
        yield _paragraph("Nothing.")


def _advice(found: Answers) -> Iterator[str]:
    for each in found.advice:
        yield _paragraph(text.advised(each))
        yield each.plan.table.html()


def _populations(found: Answers) -> Iterator[str]:
    for each in found.populations:
        yield f"<h3>{escape(each.name)}</h3>{_paragraph(text.people(each) + '.')}<ul>"
        yield "".join(f"<li>{escape(text.profile(one))}</li>" for one in found.profiles[each.name])
        yield "</ul>"
        if each.assumed:
            yield _paragraph(f"Assumed: {each.assumed}.")
    yield _paragraph(f"Seed {found.seed}; numbers are means over many runs with other dice.")


# --- HTML -----------------------------------------------------------------------------------------


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _lines(words: str, label: str) -> str:
    """Lines as they are; what is too wide is scrolled by pointer or keyboard."""
    look = f'class="wide" tabindex="0" role="region" aria-label="{escape(label)}"'
    return f"<div {look}><pre>{escape(words)}</pre></div>"


def _figure(drawing: str, words: str) -> str:
    packed = base64.b64encode(drawing.encode()).decode("ascii")
    image = f'<img alt="" src="data:image/svg+xml;base64,{packed}">'
    return f"<figure>{image}<figcaption>{escape(words)}</figcaption></figure>"


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    columns = "".join(
        f'<th scope="col">{escape(each)}</th>' if each else "<td></td>" for each in head
    )
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
