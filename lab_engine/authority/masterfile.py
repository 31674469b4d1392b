"""Master files (RFC 1035 section 5): written, and read by dnspython's reader as they stand.

dnspython's own zone loader merges, drops and repairs silently: a CNAME beside other data, TTLs
that differ, records outside the zone. Here each of these is an error with its line.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.rdatatype
import dns.tokenizer
import dns.zonefile
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from lab_engine.authority.records import (
    MAX_TTL,
    Labels,
    RRset,
    as_name,
    check_ttl,
    folded,
    plain_name,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.errors import ZoneError, ZoneProblemsError, raise_interrupt

MAX_PROBLEMS = 20
MALFORMED = "Text input is malformed"  # dnspython's words for what it does not describe
_ORIGIN = re.compile(r"^\s*\$ORIGIN\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"unknown rdatatype '(-?\d+)'")  # where a TTL should be
_WORD = re.compile(r'([ \t]*)(?:\n|([^\s"();\\]+)(?=[ \t\n]))')  # one in which nothing is special
_WHERE = re.compile(r"^(?P<source>.*?):(?P<line>\d+): (?P<what>.*)$", re.DOTALL)


def read(text: str, origin: Name | None, source: str) -> tuple[Name, list[RRset]]:
    """The apex and the RRsets of a master file, in the order in which they first appear.

    Raises:
        ZoneError: every line that is wrong, with `source`, what is wrong and what to do, as far as
            one mistake does not hide the next. Nothing is returned.
    """
    apex = origin if origin is not None else _origin_of(text, source)
    problems: list[ZoneError] = []
    while True:
        lines = _Lines(text, source)
        records = _Records(apex, lines)
        try:
            _read(lines, records)
            break
        except ZoneError as wrong:
            problems.append(wrong)
            text = _without(text, lines.line)
        if not text or len(problems) == MAX_PROBLEMS:
            break
    if problems:
        raise problems[0] if len(problems) == 1 else ZoneProblemsError(problems)
    if not records.rrsets:
        raise ZoneError(source, "holds no record", "Begin it with an SOA and an NS record.")
    return apex, [found.rrset() for found in records.rrsets.values()]


def written(origin: Name, record_sets: Iterable[RecordSet]) -> str:
    """The text of a master file.

    It knows no policies and no aliases: such record sets become comments, so that the rest loads
    again and nobody takes one member of a group for all of it.
    """
    lines = [f"$ORIGIN {origin}"]
    for each in record_sets:
        lines += _written(each)
    return "\n".join(lines) + "\n"


def _written(record_set: RecordSet) -> Iterator[str]:
    kind = RdataType.to_text(record_set.type)
    if record_set.alias is not None:
        yield f"; {record_set.name} IN {kind} alias to {record_set.alias.name}{_remark(record_set)}"
    mark = "; " if record_set.set_identifier else ""
    for text in record_set.texts:
        line = f"{record_set.name} {record_set.ttl} IN {kind} {text}"
        yield f"{mark}{line}{_remark(record_set)}"


def _remark(record_set: RecordSet) -> str:
    """Which member of a group it is; nothing for a set that stands alone."""
    if not record_set.set_identifier:
        return ""
    return f" ; {record_set.policy.name} {record_set.set_identifier!r}"


def _read(lines: "_Lines", records: "_Records") -> None:
    reader = dns.zonefile.Reader(lines, IN, records)  # type: ignore[arg-type]
    # The reader skips records outside its zone without a word; below the root there are none.
    reader.zone_origin = dns.name.root
    try:
        reader.read()
    except dns.exception.DNSException as wrong:
        raise_interrupt(wrong)
        raise _explained(wrong, lines) from wrong


def _without(text: str, line: int) -> str:
    """The text with one line emptied, or nothing where that would only lead to more mistakes."""
    rows = text.splitlines()
    bad = rows[line - 1] if line <= len(rows) else ""
    if not bad.strip() or any(sign in bad for sign in '("$') or "SOA" in bad.upper():
        return ""
    rows[line - 1] = ""
    return "\n".join(rows) + "\n"


def _origin_of(text: str, source: str) -> Name:
    found = _ORIGIN.search(text)
    if found is None:
        raise ZoneError(
            source,
            "does not say which zone it is",
            "Begin it with `$ORIGIN example.com.` or name the origin.",
        )
    return as_name(found[1])


@dataclass(slots=True)
class _Collected:
    name: Name
    type: RdataType
    ttl: int
    values: list[Rdata] = field(default_factory=list)

    def rrset(self) -> RRset:
        return RRset(self.name, self.type, self.ttl, tuple(self.values))


class _Lines(dns.tokenizer.Tokenizer):
    """dnspython's tokenizer, which also remembers where the present record began.

    It reads letter by letter; what nearly every token is, a plain word or the end of a line, is
    read at once here.
    """

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text, source)
        self._text = text
        self._source = source
        self.line = 1
        self.last = dns.tokenizer.Token(dns.tokenizer.EOF)

    @property
    def place(self) -> str:
        """`file:line` of the record being read."""
        return f"{self._source}:{self.line}"

    @property
    def word(self) -> str:
        """The word that was read last; "" at the end of a line."""
        return "" if self.last.is_eol_or_eof() else self.last.value[:60]

    def get(
        self,
        want_leading: bool = False,  # noqa: FBT001, FBT002  (dnspython's signature)
        want_comment: bool = False,  # noqa: FBT001, FBT002
    ) -> dns.tokenizer.Token:
        line = self.line_number
        token = self._word(want_leading=want_leading) or super().get(want_leading, want_comment)
        if want_leading and not token.is_eol_or_eof():
            self.line = line
        self.last = token
        return token

    def as_name(
        self,
        token: dns.tokenizer.Token,
        origin: Name | None = None,
        relativize: bool = False,  # noqa: FBT001, FBT002
        relativize_to: Name | None = None,
    ) -> Name:
        plain = None if relativize or not token.is_identifier() else plain_name(token.value, origin)
        return plain or super().as_name(token, origin, relativize, relativize_to)

    def _word(self, *, want_leading: bool) -> dns.tokenizer.Token | None:
        """The next token, if it is plain and nothing is pending from the one before."""
        if self.ungotten_token or self.ungotten_char is not None or self.multiline or self.quoting:
            return None
        found = None if self.after_cr else _WORD.match(self._text, self.file.tell())
        if found is None or (want_leading and found[1]):
            return None
        self.file.seek(found.end())
        if found[2]:
            return dns.tokenizer.Token(dns.tokenizer.IDENTIFIER, found[2])
        self.line_number += 1
        return dns.tokenizer.Token(dns.tokenizer.EOL, "\n")


class _Records:
    """The part of dnspython's transaction that its reader calls, and nothing else."""

    def __init__(self, origin: Name, lines: _Lines) -> None:
        self.manager = self
        self.rrsets: dict[tuple[Labels, RdataType], _Collected] = {}
        self._origin = origin
        self._apex = folded(origin)
        self._lines = lines

    def origin_information(self) -> tuple[Name, bool, Name]:
        return self._origin, False, self._origin

    def check_put_rdataset(self, check: Callable[..., None]) -> None:
        """Take dnspython's own check and leave it: `Zone` checks all records together."""

    def _set_origin(self, origin: Name) -> None:
        """`$ORIGIN` moves the reader's current origin; the apex stays."""

    def add(self, name: Name, ttl: int, rdata: Rdata) -> None:
        kind = rdata.rdtype

        def where() -> str:
            return f"{self._lines.place}: {name} {dns.rdatatype.to_text(kind)}"

        check_ttl(ttl, where)
        owner = folded(name)
        if owner[-len(self._apex) :] != self._apex:
            raise ZoneError(
                where(), f"lies outside the zone {self._origin}", "Load it with its own zone."
            )
        found = self.rrsets.get((owner, kind))
        if found is None:
            found = self.rrsets[owner, kind] = _Collected(name, kind, ttl)
        if ttl != found.ttl:
            raise ZoneError(
                f"{where()}: TTL {ttl}",
                f"the same RRset has TTL {found.ttl} above",
                "Give all its records one TTL (RFC 2181 section 5.2).",
            )
        if rdata not in found.values:
            found.values.append(rdata)


def _explained(wrong: dns.exception.DNSException, lines: _Lines) -> ZoneError:
    found = _WHERE.match(str(wrong))
    what = (found["what"] if found else str(wrong)).rstrip(".") or type(wrong).__name__
    if number := _NUMBER.search(what):
        return ZoneError(
            f"{lines.place}: TTL {number[1]}",
            f"a TTL lies between 0 and {MAX_TTL} seconds",
            "Choose one in that range; nothing was loaded.",
        )
    if what == MALFORMED:
        what = f"{lines.word} is malformed"
    elif lines.word not in what:
        what = f"{what}, at {lines.word}"
    return ZoneError(
        lines.place,
        f"is not a record: {what}",
        "Write `name TTL IN type value`; nothing was loaded.",
    )
