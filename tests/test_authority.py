"""What an authority owes: RFC 1034, 2308, 4592, 6604 and 8482, without a byte."""

from random import Random

import pytest
from dns.rcode import Rcode
from dns.rdataclass import CH
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.order import Order, Ordering
from lab_engine.authority.plan import Plan, draw, replies
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.server import Authority, plan
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError

CLIENT = Client.at("198.51.100.7")
ZONE = Zone.from_text("""$ORIGIN shop.example.
$TTL 300
@ 900 SOA ns1 hostmaster 1 7200 900 1209600 60
@ NS ns1
@ MX 10 mail
ns1 A 192.0.2.53
www 60 A 192.0.2.1
www 60 A 192.0.2.2
www 60 A 192.0.2.3
alias CNAME www
chain CNAME alias
out CNAME cdn.example.
dangling CNAME nowhere
loop1 CNAME loop2
loop2 CNAME loop1
deep.empty A 192.0.2.4
sub NS ns.sub
ns.sub A 192.0.2.60
""")


def ask(name, rdtype="A", zone=ZONE):
    question = Question.of(name, rdtype)
    (share,) = replies(plan(zone, question, CLIENT))
    return share.reply


def test_every_value_is_answered_with_authority():
    reply = ask("www.shop.example")

    assert reply.addresses == ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert (reply.ttl, reply.authoritative) == (60, True)


def test_nxdomain_carries_the_soa_with_the_lesser_ttl():
    """RFC 2308 section 3: min(SOA TTL 900, MINIMUM 60)."""
    reply = ask("nowhere.shop.example")

    assert reply.rcode is Rcode.NXDOMAIN
    assert (reply.authority[0].type, reply.authority[0].ttl, reply.ttl) == (RdataType.SOA, 60, 60)


def test_nodata_is_noerror_with_the_soa():
    reply = ask("www.shop.example", "AAAA")

    assert (reply.rcode, reply.answer) == (Rcode.NOERROR, ())
    assert reply.authority[0].type is RdataType.SOA


def test_an_empty_non_terminal_exists():
    assert ask("empty.shop.example").rcode is Rcode.NOERROR


@pytest.mark.parametrize("name", ["other.example", "example", "."])
def test_outside_the_zone_is_refused(name):
    reply = ask(name)

    assert (reply.rcode, reply.authoritative) == (Rcode.REFUSED, False)


def test_another_class_is_refused():
    question = Question(Question.of("www.shop.example").name, RdataType.TXT, CH)

    assert replies(plan(ZONE, question, CLIENT))[0].reply.rcode is Rcode.REFUSED


def test_a_cname_is_followed_within_the_zone():
    reply = ask("chain.shop.example")

    assert [str(rrset.name) for rrset in reply.answer] == [
        "chain.shop.example.",
        "alias.shop.example.",
        "www.shop.example.",
    ]
    assert (len(reply.addresses), reply.ttl) == (3, 60)


def test_a_cname_itself_is_not_followed():
    assert ask("alias.shop.example", "CNAME").answer[0].texts == ("www.shop.example.",)


def test_a_cname_out_of_the_zone_stands_alone():
    reply = ask("out.shop.example")

    assert (reply.rcode, len(reply.answer)) == (Rcode.NOERROR, 1)


def test_a_cname_to_nothing_is_nxdomain_behind_the_cname():
    """RFC 6604 section 3: the rcode is that of the end of the chain."""
    reply = ask("dangling.shop.example")

    assert (reply.rcode, len(reply.answer)) == (Rcode.NXDOMAIN, 1)


def test_a_cname_loop_ends():
    assert len(ask("loop1.shop.example").answer) == 2


def test_any_is_answered_with_one_rrset():
    """RFC 8482 section 4.1."""
    reply = ask("shop.example", "ANY")

    assert [rrset.type for rrset in reply.answer] == [RdataType.SOA]


def test_below_a_cut_is_a_referral_with_glue():
    reply = ask("x.sub.shop.example")

    assert (reply.answer, reply.authoritative) == ((), False)
    assert reply.authority[0].texts == ("ns.sub.shop.example.",)
    assert reply.additional[0].texts == ("192.0.2.60",)


def test_the_ds_of_a_cut_belongs_to_the_parent():
    """RFC 4035 section 3.1.4.1."""
    assert ask("sub.shop.example", "DS").authoritative


RFC_4592 = Zone.from_text("""$ORIGIN example.
example. 3600 IN SOA ns.example.com. h.example. 1 2 3 4 3600
example. 3600 NS ns.example.com.
example. 3600 NS ns.example.net.
*.example. 3600 TXT "this is a wildcard"
*.example. 3600 MX 10 host1.example.
sub.*.example. 3600 TXT "this is not a wildcard"
host1.example. 3600 A 192.0.2.1
_ssh._tcp.host1.example. 3600 SRV 0 0 22 host1.example.
_ssh._tcp.host2.example. 3600 SRV 0 0 22 host2.example.
subdel.example. 3600 NS ns.example.com.
subdel.example. 3600 NS ns.example.net.
""")


