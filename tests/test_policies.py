"""The tables of the Route 53 guide, policy by policy, read from the plan."""

from ipaddress import ip_network
from random import Random

import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.endpoints import Endpoint
from lab_engine.authority.geo import Atlas, Place, Point, distance_km
from lab_engine.authority.plan import replies
from lab_engine.authority.policies import (
    CidrLocation,
    Failover,
    Geolocation,
    Geoproximity,
    IpBased,
    Latency,
    Multivalue,
    Weighted,
)
from lab_engine.authority.records import Client, Question
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority, plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError, ZoneError

ANYBODY = "192.0.2.200"


def member(index, policy, check="", name="www", ttl=60):
    return RecordSet.of(
        name,
        "A",
        f"192.0.2.{index}",
        ttl,
        policy=policy,
        set_identifier=f"set-{index}",
        health_check_id=check,
    )


def checked(*policies, name="www"):
    """Members from 1 on, each with its health check: hc1, hc2 and so on."""
    return [member(i, policy, f"hc{i}", name) for i, policy in enumerate(policies, 1)]


def zone_of(*record_sets, **options):
    return Zone.of("shop.example", record_sets, **options)


def plan_of(record_sets, client=ANYBODY, down=(), name="www", state=None):
    question = Question.of(f"{name}.shop.example")
    now = (state or State()).with_unhealthy(*down)
    network = ip_network(client, strict=False)
    return plan(zone_of(*record_sets), question, Client(network), now)


def shares(record_sets, client=ANYBODY, down=(), name="www", state=None):
    """The last octets of the first addresses, with their probabilities in percent."""
    found = {}
    for share in replies(plan_of(record_sets, client, down, name, state)):
        key = "+".join(a.rsplit(".", 1)[1] for a in share.reply.addresses) or share.reply.rcode.name
        found[key] = found.get(key, 0) + round(100 * share.probability, 3)
    return found


# Weighted: routing-policy-weighted, and how Route 53 chooses records


def test_weights_are_shares():
    assert shares([member(1, Weighted(50)), member(2, Weighted(30)), member(3, Weighted(20))]) == {
        "1": 50,
        "2": 30,
        "3": 20,
    }


def test_a_zero_among_weights_is_never_answered():
    assert shares([member(1, Weighted(1)), member(2, Weighted(0))]) == {"1": 100}


def test_all_zero_share_equally():
    assert shares([member(i, Weighted(0)) for i in (1, 2, 3, 4)]) == dict.fromkeys("1234", 25)


ONE_ONE_ZERO = (Weighted(1), Weighted(1), Weighted(0))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("UUH", {"3": 100}),
        ("UUU", {"1": 50, "2": 50}),
        ("UHU", {"2": 100}),
        ("HHU", {"1": 50, "2": 50}),
        ("HHH", {"1": 50, "2": 50}),
    ],
)
def test_weight_zero_with_health_checks(states, expected):
    down = [f"hc{i}" for i, state in enumerate(states, 1) if state == "U"]

    assert shares(checked(*ONE_ONE_ZERO), down=down) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [("HH", {"1": 50, "2": 50}), ("UU", {"3": 100}), ("UH", {"2": 100})],
)
def test_weight_zero_without_a_check_is_a_standby(states, expected):
    down = [f"hc{i}" for i, state in enumerate(states, 1) if state == "U"]
    members = [*checked(*ONE_ONE_ZERO[:2]), member(3, Weighted(0))]

    assert shares(members, down=down) == expected


@pytest.mark.slow
@given(st.lists(st.integers(0, 255), min_size=1, max_size=8), st.sets(st.integers(1, 8)))
def test_health_renormalises_the_weights(weights, dead):
    """Choose, and if unhealthy choose again among the rest: the same as choosing among the well."""
    down = {f"hc{i}" for i in dead}
    alive = [i for i in range(1, len(weights) + 1) if i not in dead]
    considered = alive or list(range(1, len(weights) + 1))
    heavy = [i for i in considered if weights[i - 1]] or considered
    total = sum(weights[i - 1] or 1 for i in heavy)
    expected = {str(i): 100 * (weights[i - 1] or 1) / total for i in heavy}

    found = shares(checked(*map(Weighted, weights)), down=down)
    assert found == pytest.approx(expected, abs=0.01)


# Failover


