"""One master file in BIND, Knot, PowerDNS and the lab: the same questions, the same answers.

Compared are the rcode, AA, the answer with its TTLs, the SOA of a negative answer with its TTL, and
the NS and glue of a referral. What is optional is not: additional addresses, NS beside an answer.
"""

import pytest
from dns.name import from_text

from lab_engine import Zone, serve

from .asking import Said, query, send

pytestmark = pytest.mark.witness

TEXT = """\
$ORIGIN shop.example.
$TTL 300
@           900  IN SOA ns1 hostmaster 1 7200 900 1209600 120
@           3600 IN NS  ns1
@           3600 IN NS  ns2.provider.example.
@           60   IN A   192.0.2.1
@           IN MX  10 mail
@           IN MX  20 mail.provider.example.
@           IN TXT "v=spf1 -all" "second string"
@           IN CAA 0 issue "ca.example"
ns1         IN A   192.0.2.53
www         IN A   192.0.2.1
www         IN A   192.0.2.2
www         IN AAAA 2001:db8::1
mail        IN A   192.0.2.25
svc         IN HTTPS 1 . alpn=h2
odd         IN TYPE65280 \\# 3 010203
_sip._tcp   IN SRV 10 60 5060 www
first       60 IN CNAME second
second      120 IN CNAME www
out         IN CNAME www.provider.example.
dangling    IN CNAME nowhere
tosub       IN CNAME host.sub
tostar      IN CNAME some.star
*.star      IN CNAME www
deep.a.ent  IN TXT "deep"
; a delegation with glue and a DS, and one without
sub         IN NS  ns.sub
sub         IN NS  ns.provider.example.
sub         IN DS  12345 13 2 0000000000000000000000000000000000000000000000000000000000000001
ns.sub      IN A   192.0.2.99
plain       IN NS  ns.provider.example.
; RFC 4592 section 2.2.1, below `wild`
*.wild               3600 IN TXT "this is a wildcard"
*.wild               3600 IN MX  10 host1.wild
sub.*.wild           3600 IN TXT "this is not a wildcard"
host1.wild           3600 IN A   192.0.2.61
_ssh._tcp.host1.wild 3600 IN SRV 0 0 22 host1.wild
_ssh._tcp.host2.wild 3600 IN SRV 0 0 22 host1.wild
subdel.wild          3600 IN NS  ns.provider.example.
"""

PEERS = ["named", "knotd", "pdns_server"]
QUESTIONS = [
    # the apex
    "@ SOA", "@ NS", "@ A", "@ AAAA", "@ MX", "@ TXT", "@ CAA", "@ DS", "@ SRV",
    # plain data, data of other types, types nobody knows
    "www A", "www AAAA", "www MX", "svc HTTPS", "odd TYPE65280", "odd A", "_sip._tcp SRV",
    # CNAMEs
    "first A", "first AAAA", "first TXT", "first CNAME", "out A", "out CNAME", "dangling A",
    "tosub A", "tostar A", "any.star A", "any.star CNAME",
    # names that are there without data, and names that are not
    "ent A", "a.ent TXT", "_tcp A", "deep.a.ent TXT", "gone A", "gone.www A", "x.a.ent TXT",
    # RFC 4592 section 2.2.1, in its order: five that are synthesised, then five that are not
    "host3.wild MX", "host3.wild A", "foo.bar.wild TXT", "*.wild TXT", "star.*x.wild TXT",
    "host1.wild MX", "sub.*.wild MX", "_telnet._tcp.host1.wild SRV", "host.subdel.wild A",
    "ghost.*.wild MX",
    # delegations
    "sub A", "sub NS", "deep.sub TXT", "ns.sub A", "sub DS", "plain DS", "x.sub DS", "plain A",
    # case, and what is not ours
    "WwW A", "FIRST A", "any.other.example. A",
]  # fmt: skip


ANY = ["www", "@", "out", "any.wild", "ent", "gone"]

# (peer, question) -> the parts in which it differs from the lab and the other two, and why.
DEVIATIONS = {
    ("pdns_server", "any.star CNAME"): (
        {"authority"},
        "4.7 adds a negative answer's SOA to a wildcard's CNAME that was itself asked for",
    ),
}


def question(text):
    name, rdtype = text.split()
    origin = from_text("shop.example")
    return (origin if name == "@" else from_text(name, origin)), rdtype


@pytest.fixture(scope="module")
def servers(shared_peers):
    """The addresses of the lab and the peers, by name; each started when first asked for."""
    with serve(Zone.from_text(TEXT), order="fixed", seed=1) as lab:
        running = {"lab": lab.address}

        def address(name):
            if name not in running:
                running[name] = shared_peers.authority(name, TEXT)
            return running[name]

        yield address


def said(server, asked, **options):
    return Said.of(send(server, query(*question(asked)), **options))


@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize("peer", PEERS)
def test_the_lab_answers_as_others_do(servers, peer, asked):
    ours, theirs = said(servers("lab"), asked), said(servers(peer), asked)

    parts, _ = DEVIATIONS.get((peer, asked), (set(), ""))
    assert ours.differs(theirs) == parts, (ours, theirs)


@pytest.mark.parametrize("server", ["lab", "named", "knotd"])
@pytest.mark.parametrize("name", ANY)
def test_any_is_answered_with_one_whole_rrset(servers, server, name):
    """RFC 8482 section 4.1 leaves the choice: the lab and BIND take the first, Knot another."""
    any_ = said(servers(server), f"{name} ANY")
    kinds = {rdtype for _, rdtype, *_ in any_.answer}

    assert len(kinds) == (0 if name in ("ent", "gone") else 1)
    for kind in kinds or {"A"}:
        assert any_ == said(servers("lab"), f"{name} {kind}")


@pytest.mark.parametrize("name", ANY)
def test_powerdns_answers_any_over_tcp_only(servers, name):
    """Its any-to-tcp truncates every such answer, the negative ones too; over TCP it has it all."""
    short = said(servers("pdns_server"), f"{name} ANY")
    whole = said(servers("pdns_server"), f"{name} ANY", tcp=True)

    assert (short.rcode, short.answer) == ("TC", frozenset())
    assert said(servers("lab"), f"{name} ANY").answer <= whole.answer


@pytest.mark.parametrize("server", ["lab", *PEERS])
def test_the_question_comes_back_in_its_own_case(servers, server):
    asked = query(*question("WwW A"))
    response = send(servers(server), asked)

    assert response.question[0].name.labels == asked.question[0].name.labels
