"""DNAMEs, and types that nobody can ask for, beside BIND.

The same questions, the same answers: rcode, AA, all records with their TTLs, the negative answer's
SOA. What BIND makes of a DNAME that leads back is its own: SERVFAIL, with a chain of twelve.
"""

import pytest
from dns.name import from_text

from lab_engine import Zone, serve

from .asking import Said, query, send

pytestmark = pytest.mark.witness

LONG = ".".join(letter * 60 for letter in "abc")
TEXT = f"""$ORIGIN campus.edu.
$TTL 500
@ SOA ns1.outside.edu. h 3 6048 86400 2419200 60
@ NS ns1.outside.edu.
bar 300 DNAME foo
bar TXT own
under.bar A 192.0.2.66
a.foo A 192.0.2.1
a.foo AAAA 2001:db8::1
c.foo CNAME a.foo
two DNAME bar
out DNAME example.net.
link CNAME a.bar
long DNAME {LONG[:120]}
*.star DNAME foo
"""
QUESTIONS = [
    *(f"a.bar {kind}" for kind in ("A", "AAAA", "TXT", "CNAME", "DNAME", "ANY")),
    *(f"bar {kind}" for kind in ("A", "TXT", "DNAME")),
    *("x.bar A", "under.bar A", "c.bar A", "p.q.bar A", "a.two A", "w.out A", "link A", "A.BaR A"),
    *("link CNAME", f"{LONG} A", f"{LONG}.long A", f"{LONG}.long CNAME"),
    *("q.star DNAME", "q.star A", "p.q.star A"),
]
META = ["AXFR", "IXFR", "MAILA", "MAILB", "OPT", "TSIG", "TKEY", "TYPE128", "TYPE200", "NULL"]


@pytest.fixture(scope="module")
def servers(shared_peers):
    with serve(Zone.from_text(TEXT), order="fixed") as lab:
        yield lab.address, shared_peers.authority("named", TEXT, "campus.edu", transfer="none")


def both(servers, name, rdtype, **options):
    asked = query(from_text(name, from_text("campus.edu")), rdtype)
    return [Said.of(send(server, asked, **options)) for server in servers]


@pytest.mark.parametrize("asked", QUESTIONS, ids=range(len(QUESTIONS)))
def test_the_lab_answers_as_bind_does(servers, asked):
    ours, theirs = both(servers, *asked.split())

    assert ours.differs(theirs) == set(), (ours, theirs)


@pytest.mark.parametrize("name", ["campus.edu.", "bar.campus.edu.", "example.org."])
@pytest.mark.parametrize("rdtype", META)
@pytest.mark.parametrize("tcp", [False, True])
def test_the_lab_refuses_types_that_are_no_data_as_bind_does(servers, name, rdtype, tcp):
    ours, theirs = both(servers, name, rdtype, tcp=tcp)

    assert ours.differs(theirs) == set(), (ours, theirs)
