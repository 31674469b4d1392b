"""The cache drawer as data: what one cache holds, which row answered, and blocks within blocks."""

import json
from html import unescape
from random import Random
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from lab_engine import Clock, LabError, Question, State, Zone, drawer, forward, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.recordset import RecordSet
from lab_engine.caches.resolver import Resolver
from lab_engine.views.kit.drawer import Drawer, Look, Row, Spot
from lab_engine.views.kit.drawers import look
from lab_engine.wire.transport import InProcess

APEX = Zone.from_text(
    """$ORIGIN shop.example.
@    3600 SOA ns hostmaster 1 7200 900 1209600 60
@    3600 NS  ns
@     300 CNAME cdn
@      30 MX  10 mail
ns   3600 A   192.0.2.53
cdn    20 A   192.0.2.9
mail  300 A   192.0.2.5
never   0 A   192.0.2.6
""",
    forgiving="exact_first",
)
PARIS, LYON = "198.18.1.0/24", "198.18.128.0/20"
GEO = Zone.of(
    "shop.example",
    [
        RecordSet.of(
            "geo", "A", value, 60, policy=Geolocation(CountryCode=code), set_identifier=code
        )
        for code, value in (("FR", "192.0.2.1"), ("DE", "192.0.2.2"), ("*", "192.0.2.3"))
    ],
)
ATLAS = Atlas({"198.18.0.0/16": Place("DE"), PARIS: Place("FR"), LYON: Place("FR")})


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inside(clock):
    """Looking into a cache before the broken apex."""
    with (
        serve(APEX, transport=InProcess) as server,
        forward(server, clock=clock, transport=InProcess) as cache,
    ):
        yield drawer(cache)


def rows(look):
    return {row.spot.label: row for row in look.rows}


def test_an_empty_cache_is_said_to_be_empty(inside):
    assert inside.picture.sentence == "Before the first question. The cache holds nothing."


def test_each_entry_is_a_row_with_the_ttl_that_is_left(inside, clock):
    inside.ask("shop.example", "MX")
    clock.wait(10)
    inside.ask("cdn.shop.example", "A")
    held = rows(inside.picture.looks[-1])

    assert {label: (row.value, row.left, row.life) for label, row in held.items()} == {
        "shop.example. MX": ("10 mail.shop.example.", 20, 30),
        "cdn.shop.example. A": ("192.0.2.9", 20, 20),
    }


def test_the_row_that_answered_is_marked_and_named(inside):
    for _ in range(2):
        inside.ask("shop.example", "MX")
    first, second = inside.picture.looks[1:]

    assert first.rows[0].mark == "new"
    assert first.said == "shop.example. MX? No row answers: upstream was asked, and 1 row is new."
    assert second.rows[0].mark == "answered"
    assert second.said == "shop.example. MX? The row shop.example. MX answers."


def test_a_held_cname_is_the_row_that_answers_every_other_type(inside):
    inside.ask("shop.example", "A")
    got = inside.ask("shop.example", "MX")
    held = rows(inside.picture.looks[-1])

    assert got.values == ()
    assert held["shop.example. CNAME"].mark == "answered"
    assert held["cdn.shop.example. MX"].value == "no such record"
    assert "shop.example. MX" not in held
    assert inside.picture.looks[-1].said == (
        "shop.example. MX? The row shop.example. CNAME answers; "
        "where that leads, upstream was asked, and 1 row is new."
    )


def test_what_a_cname_and_its_target_say_together_is_no_row_of_its_own(inside):
    """The second question for MX is answered by both rows."""
    for kind in ("A", "MX", "MX"):
        inside.ask("shop.example", kind)

    assert inside.picture.looks[-1].said == (
        "shop.example. MX? The rows shop.example. CNAME and cdn.shop.example. MX answer."
    )
    assert inside.picture.looks[-1].rows[0].mark == "answered"


def test_an_answer_that_came_with_its_cname_is_a_row(inside):
    """The authority sent both at once; of the target alone nothing is held."""
    inside.ask("shop.example", "A")
    held = rows(inside.picture.looks[-1])

    assert held["shop.example. A"].value == "192.0.2.9 (by CNAME: cdn.shop.example.)"


def test_negative_entries_are_told_from_others(inside):
    inside.ask("gone.shop.example")
    inside.ask("mail.shop.example", "TXT")
    held = rows(inside.picture.looks[-1])

    assert [(row.value, row.negative) for row in held.values()] == [
        ("no such name", True),
        ("no such record", True),
    ]


