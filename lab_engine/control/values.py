"""Names and values that Route 53 refuses, in its words.

Who reads a batch finds out whether a name or a value can be read at all; here it is said why not.
The words are those that users of the real service report; those marked unverified follow their
pattern.
"""

import re

from dns.rdatatype import RdataType

from lab_engine.authority.apitext import TEXTS, name_of, value_of
from lab_engine.control.refusal import Fault
from lab_engine.errors import LabError

MAX_STRING = 255  # octets: RFC 1035 section 3.3
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\([0-7]{3}|.)")
_NAMES = (RdataType.CNAME, RdataType.NS, RdataType.PTR)
_ADDRESSES = {RdataType.A: "IPv4", RdataType.AAAA: "IPv6"}
_FIELDS = {RdataType.MX: (2, "Two"), RdataType.SRV: (4, "Four")}
_ADVICE = {
    RdataType.A: "An A record holds one IPv4 address, such as 192.0.2.1.",
    RdataType.AAAA: "An AAAA record holds one IPv6 address, such as 2001:db8::1.",
    RdataType.TXT: 'Write "\\"text\\"" in JSON: quotation marks, 255 characters in each pair.',
    RdataType.MX: "Write the preference and the server, such as 10 mail.example.com.",
    RdataType.SRV: "Write priority, weight, port and target, such as 1 10 5269 xmpp.example.com.",
}
_ADVICE[RdataType.SPF] = _ADVICE[RdataType.TXT]


def is_plain(text: str, allowed: str = "") -> bool:
    """Whether a text has only the characters that Route 53 takes, or these beside them."""
    return _odd_character(text, allowed) is None


def name_fault(text: str) -> Fault | None:
    """Why a text is no domain name; None where it is one."""
    odd = _odd_character(text)
    labels = text.removesuffix(".").split(".")
    long = next((label for label in labels if len(_ESCAPED.sub("x", label)) > 63), None)
    if not text:
        return _fatal("DomainNameEmpty (Domain name is empty)", text, "Give it a name.")
    if odd is not None:
        return _unsupported(odd)
    if "" in labels and text != ".":
        advice = "Leave out the dot too many."
        return _fatal("DomainLabelEmpty (Domain label is empty)", text, advice)
    if long is not None:
        advice = "A label has 1 to 63 octets."
        return _fatal("DomainLabelTooLong (Domain label is too long)", long, advice)
    try:
        name_of(text)
    except LabError as wrong:  # unverified: a name over 255 octets, and a bad escape
        return _fatal(f"DomainNameInvalid ({_sentence(wrong.rule)})", text, wrong.remedy)
    return None


def value_fault(kind: RdataType, text: str) -> Fault | None:
    """Why a text is no value of its type; None where it is one."""
    odd = _odd_character(text, allowed=" ")
    reason = _reason(kind, text)
    if odd is None and reason is None:
        return None
    if odd is not None:
        found = _unsupported(odd)
    elif kind in _NAMES and " " not in text and (named := name_fault(text)) is not None:
        found = named
    else:
        advice = _ADVICE.get(kind, "Write it as the guide has it for this type.")
        found = _fatal(_misfit(kind, text) or _unknown(kind, reason), text, advice)
    return Fault(f"Invalid Resource Record: '{found.text}'", found.help)


def duplicate_fault(text: str) -> Fault:
    """Of a value that stands twice in one record set."""
    # unverified: how the value is shown
    return Fault(f"Duplicate Resource Record: '{text}'", "Give each value once.")


def _misfit(kind: RdataType, text: str) -> str | None:
    """The code and the words for a value that does not fit its type; None where none is known."""
    fields = len(text.split())
    shown = RdataType.to_text(kind)
    if (kind in _ADDRESSES or kind in _NAMES) and fields > 1:
        return f"{shown}RRDATANotSingleField (Value contains spaces)"  # unverified but for A
    if kind in _ADDRESSES:
        version = _ADDRESSES[kind]
        return f"{shown}RRDATAIllegal{version}Address (Value is not a valid {version} address)"
    if kind in TEXTS:
        return _misquoted(text)
    number, word = _FIELDS.get(kind, (fields, ""))
    if fields != number:
        return f"{shown}RRDATANot{word}Fields ({shown} record doesn't have {number} fields)"
    return None


def _misquoted(text: str) -> str | None:
    strings = _STRING.findall(text)
    if not strings or _STRING.sub("", text).strip():
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    if any(len(_ESCAPED.sub("x", string)) > MAX_STRING for string in strings):
        return "CharacterStringTooLong (Value is too long)"  # TXTRDATATooLong until about 2017
    return None


def _reason(kind: RdataType, text: str) -> str | None:
    """What a reader has against a value."""
    try:
        value_of(kind, text)
    except LabError as wrong:
        return wrong.rule
    return None


def _unknown(kind: RdataType, reason: str | None) -> str:
    # unverified: the reader's own words behind a code that follows the pattern
    return f"{RdataType.to_text(kind)}RRDATAInvalid ({_sentence(reason or 'is not a value')})"


def _odd_character(text: str, allowed: str = "") -> str | None:
    return next((c for c in text if c not in allowed and not "!" <= c <= "~"), None)


def _unsupported(character: str) -> Fault:
    what = "UnsupportedCharacter (Value contains unsupported characters)"
    advice = "Write letters, digits and signs; any other octet as three octal digits, as in \\040."
    return _fatal(what, character, advice)


def _fatal(what: str, text: str, advice: str) -> Fault:
    return Fault(f"FATAL problem: {what} encountered with '{text}'", advice)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")
