"""What changes for whom between two zones."""

import json
from ipaddress import ip_network
from itertools import product

import pytest
from dns.name import Name
from dns.rdatatype import RdataType
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lab_engine.authority.geo import Atlas, Place, Point
from lab_engine.authority.plan import alike, replies
from lab_engine.authority.policies import (
    CidrLocation,
    Failover,
    Geolocation,
    IpBased,
    Multivalue,
    Weighted,
)
from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.review.diff import diff
from lab_engine.review.touched import keys
from tests.counts import LONG

ANYBODY = Client.at("203.0.113.1")


def member(index, policy, check="", ttl=60):
    return RecordSet.of(
        "www",
        "A",
        f"192.0.2.{index}",
        ttl,
        policy=policy,
        set_identifier=f"set-{index}",
        health_check_id=check,
    )


def plain(*values, name="www", ttl=60):
    return RecordSet.of(name, "A", values, ttl)


def weights(*numbers, ttl=60):
    return [member(i, Weighted(number), "", ttl) for i, number in enumerate(numbers, 1)]


def compared(before, after, state=None):
    return diff(Zone.of("shop.example", before), Zone.of("shop.example", after), state)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ((70, 30), (60, 40), 0.1),
        ((1, 1), (1, 0), 0.5),
        ((0, 1), (1, 0), 1.0),
        ((1, 1, 1, 1), (1, 1, 2, 4), 0.25),
    ],
)
def test_the_share_that_changes_is_the_distance_of_the_distributions(before, after, share):
    """Worked out by hand: half the sum of what each outcome gains or loses."""
    (found,) = compared(weights(*before), weights(*after))

    assert found.share == pytest.approx(share)
    assert (found.who, found.change) == (("everywhere",), "changes")


@pytest.mark.slow
@given(
    st.lists(st.integers(1, 255), min_size=2, max_size=5),
    st.lists(st.integers(1, 255), min_size=2, max_size=5),
)
def test_the_distance_is_symmetric_and_zero_only_for_equals(before, after):
    there = compared(weights(*before), weights(*after))
    back = compared(weights(*after), weights(*before))

    assert [each.share for each in there] == [each.share for each in back]
    assert all(0 < each.share <= 1 for each in there)
    assert compared(weights(*before), weights(*before)) == ()


def test_order_and_scale_of_weights_change_nothing():
    assert compared(weights(1, 3), [member(2, Weighted(6)), member(1, Weighted(2))]) == ()
    assert compared([plain("192.0.2.1", "192.0.2.2")], [plain("192.0.2.2", "192.0.2.1")]) == ()


def test_a_ttl_changes_without_any_share():
    (found,) = compared([plain("192.0.2.1")], [plain("192.0.2.1", ttl=30)])

    assert (found.share, found.before.ttls, found.after.ttls) == (0, (60,), (30,))
    assert "TTL 60 s -> 30 s" in str(found)


def test_names_come_and_go():
    appears, disappears = compared(
        [plain("192.0.2.1", name="old")], [plain("192.0.2.1", name="new")]
    )

    assert (appears.name, appears.change) == ("new.shop.example.", "appears")
    assert (disappears.name, disappears.change) == ("old.shop.example.", "disappears")
    assert {appears.share, disappears.share} == {1.0}
    assert "100 % ->     0 %  192.0.2.1" in str(disappears)
    assert "0 % ->   100 %  NXDOMAIN" in str(disappears)


def test_a_name_that_a_wildcard_answered_appears_without_a_change_of_answers():
    star = plain("192.0.2.1", name="*")

    found, below = compared([star], [star, plain("192.0.2.1")])
    assert (found.change, found.share) == ("appears", 0)
    assert (below.name, str(below.after.shares[0][0])) == ("*.www.shop.example.", "NXDOMAIN")


def test_places_are_told_apart_and_those_alike_stand_together():
    base = [member(1, Geolocation("EU")), member(2, Geolocation("", "*"))]
    (found,) = compared(base, [*base, member(3, Geolocation("", "FR"))])

    assert (found.who, found.share) == (("EU-FR",), 1)
    (found,) = compared(base, [base[0], member(4, Geolocation("", "*"))])
    assert "everywhere else" in found.who
    assert "NA-US-CA" in found.who
    assert not {"EU-FR", "EU-DE", "EU-GB"} & set(found.who)


