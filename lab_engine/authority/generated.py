"""dnspython's reader of master files, with `$GENERATE` as BIND's manual has it.

TTL and class come in either order, and a right side of several words stands in quotation marks.
What it would make is counted before anything is made: one line may say a billion.
"""

from typing import Any

import dns.exception
import dns.grange
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.ttl
import dns.zonefile
from dns.rdataclass import IN, RdataClass
from dns.rdatatype import RdataType

from lab_engine.authority import obsolete
from lab_engine.errors import ZoneError, raise_interrupt

MAX_GENERATED = 100_000  # records of one file; a reverse zone of a /16 has 65,536


class Reader(dns.zonefile.Reader):
    """Reads into what is told of each record.

    Args:
        lines: a tokenizer that knows its `place`.
        records: what stands for dnspython's transaction.
    """

    def __init__(self, lines: Any, records: Any) -> None:
        obsolete.known()
        super().__init__(lines, IN, records)
        # The reader skips records outside its zone without a word; below the root there are none.
        self.zone_origin = dns.name.root
        self._made = 0

    def _generate_line(self) -> None:
        numbers = self._numbers(self._word("a range"))
        owner = self._word("a left side")
        ttl, word = self._lifetime(self._word("a type"))
        try:
            rdtype = dns.rdatatype.from_text(word)
        except (dns.exception.DNSException, ValueError) as wrong:
            raise _wrong(f"unknown rdatatype '{word}'") from wrong
        value = self._right_side()
        for number in numbers:
            # the names are read by the tokenizer, which knows whether there is an origin
            token = dns.tokenizer.Token(dns.tokenizer.IDENTIFIER, _filled(owner, number))
            self.last_name = self.tok.as_name(token, self.current_origin)
            self.txn.add(self.last_name, ttl, self._rdata(rdtype, _filled(value, number)))

    def _word(self, what: str) -> str:
        token = self.tok.get()
        if not token.is_identifier():
            raise _wrong(f"$GENERATE lacks {what}")
        return str(token.value)

    def _numbers(self, text: str) -> range:
        try:
            start, stop, step = dns.grange.from_text(text)
        except (dns.exception.DNSException, ValueError, AssertionError) as wrong:
            raise _wrong(f"{text[:40]} is no range such as 1-10/2") from wrong
        numbers = range(start, stop + 1, step)
        self._made += (stop - start) // step + 1
        if self._made > MAX_GENERATED:
            rule = f"makes {self._made:,} records, and {MAX_GENERATED:,} are the most of a file"
            remedy = "Generate fewer, or use a wildcard."
            raise ZoneError(f"{self.tok.place}: $GENERATE", rule, remedy)  # type: ignore[attr-defined]
        return numbers

    def _lifetime(self, word: str) -> tuple[int, str]:
        """The TTL, told or not, before or behind the class; and the word that comes next."""
        ttl: int | None = None
        rdclass: RdataClass | None = None
        for _ in range(2):
            before = ttl, rdclass
            ttl = _ttl(word) if ttl is None else ttl
            rdclass = _class(word) if rdclass is None and before == (ttl, rdclass) else rdclass
            if before != (ttl, rdclass):
                word = self._word("a type")
        if rdclass not in (None, IN):
            raise _wrong("RR class is not zone's class")
        if ttl is not None:
            self.last_ttl, self.last_ttl_known = ttl, True
            return ttl, word
        ttl = self._implicit_ttl()
        if ttl is None:
            raise _wrong("Missing default TTL value")
        return ttl, word

    def _right_side(self) -> str:
        """One word, or several in quotation marks, which are taken off."""
        token = self.tok.get()
        if token.is_eol_or_eof():
            raise _wrong("$GENERATE lacks a right side")
        if not self.tok.get().is_eol_or_eof():
            rule = "what $GENERATE makes of several words stands in quotation marks"
            raise _wrong(rule)
        text = str(token.value)
        return text.replace('\\"', '"') if token.is_quoted_string() else text

    def _rdata(self, rdtype: RdataType, text: str) -> dns.rdata.Rdata:
        try:
            return dns.rdata.from_text(IN, rdtype, text, self.current_origin, relativize=False)
        except (dns.exception.DNSException, ValueError) as wrong:
            raise_interrupt(wrong)
            rule = f"{text[:60]} is no value of type {dns.rdatatype.to_text(rdtype)}"
            raise _wrong(rule) from wrong


def _wrong(what: str) -> dns.exception.SyntaxError:
    return dns.exception.SyntaxError(what)  # type: ignore[no-untyped-call]


def _filled(template: str, number: int) -> str:
    """The template with a number in the place of each `$`."""
    return dns.zonefile._generate_text(template, number)  # noqa: SLF001


def _ttl(word: str) -> int | None:
    try:
        return dns.ttl.from_text(word)
    except dns.ttl.BadTTL:
        return None


def _class(word: str) -> RdataClass | None:
    try:
        return dns.rdataclass.from_text(word)
    except (dns.exception.DNSException, ValueError):
        return None
