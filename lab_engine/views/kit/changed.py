"""An answer as dig prints it, with what changed since the one before: in words beside each line.

What differs between any two answers, such as their id and the time, is left out: it tells nothing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from dns import flags, rcode

from lab_engine.wire.digtext import kind
from lab_engine.wire.exchange import Exchange

# Pages of JupyterLab push all cells to the right, and a class would not outweigh that.
_CELL: Final = ' style="text-align:left;white-space:pre;padding:1px 16px 1px 0"'
_CODE: Final = ' style="font-family:var(--jp-code-font-family,monospace)"'


@dataclass(frozen=True)
class Line:
    """One line of an answer, and what is new about it.

    Attributes:
        text: as dig prints it.
        news: in words, such as `TTL was 300`; empty where nothing is new.
        marked: the part of the text that the news are about.
        gone: whether only the answer before had it.
    """

    text: str
    news: str = ""
    marked: str = ""
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
            return "The first answer: nothing to compare it with."
        kinds = Counter(
            _sort(part) for line in self.lines for part in line.news.split(", ") if part
        )
        said = [
            f"{count} {word}" if word in ("new", "gone") else word for word, count in kinds.items()
        ]
        return f"Changed: {', '.join(said)}." if said else "Nothing changed."

    def __repr__(self) -> str:
        return "\n".join((self.sentence, *map(_plain, self.lines)))

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{_CELL}>{name}</th>' for name in ("answer", "what is new"))
        body = "".join(map(_row, self.lines))
        table = f"<table{_CODE}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f" \n<p><b>{escape(self.sentence)}</b></p>{table}"


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
    status = _status(after)
    old_status = status if before is None else _status(before)
    other = status != old_status
    yield Line(f";; {status}", f"was {old_status}" if other else "", status if other else "")
    old, new = dict(_records(before)) if before else {}, dict(_records(after))
    places, old_places = _places(new), _places(old)
    section = ""
    for record, ttl in new.items():
        if record.section != section:
            section = record.section
            yield Line(f";; {section} SECTION:")
        text = _text(record, ttl)
        if before is None:
            yield Line(text)
        elif record not in old:
            yield Line(text, "new", text)
        else:
            moved = places[record] != old_places[record]
            aged = ttl != old[record]
            said = [f"was number {old_places[record]}"] * moved + [f"TTL was {old[record]}"] * aged
            part = record.value if moved else f"\t{ttl}\t" if aged else ""
            yield Line(text, ", ".join(said), part)
    for record in (each for each in old if each not in new):
        yield Line(_text(record, old[record]), "gone", gone=True)


def _places(records: dict[_Record, int]) -> dict[_Record, int]:
    """Where each record stands among those of its section and type, from 1."""
    counts: Counter[tuple[str, str]] = Counter()
    places = {}
    for record in records:
        counts[record.section, record.kind] += 1
        places[record] = counts[record.section, record.kind]
    return places


def _records(exchange: Exchange) -> Iterator[tuple[_Record, int]]:
    sections = ("ANSWER", "AUTHORITY", "ADDITIONAL")
    for title, section in zip(sections, exchange.response.sections[1:], strict=True):
        for rrset in section:
            for value in rrset:
                yield _Record(title, str(rrset.name), kind(rrset), value.to_text()), rrset.ttl


def _status(exchange: Exchange) -> str:
    response = exchange.response
    words = flags.to_text(response.flags).lower()
    return f"status: {rcode.to_text(response.rcode())}, flags: {words}"


def _text(record: _Record, ttl: int) -> str:
    return f"{record.name}\t{ttl}\tIN\t{record.kind}\t{record.value}"


def _sort(news: str) -> str:
    """What kind of news it is."""
    if news.startswith("was number"):
        return "the order"
    if news.startswith("TTL"):
        return "the TTL"
    return news if news in ("new", "gone") else "status and flags"


def _plain(line: Line) -> str:
    return f"{line.text}    <- {line.news}" if line.news else line.text


def _row(line: Line) -> str:
    text = escape(line.text.replace("\t", "  "))
    if line.gone:
        text = f"<s>{text}</s>"
    elif line.marked:
        part = escape(line.marked.replace("\t", "  "))
        text = f"<mark>{part}</mark>".join(text.rsplit(part, 1))
    return f"<tr><td{_CELL}>{text}</td><td{_CELL}>{escape(line.news)}</td></tr>"