def test_without_a_default_some_get_no_answer():
    base = [member(1, Geolocation("EU"))]
    (found,) = compared([*base, member(2, Geolocation("", "*"))], base)

    assert "NODATA" in str(found)
    assert "TTL 60 s -> 900 s" in str(found)


def test_blocks_of_ip_based_routing_are_places_too():
    def office(value):
        block = CidrLocation("c1", "office", (ip_network("10.1.0.0/16"),))
        return [member(value, IpBased(block)), member(9, IpBased(CidrLocation("c1", "*")))]

    (found,) = compared(office(1), office(2))
    assert found.who == ("10.1.0.0/16",)


def test_another_atlas_has_other_places():
    state = State(
        atlas=Atlas(
            {
                "10.0.0.0/8": Place("FR", "EU", "", Point(48.9, 2.4)),
                "11.0.0.0/8": Place("FR", "EU", "", Point(43.3, 5.4)),
                "2001:db8::/32": Place("JP", "AS"),
            }
        )
    )
    base = [member(2, Geolocation("", "*"))]
    found = compared(
        base, [*base, member(1, Geolocation("EU")), member(3, Geolocation("AS"))], state
    )

    assert [each.who for each in found] == [("EU-FR", "EU-FR at 43.3, 5.4"), ("AS-JP",)]


def test_health_is_that_of_the_state():
    before = [member(1, Failover("PRIMARY"), "hc"), member(2, Failover("SECONDARY"))]
    after = [member(1, Failover("PRIMARY"), "hc"), member(3, Failover("SECONDARY"))]

    assert compared(before, after) == ()
    (found,) = compared(before, after, State().with_unhealthy("hc"))
    assert found.share == 1


def test_a_sample_is_another_outcome():
    (found,) = compared(
        [member(i, Multivalue()) for i in range(1, 9)],
        [member(i, Multivalue()) for i in range(1, 10)],
    )

    assert "8 of 192.0.2.1" in str(found)


def test_two_zones_must_be_one():
    with pytest.raises(LabError, match="are not the same zone"):
        diff(Zone.of("a.example", [plain("192.0.2.1")]), Zone.of("b.example", [plain("192.0.2.1")]))


def test_a_difference_is_plain_data_too():
    (found,) = compared(weights(1, 1), weights(1, 3, ttl=30))

    told = found.as_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["name"], told["type"], told["share"]) == ("www.shop.example.", "A", 0.25)
    assert told["before"]["ttls"] == [60]
    assert [each["probability"] for each in told["after"]["replies"]] == [0.25, 0.75]


@pytest.mark.slow
def test_a_large_zone_is_compared_in_seconds():
    """2,000 names asked for a dozen places in two zones."""
    before = [plain("192.0.2.1", name=f"n{i}") for i in range(2_000)]

    (found,) = compared(before, [*before[1:], plain("192.0.2.2", name="n0")])
    assert found.name == "n0.shop.example."


def test_what_lies_behind_a_cname_changes_with_its_target():
    """Whoever asks for the alias's address follows it: no record of its own changes."""
    www = RRset.of("www", "CNAME", "web.shop.example.", 60)

    found = compared([plain("192.0.2.1", name="web"), www], [plain("192.0.2.2", name="web"), www])

    assert [(each.name, each.type) for each in found] == [
        ("web.shop.example.", "A"),
        ("www.shop.example.", "A"),
    ]


def test_a_cname_behind_a_wildcard_changes_with_it():
    """The target is no name of the zone, and answered by a wildcard all the same."""
    www = RRset.of("www", "CNAME", "any.shop.example.", 60)

    found = compared([plain("192.0.2.1", name="*"), www], [plain("192.0.2.2", name="*"), www])

    assert ("www.shop.example.", "A") in [(each.name, each.type) for each in found]


