r"""Names and values as the texts of Route 53's API, which are no master-file text.

In a value `;` begins no comment, `@` is no origin, parentheses join no lines and `\#` begins no
octets: all of them may stand in a name (the API reference, "DNS domain name format"). Octets are
escaped in octal (`\052` is an asterisk) where master files use decimal, every name is absolute,
times are seconds without units, and TXT strings want quotation marks. dnspython reads master files,
so what would be syntax there is escaped before it sees it.
"""

import re
from collections.abc import Callable, Mapping

import dns.exception
import dns.name
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from lab_engine.authority.records import as_name, as_rdata
from lab_engine.errors import ZoneError

TEXTS = (RdataType.TXT, RdataType.SPF)
QUOTING = (*TEXTS, RdataType.CAA, RdataType.NAPTR, RdataType.SVCB, RdataType.HTTPS)
"""Types some of whose fields may be in quotation marks."""
ADDRESSES: Mapping[RdataType, Callable[..., Rdata]] = {RdataType.A: A, RdataType.AAAA: AAAA}
"""How addresses are made without a reader of master files."""
_OCTAL = re.compile(r"\\([0-3][0-7]{2}|[0-9]{1,3}|.)", re.DOTALL)
_DECIMAL = re.compile(r"\\([0-9]{3}|.)")
_STRINGS = re.compile(r'\s*("([^"\\]|\\.)*"\s*)+', re.DOTALL)
_SYNTAX = re.compile(r'\\[0-9]{3}|\\[ -~]|[;()@"]')
_SYNTAX_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*"|\\[0-9]{3}|\\[ -~]|[;()@]', re.DOTALL)


def name_of(text: str) -> Name:
    """The name that a text stands for. Raises LabError where it is none."""
    return as_name(r"\064" if text == "@" else decimal_escapes(text) if text else ".")


def value_of(kind: RdataType, text: str) -> Rdata:
    """The value that a text stands for, its names absolute. Raises LabError for a bad one."""
    if kind in ADDRESSES:
        return _address(kind, text)
    if kind in TEXTS and not _STRINGS.fullmatch(text):
        raise ZoneError(text, "is not enclosed in quotation marks", 'Write it as "\\"text\\"".')
    if kind is RdataType.SOA and not all(map(str.isdecimal, text.split()[2:])):
        raise _no_value(kind, text, "has a time that is no whole number of seconds")
    try:
        return as_rdata(kind, _master_form(kind, decimal_escapes(text)), dns.name.root)
    except ZoneError as wrong:
        raise _no_value(kind, text, wrong.rule) from wrong


def text_of(value: Rdata) -> str:
    """A value as Route 53 writes one: in master-file form, with octal escapes."""

    def one(found: re.Match[str]) -> str:
        return f"\\{int(found[1]):03o}" if found[1].isdigit() and len(found[1]) > 1 else found[0]

    return _DECIMAL.sub(one, value.to_text())


def decimal_escapes(text: str) -> str:
    r"""Route 53's octal escapes as the decimal ones of master files: `\052` becomes `\042`.

    Raises ZoneError for an escape that is not octal.
    """

    def one(found: re.Match[str]) -> str:
        escape = found[1]
        if not escape[0].isdigit():
            return found[0]
        if len(escape) < 3 or not set(escape) <= set("01234567") or escape[0] > "3":
            raise ZoneError(
                text, f"has the escape {found[0]}", "Write three octal digits, 000 to 377."
            )
        return f"\\{int(escape, 8):03d}"

    return _OCTAL.sub(one, text)


def _address(kind: RdataType, text: str) -> Rdata:
    try:
        return ADDRESSES[kind](IN, kind, text)
    except (dns.exception.DNSException, ValueError) as wrong:
        raise _no_value(kind, text, "is not a value of that type") from wrong


def _no_value(kind: RdataType, text: str, rule: str) -> ZoneError:
    remedy = "Write it as Route 53's guide has it for this type."
    return ZoneError(f"{RdataType.to_text(kind)} {text}", rule, remedy)


def _master_form(kind: RdataType, text: str) -> str:
    """The same value for a reader of master files: what is syntax for it is escaped."""

    def one(found: re.Match[str]) -> str:
        piece = found[0]
        if piece[0] == '"' != piece or piece[1:].isdigit():  # a string, or escaped already
            return piece
        return f"\\{ord(piece[-1]):03d}"

    return (_SYNTAX_OUTSIDE if kind in QUOTING else _SYNTAX).sub(one, text)
