"""Eight ways out of the apex, asked in packets: what each says, and what a cache makes of it."""

import math

import pytest

from lab_engine import Apex, Clock, LabError, apex, forward, redirected_share, theory
from lab_engine.course.apexgoals import (
    everybody_reaches,
    redirected_within,
    right_then_redirected,
)
from lab_engine.live.apex import (
    ALIAS,
    ALIAS_MODE,
    CDN,
    EDGES,
    FLATTENED,
    MAIL_TTL,
    TYPES,
    WAYS,
    WWW,
)
from lab_engine.live.asking import all_asked, asked
from lab_engine.views.apex import run
from tests.counts import LONG

from .seeds import shifted

EXACT, LETTER = WAYS[:2]
OWN = ("MX", "TXT", "NS", "SOA")
PARIS = "198.18.0.0/24"


def states(told, kinds=TYPES):
    return [told.last(kind).state for kind in kinds]


def test_through_a_cache_that_is_asked_a_first_a_cname_redirects_what_the_zone_has():
    for way in (EXACT, LETTER):
        told = asked(Apex(), way)

        assert states(told, OWN) == ["redirected"] * 4
        assert states(told, ("A", "AAAA", "HTTPS")) == ["right"] * 3
        assert told.clients["mail server"] == (False, "CDN")


def test_in_the_other_order_nothing_is_redirected_until_it_expires():
    """MX and TXT live for 120 s, NS and SOA longer, the CNAME for 300 s."""
    scenario = Apex(first="MX", second="TXT").set("again", 0)
    early = asked(scenario.set("own_ttl", 3600))
    late = asked(scenario.set("own_ttl", 3600).set("again", 120))

    assert states(early, ("MX", "TXT")) == ["right"] * 2
    assert states(late, ("MX", "TXT", "NS")) == ["redirected"] * 3
    assert [step.state for step in late.steps if step.kind == "MX"] == ["right", "redirected"]


def test_the_authority_itself_looks_fine_by_one_reading_and_not_by_the_other():
    direct = Apex(through=False)

    assert states(asked(direct, EXACT), OWN) == ["right"] * 4
    assert states(asked(direct, LETTER), OWN) == ["redirected"] * 4


@pytest.mark.parametrize("way", [ALIAS, *FLATTENED, WWW])
@pytest.mark.parametrize("first", ["A", "MX"])
def test_the_other_ways_leave_the_rest_of_the_zone_alone(way, first):
    told = asked(Apex(first=first, again=150), way)

    assert states(told, OWN) == ["right"] * 4
    assert states(told, ("A", "AAAA")) == ["right"] * 2


@pytest.mark.parametrize("way", WAYS[2:])
def test_none_of_them_has_a_cname_on_the_wire(way):
    """Folklore has it that an ALIAS behaves like a CNAME there."""
    answer = apex(way).ask("shop.example").response.answer

    assert {rrset.rdtype.name for rrset in answer} <= {"A"}


def test_an_https_alias_alone_reaches_only_those_who_follow_it():
    clients = asked(Apex(), ALIAS_MODE).clients

    assert clients["browser"] == (True, "Tokyo")
    assert clients["curl"] == (False, "")
    assert clients["mail server"][0]


def test_a_redirect_reaches_browsers_and_needs_an_option_of_curl():
    clients = asked(Apex(), WWW).clients

    assert clients["browser"] == (True, "by redirect")
    assert clients["curl"] == (False, "needs -L")


@pytest.mark.parametrize("way", FLATTENED)
@pytest.mark.parametrize("place", EDGES)
def test_the_flatteners_place_decides_where_a_visitor_in_tokyo_goes(way, place):
    assert asked(Apex(place=place), way).last("A").note == place
    assert asked(Apex(place=place, passes=True), way).last("A").note == "Tokyo"


def test_a_flattener_that_passes_the_network_on_says_for_whom_its_answer_is():
    """Else a cache would keep Tokyo's answer for everybody."""
    way = apex("Cloudflare flattening", passes=True)
    with forward(way, ecs=24, clock=Clock()) as cache:
        answers = [
            cache.ask("shop.example", subnet=subnet).values
            for subnet in (EDGES["Tokyo"].network, EDGES["Frankfurt"].network)
        ]

    assert answers == [("192.0.2.81",), ("192.0.2.49",)]


@pytest.mark.parametrize(
    ("way", "own", "target", "ttl"),
    [
        ("Cloudflare flattening", 30, 60, 30),
        ("Cloudflare flattening", 300, 60, 60),
        ("NS1 ALIAS", 30, 60, 30),
        ("PowerDNS ALIAS", 30, 60, 60),
        ("PowerDNS ALIAS", 300, 60, 60),
        (ALIAS, 30, 300, 60),
        (EXACT, 30, 60, 30),
        (WWW, 30, 60, 30),
        (ALIAS_MODE, 30, 60, None),
    ],
)
def test_whose_ttl_a_visitor_gets(way, own, target, ttl):
    """The lesser, the target's, or that of AWS: 60 s."""
    assert asked(Apex(own_ttl=own, target_ttl=target), way).ttl == ttl


def test_every_way_can_be_asked_over_sockets():
    from lab_engine.wire.transport import sockets

    with apex(EXACT, transport=sockets) as way:
        assert way.ask("shop.example", "MX").values == ("10 mail.shop.example.",)
        assert way.ask(CDN).values == ("192.0.2.1",)
        assert len(way.log) == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("CNAME",), "CNAME: is no way out. Choose of CNAME, exact type first"),
        (("NS1 ALIAS", "Mars"), "Mars: is no place of a flattener"),
    ],
)
def test_what_is_none_is_said_with_what_there_is(arguments, why):
    way, *place = arguments

    with pytest.raises(LabError, match=why):
        apex(way, **({"place": place[0]} if place else {}))