def test_weighted_cnames_that_lead_to_each_other_are_followed_to_an_end():
    """A loop is no reason to go on for ever."""
    loops = [
        RecordSet.of(
            name, "CNAME", f"{to}.shop.example.", policy=Weighted(1), set_identifier=f"{name}-{to}"
        )
        for name in ("a", "b", "c")
        for to in ("a", "b", "c")
    ]

    found = compared([*loops, plain("192.0.2.1")], [*loops, plain("192.0.2.2")])

    assert [each.name for each in found] == ["www.shop.example."]


def test_a_name_that_comes_hides_its_wildcard():
    """RFC 4592 section 2.2.1: `same` has a CAA from then on, and no address any more."""
    wildcard, caa = plain("192.0.2.1", name="*"), RRset.of("same", "CAA", '0 issue "ca.example"')

    found = compared([wildcard], [wildcard, caa])

    lost = next(each for each in found if each.type == "A")
    assert lost.name == "same.shop.example."
    assert [str(outcome) for outcome, _ in lost.after.shares] == ["NODATA"]


def test_a_cname_that_becomes_an_address_loses_what_its_target_held():
    """AAAA came from the target alone."""
    target = [plain("192.0.2.1", name="lb"), RRset.of("lb", "AAAA", "2001:db8::1")]

    found = compared(
        [*target, RRset.of("www", "CNAME", "lb.shop.example.")], [*target, plain("192.0.2.1")]
    )

    assert ("www.shop.example.", "AAAA") in [(each.name, each.type) for each in found]


SOME = st.lists(
    st.sampled_from(
        [
            plain("192.0.2.1", name="a"),
            plain("192.0.2.2", name="a"),
            plain("192.0.2.1", name="*"),
            plain("192.0.2.1", name="b.sub"),
            RRset.of("b", "CNAME", "a.shop.example."),
            RRset.of("c", "CNAME", "b.shop.example."),
            RRset.of("d", "CNAME", "nowhere.shop.example."),
            RecordSet.alias_to("e", "A", "a"),
            RRset.of("nowhere", "TXT", "here"),
            RRset.of("sub", "NS", "ns.example.org."),
        ]
    ),
    max_size=6,
    unique_by=lambda each: each.name,
)


@pytest.mark.slow
@given(SOME, SOME)
def test_no_question_that_is_passed_over_is_answered_otherwise(before, after):
    """Only what may differ is asked: whatever else either zone holds is told the same."""
    one, other = (_loaded(each) for each in (before, after))
    assume(one is not None and other is not None)

    asked = {(str(name), kind) for name, kind in keys(one, other)}

    for name, kind in {(each.name, each.type) for zone in (one, other) for each in zone}:
        if (str(name), kind) not in asked:
            told = [plan(zone, Question(name, kind), ANYBODY) for zone in (one, other)]
            assert alike(*map(replies, told))


def _loaded(sets):
    """The zone; None where an alias or a delegation has nothing to lead to."""
    try:
        return Zone.of("shop.example", [plain("192.0.2.9", name="z"), *sets])
    except LabError:
        return None


def test_a_name_that_only_stands_above_another_hides_its_wildcard_too():
    """RFC 4592 section 2.2.2: `same` holds nothing, exists all the same, and has no address."""
    wildcard, below = plain("192.0.2.1", name="*"), RRset.of("_x.same", "TXT", "here")

    found = compared([wildcard], [wildcard, below])

    lost = {each.name: each.after.shares for each in found if each.type == "A"}
    assert [str(outcome) for outcome, _ in lost["same.shop.example."]] == ["NODATA"]
    assert [str(outcome) for outcome, _ in lost["*.same.shop.example."]] == ["NXDOMAIN"]


def test_names_that_begin_to_exist_without_a_wildcard_lose_nothing():
    """NXDOMAIN or NODATA: nobody had an answer there, and nobody has."""
    other = RRset.of("mail", "MX", "10 mail.shop.example.")

    found = compared([other], [other, plain("192.0.2.1", name="a.b.c")])

    assert [(each.name, each.type, each.change) for each in found] == [
        ("a.b.c.shop.example.", "A", "appears")
    ]