@pytest.mark.parametrize(
    ("states", "expected"), [("HH", "1"), ("HU", "1"), ("UH", "2"), ("UU", "1")]
)
def test_failover(states, expected):
    down = [f"hc{i}" for i, state in enumerate(states, 1) if state == "U"]

    assert shares(checked(Failover("PRIMARY"), Failover("SECONDARY")), down=down) == {expected: 100}


def test_a_secondary_without_a_check_answers_for_a_dead_primary():
    members = [member(1, Failover("PRIMARY"), "hc1"), member(2, Failover("SECONDARY"))]

    assert shares(members, down=["hc1"]) == {"2": 100}


# Geolocation

GEO = (
    Geolocation(CountryCode="US", SubdivisionCode="CA"),
    Geolocation(CountryCode="US"),
    Geolocation(ContinentCode="EU"),
    Geolocation(CountryCode="FR"),
    Geolocation(CountryCode="*"),
)
CALIFORNIA, NEW_YORK, FRANCE, GERMANY, JAPAN = (
    "198.19.1.1",
    "198.19.0.1",
    "198.18.1.1",
    "198.18.0.1",
    "198.18.32.1",
)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (CALIFORNIA, "1"),
        (NEW_YORK, "2"),
        (GERMANY, "3"),
        (FRANCE, "4"),
        (JAPAN, "5"),
        (ANYBODY, "5"),
    ],
)
def test_the_smallest_region_answers(client, expected):
    assert shares(checked(*GEO), client) == {expected: 100}


@pytest.mark.parametrize(
    ("down", "expected"),
    [("1", "2"), ("12", "5"), ("125", "1"), ("5", "1")],
)
def test_an_unhealthy_region_climbs_and_all_unhealthy_returns(down, expected):
    assert shares(checked(*GEO), CALIFORNIA, [f"hc{i}" for i in down]) == {expected: 100}


def test_without_a_default_there_is_no_answer():
    reply = replies(plan_of(checked(*GEO[:4]), JAPAN))[0].reply

    assert (reply.rcode, reply.answer, reply.ttl) == (Rcode.NOERROR, (), 900)


def test_an_american_without_a_known_state_skips_the_states():
    state = State(atlas=Atlas({"192.0.2.0/24": Place("US", "NA")}))

    assert shares(checked(*GEO), ANYBODY, state=state) == {"2": 100}


# Latency and geoproximity


def test_latency_takes_the_nearest_region_then_the_next():
    members = checked(Latency("us-east-1"), Latency("eu-west-1"), Latency("ap-northeast-1"))

    assert shares(members, FRANCE) == {"2": 100}
    assert shares(members, FRANCE, ["hc2"]) == {"1": 100}
    assert shares(members, JAPAN) == {"3": 100}
    assert shares(members, FRANCE, ["hc1", "hc2", "hc3"]) == {"2": 100}


def test_measured_latency_replaces_the_model():
    places = {"192.0.2.0/24": Place("FR", "EU", "", Point(48.9, 2.4))}
    state = State(atlas=Atlas(places, {("FR", "us-east-1"): 1.0}))
    members = checked(Latency("us-east-1"), Latency("eu-west-3"))

    assert shares(members, ANYBODY, state=state) == {"1": 100}


def test_latency_always_answers():
    assert sum(shares(checked(Latency("us-east-1"), Latency("eu-west-1"))).values()) == 100


def near(km, bias=0):
    """A resource so many kilometres east of 0, 0, where the client is."""
    return Geoproximity(Coordinates=Point(0.0, km / 111.19492664), Bias=bias)


AT_ZERO = State(atlas=Atlas({"192.0.2.0/24": Place(point=Point(0.0, 0.0))}))


@pytest.mark.parametrize(
    ("bias_a", "bias_b", "expected"),
    [
        (0, 0, "2"),
        (50, 0, "1"),
        (0, -50, "1"),
        (0, -33, "2"),
        (0, -34, "1"),
        (33, 0, "2"),
        (34, 0, "1"),
    ],
)
def test_bias_stretches_and_shrinks(bias_a, bias_b, expected):
    """The guide's example: A at 150 km with bias 50 counts 75, less than B at 100."""
    members = checked(near(150, bias_a), near(100, bias_b))

    assert shares(members, state=AT_ZERO) == {expected: 100}


def test_an_unhealthy_neighbour_hands_on_to_the_next():
    assert shares(checked(near(150), near(100)), down=["hc2"], state=AT_ZERO) == {"1": 100}


