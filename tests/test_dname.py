"""DNAMEs (RFC 6672), CNAMEs into other zones (RFC 1034 4.3.2), and types nobody asks for."""

from random import Random

import pytest
from dns.rcode import Rcode

from lab_engine import forward, serve
from lab_engine.authority.plan import replies
from lab_engine.authority.policies import Geolocation, Weighted
from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority, plan
from lab_engine.authority.zone import Zone
from lab_engine.authority.zones import Zones
from lab_engine.caches.resolver import Resolver
from lab_engine.control.account import Account
from lab_engine.wire.transport import InProcess

CLIENT = Client.at("198.51.100.7")
CAMPUS = Zone.from_text("""$ORIGIN campus.edu.
$TTL 500
@ SOA ns1.outside.edu. h 3 6048 86400 2419200 60
@ NS ns1.outside.edu.
bar 300 DNAME foo
bar TXT own
under.bar A 192.0.2.66
a.foo A 192.0.2.1
c.foo CNAME a.foo
two DNAME bar
out DNAME example.net.
loop DNAME x.loop
link CNAME a.bar
there CNAME w.child
far CNAME www.other.example.
lost CNAME gone.other.example.
child NS ns.child
ns.child A 192.0.2.53
*.star DNAME foo
""")
CHILD = Zone.of("child.campus.edu", [RRset.of("w", "A", "192.0.2.5")])
OTHER = Zone.of(
    "other.example",
    [RRset.of("www", "A", "192.0.2.7"), RRset.of("back", "CNAME", "far.campus.edu.")],
)


def ask(name, rdtype="A", zones=CAMPUS):
    (share,) = replies(plan(zones, Question.of(name, rdtype), CLIENT))
    return share.reply


def said(reply):
    return [
        f"{rrset.name.to_text(omit_final_dot=True)} {rrset.ttl} {rrset.type.name} {text}"
        for rrset in reply.answer
        for text in rrset.texts
    ]


BAR = "bar.campus.edu 300 DNAME foo.campus.edu."
MADE = "a.bar.campus.edu 300 CNAME a.foo.campus.edu."
END = "a.foo.campus.edu 500 A 192.0.2.1"


def test_a_name_below_a_dname_has_the_cname_that_is_made_of_it():
    """RFC 6672 section 3.1; the CNAME has the DNAME's TTL."""
    reply = ask("a.bar.campus.edu")

    assert said(reply) == [BAR, MADE, END]
    assert (reply.rcode, reply.authoritative) == (Rcode.NOERROR, True)


def test_what_stands_below_a_dname_is_not_seen():
    """Section 2.4; the name in its place does not exist."""
    reply = ask("under.bar.campus.edu")

    assert reply.rcode is Rcode.NXDOMAIN
    assert reply.addresses == ()


def test_the_owner_of_a_dname_is_not_renamed_itself():
    assert said(ask("bar.campus.edu", "TXT")) == ['bar.campus.edu 500 TXT "own"']
    assert said(ask("bar.campus.edu", "DNAME")) == [BAR]
    assert (ask("bar.campus.edu").rcode, ask("bar.campus.edu").answer) == (Rcode.NOERROR, ())


@pytest.mark.parametrize("rdtype", ["CNAME", "ANY"])
def test_the_cname_may_be_asked_for_itself(rdtype):
    assert said(ask("a.bar.campus.edu", rdtype)) == [BAR, MADE]


def test_dnames_and_cnames_lead_to_each_other():
    assert said(ask("link.campus.edu")) == [
        "link.campus.edu 500 CNAME a.bar.campus.edu.", BAR, MADE, END,
    ]  # fmt: skip
    onward = ["c.foo.campus.edu 500 CNAME a.foo.campus.edu.", END]
    assert said(ask("c.bar.campus.edu"))[-2:] == onward
    assert said(ask("a.two.campus.edu"))[-3:] == [BAR, MADE, END]
    assert said(ask("w.out.campus.edu"))[-1] == "w.out.campus.edu 500 CNAME w.example.net."


def test_a_dname_that_leads_back_ends_and_stands_once_in_the_answer():
    told = said(ask("a.loop.campus.edu"))

    assert sum("DNAME" in each for each in told) == 1
    assert len(told) == len(set(told)) == 9


def test_a_name_that_would_be_too_long_is_yxdomain():
    """Section 2.2, with the DNAME that makes it."""
    long = ".".join(["x" * 60] * 3)
    zone = Zone.of("campus.edu", [RRset.of("long", "DNAME", ".".join(["y" * 60] * 2) + ".")])

    reply = ask(f"{long}.long.campus.edu", zones=zone)

    assert (reply.rcode, [each.type.name for each in reply.answer]) == (Rcode.YXDOMAIN, ["DNAME"])
    with serve(zone, transport=InProcess) as server:
        assert server.ask(f"{long}.long.campus.edu").rcode == "YXDOMAIN"


