"""Other systems' ways, by their manuals; the witnesses hold some against the real servers."""

from random import Random

import pytest
from dns.name import from_text
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from lab_engine import LabError, Question, RRset, Zone
from lab_engine.authority.modes import (
    Pointer,
    cloudflare,
    cloudflare_pools,
    gdnsd_weighted,
    ns1_alias,
    ns1_shuffle,
    powerdns_alias,
    powerdns_pick,
)
from lab_engine.authority.plan import draw, replies
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import Client, Reply
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority

FRANCE, JAPAN = "198.18.1.1", "198.18.32.1"
SOA = RRset.of(
    "shop.example.", "SOA", "ns1.shop.example. h.shop.example. 1 7200 900 1209600 86400", 900
)
FLATTENERS = [cloudflare, powerdns_alias, ns1_alias]


def pointer(name="shop.example.", target="www.cdn.example.", ttl=3600):
    return Pointer(from_text(name), from_text(target), ttl, SOA)


def by_country(country, address):
    return RecordSet.of(
        "geo",
        "A",
        address,
        30,
        policy=Geolocation(CountryCode=country),
        set_identifier=country,
    )


CDN = Zone.of(
    "cdn.example",
    [
        RRset.of("www", "CNAME", "edge", 77),
        RRset.of("edge", "A", ["192.0.2.8", "192.0.2.9"], 111),
        RRset.of("mail", "MX", "10 edge", 60),
        by_country("FR", "192.0.2.33"),
        by_country("JP", "192.0.2.81"),
        by_country("*", "192.0.2.1"),
    ],
)


def resolver(zone=CDN):
    """Looks names up at the authority of one zone, on behalf of whoever asks it."""
    authority = Authority(zone, Random(1), "fixed")
    return lambda name, rdtype, client: authority.respond(Question(name, rdtype), client)


def flattened(mode, where=None, rdtype="A", seat=FRANCE, **options):
    kind = RdataType.make(rdtype)
    return mode(where or pointer(), kind, resolver(), Client.at(seat), **options)


# Flattening


@pytest.mark.parametrize("mode", FLATTENERS)
def test_the_apex_answers_with_the_targets_addresses_as_its_own(mode):
    reply = flattened(mode)

    (rrset,) = reply.answer
    assert (str(rrset.name), rrset.texts) == ("shop.example.", ("192.0.2.8", "192.0.2.9"))


@pytest.mark.parametrize("mode", FLATTENERS)
def test_the_flatteners_place_decides_not_the_users(mode):
    """A geolocation group behind two flatteners: whoever asks them gets the flattener's country."""
    geo = pointer(target="geo.cdn.example.")

    assert flattened(mode, geo, seat=FRANCE).addresses == ("192.0.2.33",)
    assert flattened(mode, geo, seat=JAPAN).addresses == ("192.0.2.81",)


@pytest.mark.parametrize(
    ("mode", "own_ttl", "expected"),
    [
        (cloudflare, 3600, 77),
        (cloudflare, 60, 60),
        (powerdns_alias, 3600, 111),
        (powerdns_alias, 60, 111),
        (ns1_alias, 60, 60),
    ],
)
def test_whose_ttl_is_answered(mode, own_ttl, expected):
    """CNAME 77 s, address 111 s: Cloudflare takes the least of all, PowerDNS the address's."""
    assert flattened(mode, pointer(ttl=own_ttl)).ttl == expected


@pytest.mark.parametrize(
    ("mode", "target", "rcode", "ttl"),
    [
        (cloudflare, "mail.cdn.example.", Rcode.NOERROR, 900),
        (cloudflare, "gone.cdn.example.", Rcode.NOERROR, 900),
        (cloudflare, "www.elsewhere.example.", Rcode.SERVFAIL, None),
        (powerdns_alias, "mail.cdn.example.", Rcode.NOERROR, None),
        (powerdns_alias, "gone.cdn.example.", Rcode.SERVFAIL, None),
        (powerdns_alias, "www.elsewhere.example.", Rcode.SERVFAIL, None),
        (ns1_alias, "gone.cdn.example.", Rcode.NOERROR, 900),
    ],
)
def test_a_target_without_addresses(mode, target, rcode, ttl):
    reply = flattened(mode, pointer(target=target))

    assert (reply.rcode, reply.answer, reply.ttl) == (rcode, (), ttl)