def test_the_great_circle_of_paris_and_new_york():
    assert distance_km(Point(48.8566, 2.3522), Point(40.7128, -74.0060)) == pytest.approx(
        5837, abs=5
    )


# Multivalue


def test_up_to_eight_healthy_values_come_together():
    members = checked(*[Multivalue()] * 8)

    assert shares(members) == {"1+2+3+4+5+6+7+8": 100}
    assert shares(members, down=["hc2", "hc3"]) == {"1+4+5+6+7+8": 100}


@pytest.mark.slow
def test_of_more_than_eight_a_fresh_eight_are_drawn():
    """10 members, 2,000 answers: each present 8 times in 10, within 4 sigma (71.6)."""
    zone = zone_of(*checked(*[Multivalue()] * 10))
    authority = Authority(zone, Random(1))
    question = Question.of("www.shop.example")
    replies = [authority.respond(question, Client.at(ANYBODY)) for _ in range(2_000)]

    assert {len(reply.addresses) for reply in replies} == {8}
    for i in range(1, 11):
        seen = sum(f"192.0.2.{i}" in reply.addresses for reply in replies)
        assert abs(seen - 1_600) <= 4 * (2_000 * 0.8 * 0.2) ** 0.5


def test_when_nobody_is_healthy_up_to_eight_unhealthy_come():
    members = checked(*[Multivalue()] * 3)

    assert shares(members, down=["hc1", "hc2", "hc3"]) == {"1+2+3": 100}


def test_multivalue_has_one_ttl_the_least():
    members = [member(1, Multivalue(), ttl=60), member(2, Multivalue(), ttl=30)]

    assert replies(plan_of(members))[0].reply.ttl == 30


# IP-based


def located(name, *blocks):
    return IpBased(CidrLocation("c1", name, tuple(map(ip_network, blocks))))


BY_IP = (located("office", "10.1.0.0/16"), located("lab", "10.1.2.0/24"), located("*"))


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("10.1.9.9", "1"),
        ("10.1.2.9", "2"),
        ("10.1.2.0/24", "2"),
        ("192.0.2.1", "3"),
        ("10.1.2.0/23", "1"),
    ],
)
def test_the_longest_block_answers(client, expected):
    assert shares(checked(*BY_IP), client) == {expected: 100}


def test_a_query_shorter_than_the_block_gets_the_default():
    """The guide's example: a collection of 2001:db8:0:1234::/48, asked with /32."""
    members = checked(located("v6", "2001:db8::/48"), located("*"))

    assert shares(members, "2001:db8::/32") == {"2": 100}
    assert shares(members, "2001:db8::/48") == {"1": 100}


def test_without_a_default_location_there_is_no_answer():
    assert shares(checked(BY_IP[0]), "192.0.2.1") == {"NOERROR": 100}


def test_an_unhealthy_location_hands_on_to_the_wider_block():
    assert shares(checked(*BY_IP), "10.1.2.9", ["hc2"]) == {"1": 100}
    assert shares(checked(*BY_IP), "10.1.2.9", ["hc1", "hc2"]) == {"3": 100}


# Aliases and trees of them


def alias(index, target, policy=None, check="", *, eth=False, name="www", **more):
    return RecordSet.alias_to(
        name,
        "A",
        target,
        policy=policy,
        set_identifier=f"set-{index}" if policy else "",
        health_check_id=check,
        evaluate_target_health=eth,
        **more,
    )


def test_an_alias_answers_as_its_own_type_with_its_targets_ttl():
    plain = RecordSet.of("origin", "A", "192.0.2.9", 77)
    reply = replies(plan_of([plain, alias(0, "origin")]))[0].reply

    (rrset,) = reply.answer
    assert (str(rrset.name), rrset.ttl, rrset.texts) == ("www.shop.example.", 77, ("192.0.2.9",))


TREE = [
    *[member(i, Weighted(1), f"hc{i}", "eu") for i in (1, 2)],
    *[member(i, Weighted(1), f"hc{i}", "us") for i in (3, 4)],
]