def test_a_failure_is_an_entry_for_a_while(clock):
    resolver = Resolver(lambda question, now: None, Random(1), "unbound")
    inside = drawer(resolver)
    inside.resolve(Question.of("shop.example"), 0)
    (row,) = inside.picture.looks[-1].rows

    assert (row.value, row.negative) == ("a failure: SERVFAIL", True)
    assert row.left == resolver.profile.failure


def test_what_may_not_be_kept_is_no_row(inside):
    inside.ask("never.shop.example")

    assert inside.picture.looks[-1].rows == ()
    assert inside.picture.looks[-1].said.endswith("upstream was asked, and nothing may be kept.")


def test_what_has_expired_is_gone(inside, clock):
    inside.ask("cdn.shop.example")
    clock.wait(20)

    assert look(inside._forwarder).rows == ()


def test_scopes_are_blocks_within_the_block_of_their_key():
    spots = [Spot("geo.", "A", network) for network in ("198.18.1.0/24", "198.18.0.0/16", "")]
    other = Spot("geo.", "A", "198.19.0.0/16")
    picture = Drawer("", (Look("", tuple(Row(spot, "x", 1, 1) for spot in (*spots, other))),))

    assert picture.spots == (spots[2], spots[1], spots[0], other)
    assert [picture.depth(spot) for spot in picture.spots] == [0, 1, 2, 1]


def test_a_block_without_an_entry_of_its_own_still_frames_those_inside():
    """Kept for a /24 only: the key has no entry for everybody."""
    spot = Spot("geo.", "A", "198.18.1.0/24")
    picture = Drawer("", (Look("", (Row(spot, "192.0.2.1", 5, 60),)),))
    shown = list(picture.shown(picture.looks[0]))

    assert [(each.label, row is not None) for each, row in shown] == [
        ("geo. A", False),
        ("for 198.18.1.0/24", True),
    ]
    assert "geo. A for 198.18.1.0/24: 192.0.2.1, 5 s left" in picture.sentence


def test_a_client_subnet_is_answered_by_the_row_of_its_scope():
    with (
        serve(GEO, state=State(atlas=ATLAS), transport=InProcess) as server,
        forward(server, ecs=24, clock=Clock(), transport=InProcess) as cache,
    ):
        inside = drawer(cache)
        for subnet in (PARIS, "198.18.200.0/24", PARIS):
            inside.ask("geo.shop.example", subnet=subnet)
    last = inside.picture.looks[-1]

    assert [row.mark for row in last.rows if row.spot.network == PARIS] == ["answered"]
    assert last.said == f"geo.shop.example. A? The row geo.shop.example. A for {PARIS} answers."


def test_frames_say_what_rows_hold_and_when(inside, clock):
    inside.ask("shop.example", "MX")
    clock.wait(30)
    inside.ask("gone.shop.example")
    picture = inside.picture
    cell = np.dtype([("value", "<u2"), ("mark", "<u2"), ("left", "<f4"), ("life", "<f4")])
    frames = np.frombuffer(picture.frames(), cell).reshape(len(picture.looks), -1)

    assert frames["value"].tolist() == [[0, 0], [1, 0], [0, 2]]
    assert frames["mark"].tolist() == [[0, 0], [2, 0], [0, 2]]
    assert frames[1, 0]["left"] == 30
    json.dumps(picture.still(), allow_nan=False)


def test_sixty_looks_are_small(inside):
    for index in range(60):
        inside.ask(f"name-{index % 20}.shop.example")

    assert len(inside.picture.frames()) <= 100_000


def test_the_twin_shows_the_last_look_and_its_words(inside):
    inside.ask("shop.example", "A")
    inside.ask("shop.example", "MX")
    texts = [node.text for node in ET.fromstring(inside.picture.svg()).iter() if node.text]

    assert "◀ answered" in texts
    assert any(text.startswith("∅ no such record") for text in texts)
    assert inside.picture.looks[-1].said in texts
    assert inside.picture.sentence in unescape(inside.twin())


def test_a_resolver_has_no_clock_and_nobody_to_ask_over_the_wire():
    resolver = Resolver(lambda question, now: None, Random(1))

    with pytest.raises(LabError, match="has no clock"):
        look(resolver)
    with pytest.raises(LabError, match="nobody to ask over the wire"):
        drawer(resolver).ask("shop.example")
    with pytest.raises(LabError, match="Nothing: has been asked"):
        _ = drawer(resolver).picture