def test_a_wildcards_dname_is_data_as_any_other():
    """RFC 4592 section 4.5: it renames nothing but below the star itself."""
    assert said(ask("q.star.campus.edu", "DNAME"))[0].startswith("q.star.campus.edu 500 DNAME")
    assert (ask("p.q.star.campus.edu").rcode, ask("p.q.star.campus.edu").answer) == (0, ())
    assert said(ask("a.*.star.campus.edu"))[-1] == END


def test_a_dname_may_have_a_policy():
    ways = [
        RecordSet.of("bar", "DNAME", to, policy=Weighted(w), set_identifier=to)
        for to, w in (("foo", 3), ("baz", 1))
    ]
    zone = Zone.of("campus.edu", [*ways, RRset.of("a.foo", "A", "192.0.2.1")])

    shares = replies(plan(zone, Question.of("a.bar.campus.edu"), CLIENT))
    found = {share.reply.addresses: share.probability for share in shares}
    assert found == {("192.0.2.1",): 0.75, (): 0.25}


def test_a_resolver_follows_the_cname_that_came_with_a_dname():
    """It keeps the CNAME by itself, and asks for another type of the name at its target."""
    authority, asked = Authority(CAMPUS, Random(1)), []

    def upstream(question, now):
        asked.append(str(question))
        return authority.respond(question, CLIENT)

    resolver = Resolver(upstream, Random(2))
    found = [resolver.resolve(Question.of("a.bar.campus.edu", kind), 0.0) for kind in ("A", "TXT")]

    assert found[0].addresses == ("192.0.2.1",)
    assert [rrset.type.name for rrset in found[1].answer] == ["CNAME"]
    assert asked == ["a.bar.campus.edu. A", "a.foo.campus.edu. TXT"]


def test_a_forwarder_hands_a_dname_on():
    with (
        serve(CAMPUS, transport=InProcess, seed=1) as server,
        forward(server, transport=InProcess) as cache,
    ):
        first, second = (cache.ask("a.bar.campus.edu") for _ in range(2))

    assert first.values == second.values == ("192.0.2.1",)
    assert [rrset.rdtype.name for rrset in second.response.answer] == ["DNAME", "CNAME", "A"]


def test_a_cname_is_followed_into_other_zones_that_are_served():
    """RFC 1034 section 4.3.2 step 3a begins anew, with whatever zone is the nearest."""
    zones = Zones.of(CAMPUS, CHILD, OTHER)

    assert ask("there.campus.edu", zones=zones).addresses == ("192.0.2.5",)
    assert ask("back.other.example", zones=zones).addresses == ("192.0.2.7",)
    lost = ask("lost.campus.edu", zones=zones)
    assert (lost.rcode, lost.authority[0].name) == (Rcode.NXDOMAIN, OTHER.origin)
    assert ask("far.campus.edu").authority == ()  # alone it ends there
    assert ask("there.campus.edu").authority[0].type.name == "NS"


def test_what_is_tailored_in_another_zone_is_asked_for_there():
    """RFC 7871 section 7.2.1, as within one zone."""
    placed = RecordSet.of("www", "A", "192.0.2.8", policy=Geolocation("EU"), set_identifier="eu")
    zones = Zones.of(CAMPUS, Zone.of("other.example", [placed]))

    assert [each.type.name for each in ask("far.campus.edu", zones=zones).answer] == ["CNAME"]


def test_a_server_of_two_zones_follows_in_packets():
    with serve(Account.of(CAMPUS, CHILD), transport=InProcess) as server:
        assert server.ask("there.campus.edu").values == ("192.0.2.5",)


@pytest.mark.parametrize(
    ("rdtype", "rcode"),
    [
        *((each, "REFUSED") for each in ("AXFR", "IXFR")),
        *((each, "NOTIMP") for each in ("MAILA", "MAILB")),
        *((each, "FORMERR") for each in ("OPT", "TSIG", "TKEY", "TYPE128", "TYPE248")),
        ("NULL", "NOERROR"),
        ("TYPE127", "NOERROR"),
    ],
)
def test_types_that_are_no_data_are_refused(rdtype, rcode):
    """An empty answer would say that there is no such record; BIND says the same as this."""
    assert ask("campus.edu", rdtype).rcode.name == rcode
    assert ask("campus.edu", rdtype).authoritative == (rcode == "NOERROR")


def test_what_is_no_zone_here_cannot_be_transferred():
    """RFC 5936 section 2.2.1."""
    assert ask("bar.campus.edu", "AXFR").rcode is Rcode.NOTAUTH
    assert ask("example.org", "AXFR").rcode is Rcode.NOTAUTH