def test_a_branch_with_nobody_healthy_is_backed_out_of():
    tree = [
        *TREE,
        alias(1, "eu", Failover("PRIMARY"), eth=True),
        alias(2, "us", Failover("SECONDARY"), eth=True),
    ]

    assert shares(tree) == {"1": 50, "2": 50}
    assert shares(tree, down=["hc1"]) == {"2": 100}
    assert shares(tree, down=["hc1", "hc2"]) == {"3": 50, "4": 50}
    assert shares(tree, down=["hc1", "hc2", "hc3", "hc4"]) == {"1": 50, "2": 50}


def test_an_alias_that_does_not_evaluate_is_never_left():
    tree = [
        *TREE,
        alias(1, "eu", Failover("PRIMARY")),
        alias(2, "us", Failover("SECONDARY"), eth=True),
    ]

    assert shares(tree, down=["hc1", "hc2"]) == {"1": 50, "2": 50}


def test_own_check_and_target_must_both_pass():
    tree = [
        *TREE,
        alias(1, "eu", Failover("PRIMARY"), "own", eth=True),
        alias(2, "us", Failover("SECONDARY"), eth=True),
    ]

    assert shares(tree, down=["own"]) == {"3": 50, "4": 50}


def test_one_member_without_a_check_keeps_a_branch_alive():
    tree = [
        *TREE,
        member(5, Weighted(0), "", "eu"),
        alias(1, "eu", Failover("PRIMARY"), eth=True),
        alias(2, "us", Failover("SECONDARY"), eth=True),
    ]

    assert shares(tree, down=["hc1", "hc2"]) == {"5": 100}


LB = Endpoint.of("lb-1.eu-west-1.elb.amazonaws.com", "Z32O12XQLNTSW2", ("192.0.2.80", "192.0.2.81"))


def test_an_alias_to_a_load_balancer_follows_its_addresses_and_health():
    members = [
        alias(1, f"{LB.name}", Failover("PRIMARY"), eth=True, hosted_zone_id="Z32O12XQLNTSW2"),
        member(2, Failover("SECONDARY")),
    ]
    well = State(endpoints={LB.name: LB})
    ill = Endpoint.of(str(LB.name), LB.hosted_zone_id, ("192.0.2.80",), healthy=False)

    reply = replies(plan_of(members, state=well))[0].reply
    assert (reply.addresses, reply.ttl) == (("192.0.2.80", "192.0.2.81"), 60)
    assert shares(members, state=State(endpoints={LB.name: ill})) == {"2": 100}


def test_an_endpoint_of_another_hosted_zone_is_not_the_one_meant():
    record = alias(0, f"{LB.name}", hosted_zone_id="Z3NF1Z3NOM5OY2")
    reply = replies(plan_of([record], state=State(endpoints={LB.name: LB})))[0].reply

    assert (reply.rcode, reply.answer) == (Rcode.NOERROR, ())


def test_an_alias_finds_its_target_under_a_wildcard():
    members = [RecordSet.of("*", "A", "192.0.2.1"), alias(0, "a.b.c")]

    assert shares(members) == {"1": 100}


def test_a_wildcard_alias_to_the_apex():
    zone = zone_of(RecordSet.of("@", "A", "192.0.2.7"), alias(0, "@", name="*"))
    reply = replies(plan(zone, Question.of("a.b.shop.example"), Client.at(ANYBODY)))[0].reply

    assert reply.addresses == ("192.0.2.7",)


# Scopes


GDNSD_NETS = State(
    atlas=Atlas(
        {
            "10.0.0.0/8": Place("FR", "EU"),
            "10.1.0.0/16": Place("US", "NA"),
            "198.51.100.0/24": Place("JP", "AS"),
        }
    )
)
TWO = checked(
    Geolocation(CountryCode="FR"), Geolocation(CountryCode="US"), Geolocation(CountryCode="*")
)


@pytest.mark.parametrize(
    ("client", "answer", "scope"),
    [
        ("10.1.2.0/24", "2", 16),
        ("10.9.9.0/24", "1", 13),
        ("10.0.0.0/8", "1", 16),
        ("203.0.113.0/24", "3", 1),
    ],
)
def test_a_scope_is_the_shortest_prefix_that_holds_one_answer(client, answer, scope):
    assert shares(TWO, client, state=GDNSD_NETS) == {answer: 100}
    assert plan_of(TWO, client, state=GDNSD_NETS).scope == scope