def test_a_cname_to_a_name_that_is_hidden_is_an_outage_of_its_own():
    """`www` leads to a name that the wildcard answered, until something stands below it."""
    wildcard = plain("192.0.2.1", name="*")
    www = RRset.of("www", "CNAME", "lb.shop.example.")

    found = compared([wildcard, www], [wildcard, www, RRset.of("_x.lb", "TXT", "here")])

    assert ("www.shop.example.", "A") in [(each.name, each.type) for each in found]


@pytest.mark.parametrize("kind", ["DNAME", "NS"])
def test_what_is_hidden_by_a_cut_or_a_dname_is_told(kind):
    """All that stands below is gone, and so are the names that nobody wrote down."""
    held = [plain("192.0.2.1", name="a.sub"), plain("192.0.2.2", name="*.sub")]

    found = compared(held, [*held, RRset.of("sub", kind, "other.example.org.")])

    names = {each.name for each in found if each.type == "A"}
    assert {"a.sub.shop.example.", "*.sub.shop.example."} <= names


def test_what_a_dname_leads_to_changes_below_its_owner():
    """`old` has no records of its own below it, and answers what stands below `new`."""
    way = RRset.of("old", "DNAME", "new.shop.example.")

    found = compared(
        [way, plain("192.0.2.1", name="a.new")], [way, plain("192.0.2.2", name="a.new")]
    )

    assert ("a.old.shop.example.", "A") in [(each.name, each.type) for each in found]


LABELS = ("a", "b", "*")
OWNERS = [".".join(path) for depth in (1, 2, 3) for path in product(LABELS, repeat=depth)]
TARGETS = st.sampled_from([*OWNERS[:12], "q", "q.a", "x.example.org."])
SETS = st.lists(
    st.one_of(
        st.builds(
            RRset.of,
            st.sampled_from(OWNERS),
            st.just("A"),
            st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        ),
        st.builds(lambda name: RRset.of(name, "TXT", "here"), st.sampled_from(OWNERS)),
        st.builds(
            RRset.of,
            st.sampled_from(OWNERS[:9]),
            st.sampled_from(["CNAME", "CNAME", "DNAME", "NS"]),
            TARGETS,
        ),
        st.builds(
            lambda name, target: RecordSet.alias_to(name, "A", target),
            st.sampled_from(OWNERS[:9]),
            TARGETS,
        ),
    ),
    max_size=7,
    unique_by=lambda each: (each.name, each.type),
)
ASKED = [".".join(path) for depth in (1, 2, 3) for path in product("ab*q", repeat=depth)]
KINDS = {RdataType.A, RdataType.TXT, RdataType.CNAME}


def standing_for(name, zones):
    """The name itself, or the star that stands for all that no zone holds below a name."""
    above = name
    while not any(zone.node(above) is not None for zone in zones):
        name, above = above, above.parent()
    return name if name == above else Name((b"*", *above.labels))


def outcome(zone, name, kind):
    """What is answered, without what a star and the name it stands for differ in."""
    return tuple(
        (share.reply.rcode, share.reply.answer, share.reply.authority)
        for share in replies(plan(zone, Question(name, kind), ANYBODY))
        if share.reply.answer or not share.reply.authoritative
    )


@pytest.mark.slow
@settings(max_examples=1_000 if LONG else 25)
@given(SETS, SETS, st.booleans())
def test_an_answer_that_changes_is_told(common, more, removed):
    """Every name of up to three labels is asked in both zones: what differs stands in `diff`."""
    kept = {(each.name, each.type) for each in more}
    before = _loaded([each for each in common if (each.name, each.type) not in kept])
    after = _loaded(
        [*common, *(each for each in more if each.name not in {c.name for c in common})]
    )
    assume(before is not None and after is not None)
    zones = (after, before) if removed else (before, after)

    told = {(each.name.lower(), each.type) for each in diff(*zones)}

    for text in ASKED:
        name = Name((*(label.encode() for label in text.split(".")), *before.origin.labels))
        for kind in KINDS & {each.type for zone in zones for each in zone}:
            was, now = (outcome(zone, name, kind) for zone in zones)
            if was != now:
                ways = {str(name), str(standing_for(name, zones))}
                assert told & {(way, kind.name) for way in ways}, (str(name), was, now)
