"""An answer as dig prints it, with what changed since the one before: in words beside each line.

What differs between any two answers, such as their id and the time, is left out: it tells nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from dns import flags, rcode, rdatatype

from lab_engine.wire.exchange import Exchange

_STYLE: Final = """\
<style>
.lab-changed{border-collapse:collapse;font-family:var(--jp-code-font-family,monospace)}
.lab-changed td,.lab-changed th{text-align:left;padding:1px 12px 1px 0;white-space:pre;
font-weight:400;border:0}
.lab-changed .lab-news{font-weight:600;text-decoration:underline dotted}
.lab-changed .lab-gone{text-decoration:line-through}
</style>
"""


@dataclass(frozen=True)
class Line:
    """One line of an answer, and in words what is new about it; empty where nothing is."""

    text: str
    news: str = ""
    gone: bool = False


@dataclass(frozen=True)
class _Record:
    """One record of a section, apart from its TTL and its place."""

    section: str
    name: str
    kind: str
    value: str


class Changed:
    """An answer beside the one before it; the last line of a cell."""

    def __init__(self, before: Exchange | None, after: Exchange) -> None:
        self.lines = tuple(compared(before, after))
        self._first = before is None

    @property
    def sentence(self) -> str:
        """What changed, in words."""
        if self._first:
            return "The first answer."
        news = [line.news for line in self.lines if line.news]
        return f"Changed: {'; '.join(news)}." if news else "Nothing changed."

    def __repr__(self) -> str:
        return "\n".join((*(_plain(line) for line in self.lines), self.sentence))

    def _repr_html_(self) -> str:
        body = "".join(map(_row, self.lines))
        caption = f"<caption>{escape(self.sentence)}</caption>"
        head = '<thead><tr><th scope="col">answer</th><th scope="col">what is new</th></tr></thead>'
        table = f'<table class="lab-changed">{caption}{head}<tbody>{body}</tbody></table>'
        return f" \n{_STYLE}{table}"


class Answers:
    """Shows each answer it is given with what changed since the last one it was given."""

    def __init__(self) -> None:
        self._last: Exchange | None = None

    def __call__(self, exchange: Exchange) -> Changed:
        """`answers(server.ask("www.shop.example"))`."""
        before, self._last = self._last, exchange
        return Changed(before, exchange)


def changed(before: Exchange, after: Exchange) -> Changed:
    """The second answer, with what is new against the first."""
    return Changed(before, after)


def compared(before: Exchange | None, after: Exchange) -> Iterator[Line]:
    """The lines of `after`, each with its news; then the records that are gone."""
    status, old_status = _status(after), _status(before) if before else ""
    changed = before is not None and status != old_status
    yield Line(f";; {status}", f"was {old_status}" if changed else "")
    old, new = dict(_records(before)) if before else {}, dict(_records(after))
    places, old_places = _places(new), _places(old)
    section = ""
    for record, ttl in new.items():
        if record.section != section:
            section = record.section
            yield Line(f";; {section} SECTION:")
        news = "" if before is None else _news(record, ttl, old, places, old_places)
        yield Line(_text(record, ttl), news)
    for record in (each for each in old if each not in new):
        yield Line(_text(record, old[record]), "gone", gone=True)


def _news(
    record: _Record,
    ttl: int,
    old: dict[_Record, int],
    places: dict[_Record, int],
    old_places: dict[_Record, int],
) -> str:
    if record not in old:
        return "new"
    found = []
    if places[record] != old_places[record]:
        found.append(f"was number {old_places[record]}")
    if ttl != old[record]:
        found.append(f"TTL was {old[record]}")
    return ", ".join(found)


def _places(records: dict[_Record, int]) -> dict[_Record, int]:
    """Where each record stands among those of its section and type, from 1."""
    counts: dict[tuple[str, str], int] = {}
    places = {}
    for record in records:
        key = record.section, record.kind
        counts[key] = places[record] = counts.get(key, 0) + 1
    return places


def _records(exchange: Exchange) -> Iterator[tuple[_Record, int]]:
    sections = ("ANSWER", "AUTHORITY", "ADDITIONAL")
    for title, section in zip(sections, exchange.response.sections[1:], strict=True):
        for rrset in section:
            for value in rrset:
                kind = rdatatype.to_text(rrset.rdtype)
                yield _Record(title, str(rrset.name), kind, value.to_text()), rrset.ttl


def _status(exchange: Exchange) -> str:
    response = exchange.response
    words = flags.to_text(response.flags).lower()
    return f"status: {rcode.to_text(response.rcode())}, flags: {words}"


def _text(record: _Record, ttl: int) -> str:
    return f"{record.name}\t{ttl}\tIN\t{record.kind}\t{record.value}"


def _plain(line: Line) -> str:
    return f"{line.text}    <- {line.news}" if line.news else line.text


def _row(line: Line) -> str:
    look = "lab-gone" if line.gone else "lab-news" if line.news else ""
    text = escape(line.text.replace("\t", "  "))
    return f'<tr><td class="{look}">{text}</td><td>{escape(line.news)}</td></tr>'