def test_a_scope_does_not_depend_on_health_or_draw():
    tree = [
        *[
            member(i, policy, f"hc{i}", "geo")
            for i, policy in enumerate(
                (Geolocation(CountryCode="FR"), Geolocation(CountryCode="*")), 1
            )
        ],
        alias(1, "geo", Weighted(1), "root", eth=True),
        member(3, Weighted(1)),
    ]

    scopes = {
        plan_of(tree, "10.9.9.0/24", down, state=GDNSD_NETS).scope
        for down in ([], ["root"], ["hc1"], ["hc1", "hc2"])
    }
    assert scopes == {13}


@pytest.mark.parametrize(
    "policies",
    [(Weighted(1), Weighted(2)), (Failover("PRIMARY"), Failover("SECONDARY")), (Multivalue(),)],
)
def test_policies_that_ignore_the_client_have_scope_zero(policies):
    assert plan_of(checked(*policies), "10.9.9.0/24").scope == 0


def test_no_answer_has_scope_zero():
    """RFC 7871 section 7.4: negative answers are for everybody."""
    assert plan_of(TWO[:2], "203.0.113.0/24", state=GDNSD_NETS).scope == 0


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_everybody_within_a_scope_gets_the_same_answer(address, offset):
    """The law behind every scope: it is a promise about other clients."""
    here = plan_of(TWO, str(ip_network(address)), state=GDNSD_NETS)
    block = ip_network((address, here.scope), strict=False)
    other = ip_network(int(block.network_address) + offset % block.num_addresses)

    there = plan_of(TWO, str(other), state=GDNSD_NETS)
    assert replies(there) == replies(here)
    assert there.scope == here.scope


def test_blocks_of_a_collection_are_de_aggregated():
    assert plan_of(checked(*BY_IP), "10.1.9.9").scope == 21
    assert plan_of(checked(*BY_IP), "10.1.2.9").scope == 24


def test_neighbouring_blocks_of_one_location_keep_their_own_scopes():
    """A query shorter than a block does not match it, so two /24s are not one /23."""
    members = checked(located("a", "10.0.0.0/24", "10.0.1.0/24"), located("*"))

    assert shares(members, "10.0.0.0/23") == {"2": 100}
    assert shares(members, "10.0.0.0/24") == {"1": 100}
    assert plan_of(members, "10.0.0.0/24").scope == 24


def test_a_branch_without_an_answer_keeps_the_scope_of_the_others():
    """Weighted over a geolocation without default and a plain set: one scope for the question."""
    tree = [
        *checked(Geolocation(CountryCode="FR"), name="geo"),
        alias(1, "geo", Weighted(1)),
        member(2, Weighted(1)),
    ]

    inside, outside = (plan_of(tree, net) for net in ("198.51.100.0/26", "203.0.113.0/26"))
    assert inside.scope > 0
    assert outside.scope > 0


def test_china_gets_cn_north_1_whatever_its_latency():
    state = State(atlas=Atlas({"192.0.2.0/24": Place("CN", "AS", "", Point(23.1, 113.3))}))
    members = checked(Latency("cn-north-1"), Latency("ap-east-1"))

    assert shares(members, ANYBODY, state=state) == {"1": 100}


def test_a_check_without_a_name_fails_nobody():
    assert shares(
        [member(1, Failover("PRIMARY")), member(2, Failover("SECONDARY"))], down=[""]
    ) == {"1": 100}


@pytest.mark.slow
def test_a_long_chain_of_cnames_is_cut_short_and_answered():
    chain = [RecordSet.of(f"n{i}", "CNAME", f"n{i + 1}") for i in range(300)]
    zone = zone_of(*chain, RecordSet.of("n300", "A", "192.0.2.1"))

    reply = replies(plan(zone, Question.of("n0.shop.example"), Client.at(ANYBODY)))[0].reply
    assert len(reply.answer) == 8


def test_a_tailored_cname_behind_an_alias_stands_alone():
    """RFC 7871 section 7.2.1: only the first CNAME."""
    group = [
        RecordSet.of("g", "CNAME", target, policy=policy, set_identifier=target)
        for target, policy in (("t1", Geolocation(CountryCode="FR")), ("t2", Geolocation("", "*")))
    ]
    zone = zone_of(
        *group,
        RecordSet.alias_to("w", "CNAME", "g"),
        RecordSet.of("t1", "A", "192.0.2.1"),
        RecordSet.of("t2", "A", "192.0.2.2"),
    )

    for name in ("g", "w"):
        question = Question.of(f"{name}.shop.example")
        planned = plan(zone, question, Client.at("198.51.100.1"))
        assert [len(share.reply.answer) for share in replies(planned)] == [1]