@pytest.mark.parametrize(
    ("name", "rdtype", "expected"),
    [
        ("host3.example", "MX", "10 host1.example."),
        ("host3.example", "A", "NODATA"),
        ("foo.bar.example", "TXT", '"this is a wildcard"'),
        ("host1.example", "MX", "NODATA"),
        ("sub.*.example", "MX", "NODATA"),
        ("_telnet._tcp.host1.example", "SRV", "NXDOMAIN"),
        ("host.subdel.example", "A", "referral"),
        ("ghost.*.example", "MX", "NXDOMAIN"),
        ("*.example", "TXT", '"this is a wildcard"'),
    ],
)
def test_wildcards_as_rfc_4592_section_2_2_1_lists_them(name, rdtype, expected):
    reply = ask(name, rdtype, RFC_4592)

    if reply.answer:
        assert reply.answer[0].texts == (expected,)
        assert str(reply.answer[0].name) == f"{name}."
    elif reply.rcode is Rcode.NXDOMAIN:
        assert expected == "NXDOMAIN"
    else:
        assert expected == ("NODATA" if reply.authoritative else "referral")


def test_case_is_kept_as_asked():
    """Resolvers check it: the 0x20 trick."""
    reply = Authority(ZONE, Random(1)).respond(Question.of("wWw.Shop.eXample"), CLIENT)

    assert reply.answer[0].name.to_text() == "wWw.Shop.eXample."


def firsts(order, count, ids=None, seed=1):
    authority = Authority(ZONE, Random(seed), order)
    question = Question.of("www.shop.example")
    ids = ids or range(count)
    return [authority.respond(question, CLIENT, i).addresses[0][-1] for i in ids]


def test_cyclic_goes_one_further_each_time():
    assert firsts("cyclic", 5) == ["1", "2", "3", "1", "2"]


def test_cyclic_counts_each_type_for_itself():
    """BIND keeps 1, 2 for one RRset while another is asked in between."""
    ordering = Ordering("cyclic", Random(1))

    turns = [ordering.arrange((1, 2), key, 0)[0] for key in ("A", "AAAA", "A", "AAAA")]
    assert turns == [1, 1, 2, 2]


def test_by_id_follows_the_message_id():
    assert firsts("by_id", 0, ids=[0, 1, 2, 3, 65535]) == ["1", "2", "3", "1", "1"]


def test_fixed_never_moves():
    assert set(firsts("fixed", 20)) == {"1"}


@pytest.mark.slow
def test_shuffle_puts_each_value_first_a_third_of_the_time():
    """12,000 answers: each count within 4 sigma, sqrt(12000 * 1/3 * 2/3) = 51.6, of 4,000."""
    seen = firsts("shuffle", 12_000)
    counts = [seen.count(value) for value in "123"]

    assert all(abs(count - 4_000) <= 4 * 51.6 for count in counts), counts


def test_shuffle_reaches_every_permutation():
    ordering = Ordering(Order.SHUFFLE, Random(1))

    assert len({ordering.arrange((1, 2, 3, 4), "k", 0) for _ in range(1_000)}) == 24


@given(st.sampled_from([*Order]), st.lists(st.integers(), unique=True), st.integers(0, 65535))
def test_an_order_loses_and_invents_nothing(order, values, message_id):
    arranged = Ordering(order, Random(0)).arrange(tuple(values), "key", message_id)

    assert sorted(arranged) == sorted(values)


def test_counters_are_bounded():
    """Names under a wildcard are without number; their counters are not."""
    ordering = Ordering("cyclic", Random(1))
    for key in range(20_000):
        ordering.arrange((1, 2), key, 0)

    assert len(ordering._next) == 10_000


def test_an_unknown_order_names_the_known_ones():
    with pytest.raises(LabError, match="Choose one of shuffle, cyclic, by_id, fixed"):
        Authority(ZONE, Random(1), "sorted")


def leaf(name):
    return Plan(name, "", reply=Reply(answer=ask(f"{name}.shop.example").answer))


def test_outcomes_multiply_down_the_tree_and_merge():
    www, deep = leaf("www").reply, leaf("deep.empty").reply
    tree = Plan(
        "root",
        "",
        branches=(
            Plan(
                "left", "", 0.5, branches=(Plan("www", "", 1.0, www), Plan("never", "", 0.0, deep))
            ),
            Plan("right", "", 0.25, www),
            Plan("deep", "", 0.25, deep),
        ),
    )

    assert replies(tree) == ((0.75, www), (0.25, deep))


def test_drawing_agrees_with_the_shares():
    """10,000 draws at p = 0.2: within 4 sigma, 4 * sqrt(10000 * 0.2 * 0.8) = 160."""
    a, b = leaf("www").reply, leaf("deep.empty").reply
    tree = Plan("root", "", branches=(Plan("a", "", 0.2, a), Plan("b", "", 0.8, b)))
    rng = Random(7)

    drawn = sum(draw(tree, rng) == a for _ in range(10_000))
    assert abs(drawn - 2_000) <= 160


@pytest.mark.parametrize("address", ["", "300.1.1.1", "example.com"])
def test_a_client_needs_an_address(address):
    with pytest.raises(LabError, match="is not an IP address"):
        Client.at(address)