def test_a_bad_ttl_is_refused():
    with pytest.raises(LabError, match="a TTL lies between 0"):
        apex(EXACT, own_ttl=-1)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "moved",
    [
        {"place": "Tokyo"},
        {"place": "Frankfurt", "passes": True},
        {"own_ttl": 20},
        {"target_ttl": 600, "again": 120},
        {"first": "MX", "second": "HTTPS", "through": False},
    ],
)
def test_what_a_way_never_meets_changes_nothing_of_it(way, moved):
    """So nobody has to ask again."""
    scenario = Apex(**moved, way=way)
    whole, less = asked(scenario, way), asked(scenario.met_by(way), way)

    assert [str(each.exchange.answer) for each in less.steps] == [
        str(each.exchange.answer) for each in whole.steps
    ]
    assert (less.ttl, less.clients) == (whole.ttl, whole.clients)


def test_a_move_asks_again_only_those_whom_it_reaches():
    """The flattener's place concerns the flatteners."""
    before, after = all_asked(Apex()), all_asked(Apex(place="Tokyo"))
    anew = [new.way for old, new in zip(before, after, strict=True) if new is not old]

    assert anew == list(FLATTENED)


def test_the_way_that_is_chosen_is_one_of_those_compared():
    with pytest.raises(LabError, match="PowerDNS ALIAS: is no way that is compared here"):
        Apex(way="PowerDNS ALIAS", ways=WAYS[:2])


def test_all_ways_are_asked_alike():
    told = all_asked(Apex())

    assert [each.way for each in told] == list(WAYS)
    assert {tuple(step.kind for step in each.steps) for each in told} == {Apex().order}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own_ttl", "others", "rate"),
    [(300, 0.9, 0.1), (300, 0.1, 0.9), (120, 0.5, 0.5), (3600, 0.01, 0.02)],
)
def test_the_law_of_lost_mail_is_what_a_cache_does(own_ttl, others, rate):
    """A cycle's loss lies between C - M and C, so its sd is at most M / 2C, and 4 of both count."""
    cycles = 250 if LONG else 60
    seconds = cycles * (own_ttl + 1 / others)
    scenario = Apex(own_ttl=own_ttl)
    law = theory.redirected_fraction(own_ttl, MAIL_TTL, rate=rate, others=others)
    got = redirected_share({"A": others, "MX": rate}, seconds, scenario=scenario, seed=shifted(5))
    lost, counted = 0.5 * MAIL_TTL / own_ttl / cycles**0.5, 0.5 / (rate * seconds) ** 0.5

    assert abs(got - law) < 4 * math.hypot(lost, counted)


def test_the_rarer_type_is_nearly_always_too_late():
    """One question for MX to nine others: far from the 60 % that the TTLs suggest."""
    law = theory.redirected_fraction(300, 120, rate=0.1, others=0.9)
    busy = theory.redirected_fraction(300, 120, rate=100, others=900)
    quiet = theory.redirected_fraction(300, 120, rate=1e-4, others=1e-4)

    assert round(law, 3) == 0.957
    assert quiet < 0.05
    assert busy == pytest.approx(1 - 0.1 * 120 / 300, abs=1e-4)


def test_rates_that_are_none():
    with pytest.raises(LabError, match="are no rates of questions"):
        redirected_share({"A": 1}, 10)
    with pytest.raises(LabError, match="are no rates of questions"):
        redirected_share({"A": 0, "MX": 1}, 10)


@pytest.mark.slow
def test_mail_is_lost_with_two_questions_and_not_with_a_way_that_never_had_it():
    """By the letter the authority itself already loses it."""
    assert redirected_within(Apex(), run(Apex()), kind="MX", count=2).reached
    for other in (Apex(first="MX", second="A"), Apex(way=LETTER), Apex(way=ALIAS)):
        assert not redirected_within(other, run(other), kind="MX", count=2).reached


@pytest.mark.slow
def test_a_fault_that_comes_later_is_told_from_one_that_is_there():
    late = Apex(first="MX", second="A", again=120)

    assert right_then_redirected(late, run(late), kind="MX").reached
    for other in (Apex(again=120), Apex(first="MX", again=60), Apex(way=ALIAS, again=120)):
        assert not right_then_redirected(other, run(other), kind="MX").reached


def test_everybody_reaches_tokyo_only_by_a_flattener_near_it():
    """A CNAME that is asked in a lucky order does not count."""
    good = [
        Apex(way="Cloudflare flattening", passes=True),
        Apex(way="PowerDNS ALIAS", place="Tokyo"),
    ]
    bad = [Apex(first="MX", second="A"), Apex(way="NS1 ALIAS"), Apex(way=ALIAS_MODE)]

    assert [everybody_reaches(each, None, place="Tokyo").reached for each in good] == [True, True]
    assert [everybody_reaches(each, None, place="Tokyo").reached for each in bad] == [False] * 3


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("first", "BOGUS", "BOGUS: is no type that is asked for"),
        ("second", "BOGUS", "BOGUS: is no type that is asked for"),
        ("again", -5, "again -5: is not a whole number"),
        ("own_ttl", 2**31, "own_ttl 2147483648: is not a whole number"),
        ("target_ttl", 0.5, "target_ttl 0.5: is not a whole number"),
        ("place", "Mars", "Mars: is no place of a flattener"),
        ("through", 1, "through 1: is no switch"),
        ("passes", "no", "passes 'no': is no switch"),
        ("frist", "A", "frist: can be set nowhere here. Did you mean first"),
    ],
)
def test_what_the_panel_cannot_move_is_refused(path, value, said):
    with pytest.raises(LabError, match=said):
        Apex().set(path, value)
