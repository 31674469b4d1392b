"""Master files (RFC 1035 section 5): written, and read by dnspython's reader as they stand.

dnspython's own zone loader merges, drops and repairs silently: a CNAME beside other data, TTLs
that differ, records outside the zone. Here each of these is an error with its line.

Signatures and denials of existence (RFC 4034, RFC 5155) are read, counted and left out: what is
served is not signed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import dns.exception
import dns.name
import dns.rdatatype
import dns.tokenizer
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.generated import Reader
from lab_engine.authority.records import (
    MAX_TTL,
    Labels,
    RRset,
    check_ttl,
    folded,
    plain_name,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.errors import ZoneError, ZoneProblemsError, raise_interrupt

MAX_PROBLEMS = 20
MALFORMED = "Text input is malformed"  # dnspython's words for what it does not describe
LEFT_OUT = frozenset({RdataType.RRSIG, RdataType.NSEC, RdataType.NSEC3})
"""What only a signed zone has: its TTLs are others' (RFC 4034 section 3), it stands at CNAMEs."""
UNKNOWN = Name([b"unknown", b""])
"""The current origin where none was said yet; names are completed with this very object."""
_NUMBER = re.compile(r"unknown rdatatype '(-?\d+)'")  # where a TTL should be
_WORD = re.compile(r'([ \t]*)(?:\n|([^\s"();\\]+)(?=[ \t\n]))')  # one in which nothing is special
_WHERE = re.compile(r"^(?P<source>.*?):(?P<line>\d+): (?P<what>.*)$", re.DOTALL)


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    Attributes:
        origin: the apex.
        rrsets: in the order in which they first appear.
        left_out: how many records there are of each type that is not served.
    """

    origin: Name
    rrsets: tuple[RRset, ...]
    left_out: Mapping[RdataType, int]


def read(text: str, origin: Name | None, source: str) -> Reading:
    """What a master file holds.

    Args:
        text: of the file.
        origin: the apex; without it the owner of the first SOA.
        source: what errors call the file.

    Raises:
        ZoneError: every line that is wrong, with `source`, what is wrong and what to do, as far as
            one mistake does not hide the next. Nothing is returned.
    """
    problems: list[ZoneError] = []
    while True:
        lines = _Lines(text, source)
        records = _Records(origin, lines)
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
    apex = records.origin
    if apex is None:
        raise lines.unplaced()
    if not records.rrsets:
        raise ZoneError(source, "holds no record", "Begin it with an SOA and an NS record.")
    rrsets = tuple(found.rrset() for found in records.rrsets.values())
    return Reading(apex, rrsets, records.left_out)


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
    reader = Reader(lines, records)
    # The reader skips records outside its zone without a word; below the root there are none.
    reader.zone_origin = dns.name.root
    try:
        reader.read()
    except dns.exception.DNSException as wrong:
        raise_interrupt(wrong)
        said = _said(wrong)
        if said is not None:
            raise said from None
        # of a file of which nothing could be read, nothing is told: it may be anything
        raise _explained(wrong, lines) if records.rrsets else _strange(lines) from wrong


def _said(wrong: BaseException) -> ZoneError | None:
    """What was said while a value was read, and dnspython took for a mistake in its words."""
    cause = wrong.__cause__ or wrong.__context__
    return cause if cause is None or isinstance(cause, ZoneError) else _said(cause)


def _without(text: str, line: int) -> str:
    """The text with one line emptied, or nothing where that would only lead to more mistakes."""
    rows = text.splitlines()
    bad = rows[line - 1] if line <= len(rows) else ""
    if not bad.strip() or any(sign in bad for sign in '("$') or "SOA" in bad.upper():
        return ""
    rows[line - 1] = ""
    return "\n".join(rows) + "\n"


@dataclass(slots=True)
class _Collected:
    name: Name
    type: RdataType
    ttl: int
    values: list[Rdata] = field(default_factory=list)

    def rrset(self) -> RRset:
        return RRset(self.name, self.type, self.ttl, tuple(self.values))


def _title(found: _Collected) -> str:
    return f"{found.name} {dns.rdatatype.to_text(found.type)}"


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

    def unplaced(self) -> ZoneError:
        """What to say where nothing tells which zone it is."""
        rule, remedy = "does not say which zone it is", "Begin it with `$ORIGIN example.com.`"
        return ZoneError(self._source, rule, f"{remedy} or name the origin.")

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
        if origin is UNKNOWN and not token.value.endswith("."):
            raise self.unplaced()
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

    def __init__(self, origin: Name | None, lines: _Lines) -> None:
        self.manager = self
        self.rrsets: dict[tuple[Labels, RdataType], _Collected] = {}
        self.left_out: Counter[RdataType] = Counter()
        self._first: Name | None = None  # $ORIGIN
        self._given = origin
        self._apex: Labels = ()
        self._lines = lines
        self._begin(origin)

    @property
    def origin(self) -> Name | None:
        """The apex, as far as it is known."""
        return self._given or self._first

    def _begin(self, origin: Name | None) -> None:
        self._given = origin
        self._apex = () if origin is None else folded(origin)
        for each in self.rrsets.values():
            self._check_place(each.name, partial(_title, each))

    def _check_place(self, name: Name, where: Callable[[], str]) -> None:
        if self._apex and folded(name)[-len(self._apex) :] != self._apex:
            raise ZoneError(
                where(), f"lies outside the zone {self._given}", "Load it with its own zone."
            )

    def origin_information(self) -> tuple[Name, bool, Name]:
        origin = self._given or UNKNOWN
        return origin, False, origin

    def check_put_rdataset(self, check: Callable[..., None]) -> None:
        """Take dnspython's own check and leave it: `Zone` checks all records together."""

    def _set_origin(self, origin: Name) -> None:
        """`$ORIGIN` moves the reader's current origin; the apex stays."""
        self._first = self._first or origin

    def add(self, name: Name, ttl: int, rdata: Rdata) -> None:
        kind = rdata.rdtype

        def where() -> str:
            return f"{self._lines.place}: {name} {dns.rdatatype.to_text(kind)}"

        check_ttl(ttl, where)
        if name is UNKNOWN:
            raise self._lines.unplaced()
        if self._given is None and kind is RdataType.SOA:
            self._begin(name)
        self._check_place(name, where)
        if kind in LEFT_OUT:
            self.left_out[kind] += 1
            return
        owner = folded(name)
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


def _strange(lines: _Lines) -> ZoneError:
    rule = "is not a record, and nothing before it is"
    return ZoneError(lines.place, rule, "Name a master file, or one of the AWS CLI's JSON.")


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