@pytest.mark.parametrize("mode", FLATTENERS)
def test_other_types_are_not_looked_up(mode):
    reply = mode(pointer(), RdataType.MX, never, Client.at(FRANCE))

    assert (reply.rcode, reply.answer, reply.ttl) == (Rcode.NOERROR, (), 900)


def never(name, rdtype, client):
    raise AssertionError("nothing is to be resolved")


@pytest.mark.parametrize(
    ("name", "target", "every", "flat"),
    [
        ("shop.example.", "www.cdn.example.", False, True),
        ("www.shop.example.", "www.cdn.example.", False, False),
        ("www.shop.example.", "www.cdn.example.", True, True),
        ("www.shop.example.", "web.shop.example.", False, True),
    ],
)
def test_which_cnames_cloudflare_flattens(name, target, every, flat):
    def resolve(asked, rdtype, client):
        return Reply(answer=(RRset.of(asked, rdtype, "192.0.2.8"),))

    where = pointer(name, target)
    reply = cloudflare(where, RdataType.A, resolve, Client.at(FRANCE), every_cname=every)

    assert reply.answer[0].type is (RdataType.A if flat else RdataType.CNAME)


# Weighted lists


def listed(count):
    return RRset.of("www.shop.example.", "A", [f"192.0.2.{i}" for i in range(1, count + 1)], 60)


def shares(plan):
    """Percent by the last octets of the addresses, in their order."""
    return {
        "+".join(address.rsplit(".", 1)[1] for address in share.reply.addresses): pytest.approx(
            100 * share.probability, abs=0.01
        )
        for share in replies(plan)
    }


def gdnsd(*weights, down="", **options):
    return gdnsd_weighted(listed(len(weights)), weights, [f"192.0.2.{i}" for i in down], **options)


def test_the_manuals_example_of_a_single_choice():
    assert shares(gdnsd(45, 60, 75)) == {"1": 25, "2": 33.33, "3": 41.67}


def test_the_manuals_example_of_multi():
    """45/60/60: the two greatest always come, the other in three answers of four."""
    assert shares(gdnsd(45, 60, 60, multi=True)) == {"1+2+3": 75, "2+3": 25}


@pytest.mark.parametrize(
    ("down", "multi", "expected"),
    [
        ("3", False, {"1": 42.86, "2": 57.14}),
        ("3", True, {"1+2": 75, "2": 25}),
        ("23", False, {"1": 25, "2": 33.33, "3": 41.67}),
        ("123", False, {"1": 25, "2": 33.33, "3": 41.67}),
    ],
)
def test_weight_moves_to_those_that_are_up_until_half_of_it_is_lost(down, multi, expected):
    plan = gdnsd(45, 60, 75, down=down, multi=multi)

    assert shares(plan) == expected
    assert plan.healthy == (len(down) < 2)


def test_a_member_that_is_down_stays_in_the_tree():
    for multi in (False, True):
        (left,) = [
            b for b in gdnsd(45, 60, 75, down="3", multi=multi).branches if not b.probability
        ]
        assert (left.what, left.why) == ("192.0.2.3", "down")


@pytest.mark.parametrize(
    ("up_thresh", "healthy"), [(0.5, True), (0.51, False), (0.01, True), (1.0, False)]
)
def test_the_threshold_is_met_exactly_and_rounded_up(up_thresh, healthy):
    """5 of 10 up: 0.5 asks for 5, 0.51 for ceil(5.1) = 6."""
    assert gdnsd(5, 5, down="1", up_thresh=up_thresh).healthy == healthy


@pytest.mark.slow
@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=6),
    st.sets(st.integers(1, 6)),
    st.booleans(),
)
def test_the_shares_of_every_list_are_a_distribution(weights, dead, multi):
    found = replies(gdnsd(*weights, down=dead, multi=multi))

    assert sum(share.probability for share in found) == pytest.approx(1)
    assert all(share.reply.addresses for share in found)


