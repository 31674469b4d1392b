"""The rules of a zone have codes, and both phrase books know them."""

import re
from pathlib import Path

import pytest

import lab_engine
from lab_engine.authority import checks
from lab_engine.authority.policies import Multivalue, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.rules import group_rules, member_rules
from lab_engine.control import words

ROOM = Path(lab_engine.__file__).parent
CODE = re.compile(r'(?:Broken|Clash)\(\s*"([a-z-]+)"(?: if .* else "([a-z-]+)")?')


def codes(room):
    """Every code that a module of a room gives."""
    texts = [path.read_text() for path in (ROOM / room).glob("*.py")]
    return {code for text in texts for found in CODE.findall(text) for code in found if code}


def member(number, ttl=60, policy=None, values="192.0.2.1"):
    return RecordSet.of(
        "w.example.com.",
        "A",
        values,
        ttl,
        policy=policy or Weighted(1),
        set_identifier=f"m{number}",
    )


def test_each_rule_of_a_zone_has_words_for_files():
    found = codes("authority")

    assert len(found) > 20
    assert found <= checks.PHRASES.keys()


def test_each_rule_of_a_change_has_words_of_route_53():
    assert codes("control") <= words.PHRASES.keys()


@pytest.mark.parametrize("book", [checks.PHRASES, words.PHRASES])
def test_no_words_are_left_over(book):
    given = codes("authority") | codes("control")

    assert {code.partition(" ")[0] for code in book} <= given


def test_a_rule_names_its_record_set_and_its_facts():
    odd = member(2, ttl=5)

    (broken,) = group_rules([odd, member(1)], odd)

    assert (broken.code, broken.record_set) == ("ttls-differ", odd)
    assert broken.facts["ttls"] == "5, 60"


def test_a_member_alone_breaks_the_rules_of_its_policy():
    several = member(1, policy=Multivalue(), values=["192.0.2.1", "192.0.2.2"])

    assert [each.code for each in member_rules(several, several.name)] == ["multivalue-values"]