def test_aliases_that_fan_out_without_end_are_refused():
    ladder = [
        alias(i, f"n{level + 1}", Weighted(1), name=f"n{level}", eth=True)
        for level in range(20)
        for i in (1, 2)
    ]

    assert "leads on in 1,048,576 ways, more than 10,000" in bad(
        *ladder, RecordSet.of("n20", "A", "192.0.2.1")
    )


# What may not be loaded


def bad(*record_sets):
    with pytest.raises(ZoneError) as refused:
        zone_of(*record_sets)
    return str(refused.value)


@pytest.mark.parametrize(
    ("record_sets", "message"),
    [
        ([member(1, Weighted(256))], "Weight 256 is not a whole number from 0 to 255"),
        ([member(1, Weighted(-1))], "Weight -1 is not"),
        (
            [member(1, Weighted(1)), member(2, Failover("PRIMARY"))],
            "mixes the policies failover, weighted",
        ),
        (
            [member(1, Weighted(1)), member(1, Weighted(1))],
            "has the SetIdentifier 'set-1' of another",
        ),
        (
            [member(1, Weighted(1)), member(2, Weighted(1), ttl=30)],
            "has TTLs 30, 60, and weighted sets must contain the same TTL",
        ),
        (
            [member(1, Failover("PRIMARY")), member(2, Failover("PRIMARY"))],
            "has Failover PRIMARY more than once",
        ),
        ([member(1, Failover("TERTIARY"))], "neither PRIMARY nor SECONDARY"),
        ([member(1, Latency("mars-1"))], "Region 'mars-1' is not an AWS Region"),
        (
            [member(1, Latency("eu-west-1")), member(2, Latency("eu-west-1"))],
            "has Region eu-west-1 more than once",
        ),
        ([member(1, Geoproximity(Coordinates=Point(91, 0)))], "Latitude 91 is not from -90 to 90"),
        ([member(1, Geoproximity(Coordinates=Point(0, -181)))], "Longitude -181 is not"),
        ([member(1, Geoproximity())], "takes exactly one of AWSRegion and Coordinates"),
        (
            [member(1, Geoproximity("eu-west-1", Bias=100))],
            "Bias 100 is not a whole number from -99 to 99",
        ),
        ([member(1, Geolocation("EU", "FR"))], "takes either ContinentCode or CountryCode"),
        ([member(1, Geolocation("XX"))], "ContinentCode 'XX' is none of"),
        ([member(1, Geolocation("", "BV"))], "CountryCode 'BV' is one that takes no records"),
        (
            [member(1, located("a", "10.0.0.0/24")), member(2, located("b", "10.0.0.0/24"))],
            "has block 10.0.0.0/24 more than once",
        ),
        ([member(1, Geolocation("", "FR", "75"))], "SubdivisionCode '75' needs CountryCode US"),
        ([member(1, Geolocation("EU")), member(2, Geolocation("EU"))], "GeoLocation"),
        (
            [member(i, Multivalue()) for i in range(101)],
            "has 101 multivalue record sets, more than 100",
        ),
        ([alias(1, "eu", Multivalue())], "is a multivalue alias"),
        ([alias(0, "nowhere")], "which has no A"),
        (
            [
                RecordSet.of("*", "A", "192.0.2.1"),
                member(1, Weighted(1), name="a.b"),
                alias(0, "b"),
            ],
            "is an alias to b.shop.example., which has no A",
        ),
        (
            [
                RecordSet.of("sub", "NS", "ns1"),
                RecordSet.of("x.sub", "A", "192.0.2.1"),
                alias(0, "x.sub"),
            ],
            "is an alias to x.sub.shop.example., which has no A",
        ),
        ([alias(0, "www")], "leads back to itself"),
        ([alias(0, "cdn.example.net.")], "neither in this zone nor an AWS endpoint"),
        (
            [alias(0, "d1.cloudfront.net.", hosted_zone_id="Z1")],
            "names the hosted zone Z1 for a CloudFront distribution",
        ),
        (
            [
                RecordSet.of(
                    "www", "A", ["192.0.2.1", "192.0.2.2"], policy=Multivalue(), set_identifier="x"
                )
            ],
            "has more than one value in a multivalue set",
        ),
        ([RecordSet.of("*.sub", "NS", "ns1")], "is an NS under a wildcard"),
        ([alias(0, "d1.cloudfront.net.", eth=True)], "evaluates the health of a CloudFront"),
        (
            [RecordSet.of("www", "A", "192.0.2.1", set_identifier="x")],
            "has a SetIdentifier and no policy",
        ),
        (
            [RecordSet.of("www", "A", "192.0.2.1", health_check_id="x")],
            "has a health check and no policy",
        ),
        ([RecordSet.of("www", "A", "192.0.2.1", policy=Weighted(1))], "needs a SetIdentifier"),
    ],
)
def test_a_zone_mistake_is_refused(record_sets, message):
    assert message in bad(*record_sets)