def test_ns1_puts_the_likelier_first():
    assert shares(ns1_shuffle(listed(3), [50, 30, 20])) == {"1": 50, "2": 30, "3": 20}


def test_ns1_keeps_the_order_of_what_it_selects():
    """The second place is drawn among the rest: 0.5 * 30/50, 0.5 * 20/50, 0.3 * 50/70 and so on."""
    assert shares(ns1_shuffle(listed(3), [50, 30, 20], 2)) == {
        "1+2": 30,
        "1+3": 20,
        "2+1": 21.43,
        "2+3": 8.57,
        "3+1": 12.5,
        "3+2": 7.5,
    }


def test_ns1_without_a_selection_keeps_the_tail():
    plan = ns1_shuffle(listed(3), [1, 1, 1], None)

    assert len(replies(plan)) == 6
    assert {len(share.reply.addresses) for share in replies(plan)} == {3}


def test_weight_zero_stands_last():
    assert shares(ns1_shuffle(listed(3), [1, 0, 0], None)) == {"1+2+3": 50, "1+3+2": 50}


@pytest.mark.slow
def test_the_draw_follows_the_plan():
    """4,000 draws of 50/30/20, the first 2: each order within 4 sigma."""
    plan, rng = ns1_shuffle(listed(3), [50, 30, 20], 2), Random(1)
    drawn = [draw(plan, rng) for _ in range(4_000)]

    for probability, reply in replies(plan):
        sigma = (4_000 * probability * (1 - probability)) ** 0.5
        assert abs(drawn.count(reply) - 4_000 * probability) <= 4 * sigma


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gdnsd(0, 1), "0: is not a weight of gdnsd"),
        (lambda: gdnsd(2**20, 1), "Give 1 to 1048575"),
        (lambda: gdnsd(*[1] * 65), "65: is more than 64 members"),
        (lambda: gdnsd(1, 1, up_thresh=0), "is not an up_thresh"),
        (lambda: gdnsd_weighted(listed(2), [1]), "are 1 weights for 2 values"),
        (lambda: gdnsd(*range(1, 15), multi=True), "8192: is more than the 5000 outcomes"),
        (lambda: ns1_shuffle(listed(8), [1] * 8, None), "40320: is more than the 5000 outcomes"),
        (lambda: ns1_shuffle(listed(2), [1, -1]), "-1: is not a weight"),
        (lambda: ns1_shuffle(listed(2), [1, float("nan")]), "nan: is not a weight"),
        (lambda: ns1_shuffle(listed(2), [1, 1], 0), "0: selects nothing"),
    ],
)
def test_a_list_that_cannot_be_planned_is_refused(make, message):
    with pytest.raises(LabError, match=message):
        make()


# One of several, by weight


@pytest.mark.parametrize(
    ("mode", "weights"), [(cloudflare_pools, (0.6, 0.3, 0.1)), (powerdns_pick, (6, 3, 1))]
)
def test_one_member_is_drawn_by_its_part_of_the_sum(mode, weights):
    records = RRset.of("www.shop.example.", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 60)
    shares = {each.reply.addresses: each.probability for each in replies(mode(records, weights))}

    assert shares == {
        ("192.0.2.1",): pytest.approx(0.6),
        ("192.0.2.2",): pytest.approx(0.3),
        ("192.0.2.3",): pytest.approx(0.1),
    }


def test_a_sum_of_nothing_fails_in_powerdns():
    records = RRset.of("www.shop.example.", "A", ["192.0.2.1", "192.0.2.2"], 60)
    (only,) = replies(powerdns_pick(records, (0, 0)))

    assert only.reply.rcode is Rcode.SERVFAIL


@pytest.mark.parametrize(
    ("mode", "weights", "value"),
    [
        (cloudflare_pools, (2, 0.5), "2"),
        (cloudflare_pools, (0, 0), r"\[0, 0\]"),
        (powerdns_pick, (-1, 1), "-1"),
        (powerdns_pick, (1,), r"\[1\]"),
    ],
)
def test_weights_that_are_none_are_refused(mode, weights, value):
    records = RRset.of("www.shop.example.", "A", ["192.0.2.1", "192.0.2.2"], 60)

    with pytest.raises(LabError, match=value):
        mode(records, weights)