def test_every_mistake_is_listed_at_once():
    text = bad(member(1, Weighted(256)), alias(0, "nowhere", name="a"), alias(0, "b", name="b"))

    assert text.count("\n") == 2
    for part in ("www.shop.example. A set-1", "a.shop.example. A", "b.shop.example. A"):
        assert part in text


def test_a_longer_loop_is_found():
    text = bad(alias(0, "b", name="a"), alias(0, "c", name="b"), alias(0, "a", name="c"))

    assert "a.shop.example. -> b.shop.example. -> c.shop.example. -> a.shop.example." in text


def test_a_chain_of_aliases_has_an_end():
    chain = [alias(0, f"n{i + 1}", name=f"n{i}") for i in range(33)]
    end = RecordSet.of("n33", "A", "192.0.2.1")

    assert "n0.shop.example. A: leads through more than 32 aliases" in bad(*chain, end)
    assert shares([*chain[1:], end], name="n1") == {"1": 100}


CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"  # the API reference, `AliasTarget`


def test_cloudfront_has_one_hosted_zone():
    assert Endpoint.of("d1.cloudfront.net", CLOUDFRONT_ZONE).service == "cloudfront"
    with pytest.raises(LabError, match=r"Z1: is not the hosted zone of d1\.cloudfront\.net"):
        Endpoint.of("d1.cloudfront.net", "Z1")


@pytest.mark.parametrize(
    ("target", "zone", "words"),
    [
        ("d1.cloudfront.net", "Z1", "the hosted zone Z1 for a CloudFront distribution"),
        ("lb-1.eu-west-1.elb.amazonaws.com", "Z35SXDOTRQ7X7K", "for a load balancer"),
        ("lb-1.elb.eu-west-1.amazonaws.com", "Z32O12XQLNTSW2", "for a network load balancer"),
    ],
)
def test_an_alias_names_the_hosted_zone_of_its_endpoint(target, zone, words):
    text = bad(alias(0, f"{target}.", hosted_zone_id=zone))

    assert words in text
    assert f"{target}. lies in Z" in text


def test_an_alias_of_type_https_leads_to_cloudfront_alone():
    def leading_to(name):
        return RecordSet.alias_to("www", "HTTPS", name)

    name = "d1.cloudfront.net."
    endpoint = Endpoint.of(name, CLOUDFRONT_ZONE, https=("1 . alpn=h2,h3",))
    state = State(endpoints={endpoint.name: endpoint})
    found = plan(
        zone_of(leading_to(name)),
        Question.of("www.shop.example", "HTTPS"),
        Client.at(ANYBODY),
        state,
    )

    (share,) = replies(found)
    assert share.reply.answer[0].texts == ('1 . alpn="h2,h3"',)
    assert "is an alias to an AWS endpoint" in bad(leading_to(f"{LB.name}"))


# Forgiving


def test_a_forgiving_zone_answers_in_two_ways():
    records = [
        RecordSet.of("@", "CNAME", "target.shop.example."),
        RecordSet.of("@", "MX", "10 mail.shop.example."),
        RecordSet.of("target", "A", "192.0.2.5"),
    ]

    def answers(how, rdtype):
        zone = zone_of(*records, forgiving=how)
        reply = replies(plan(zone, Question.of("shop.example", rdtype), Client.at(ANYBODY)))[
            0
        ].reply
        return [text for rrset in reply.answer for text in rrset.texts]

    assert answers("exact_first", "MX") == ["10 mail.shop.example."]
    assert answers("rfc1034", "MX") == ["target.shop.example."]
    assert answers("exact_first", "A")[-1] == "192.0.2.5"
    assert "stands beside MX, NS, SOA" in bad(*records)
