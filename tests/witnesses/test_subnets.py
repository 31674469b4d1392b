"""Unbound's subnet cache in front of the lab: an answer is kept for its scope, and no further.

Unbound 1.17 with `subnetcache iterator` sends /24 upstream at most. Whether it asked is read in the
lab's log: an answer from its cache does not get there.
"""

import pytest

from lab_engine import Zone, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.policies import Geolocation, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State

from .asking import addresses, query, scope, send

pytestmark = pytest.mark.witness

FRANCE, JAPAN, ANY = "192.0.2.11", "192.0.2.12", "192.0.2.13"
PLACES = {
    "198.18.0.0/17": Place("FR"),
    "198.18.128.0/17": Place("JP"),
    "198.51.100.64/26": Place("DE"),
}


def member(name, address, policy):
    return RecordSet.of(name, "A", address, 300, policy=policy, set_identifier=address)


@pytest.fixture
def lab():
    zone = Zone.of(
        "shop.example",
        [
            member("geo", FRANCE, Geolocation(CountryCode="FR")),
            member("geo", JAPAN, Geolocation(CountryCode="JP")),
            member("geo", ANY, Geolocation(CountryCode="*")),
            member("some", FRANCE, Geolocation(CountryCode="FR")),
            member("fine", FRANCE, Geolocation(CountryCode="DE")),
            member("fine", ANY, Geolocation(CountryCode="*")),
            member("same", FRANCE, Weighted(1)),
            member("same", JAPAN, Weighted(1)),
        ],
    )
    with serve(zone, seed=1) as server:
        server.authority.state = State(atlas=Atlas(PLACES))
        yield server


@pytest.fixture
def asked(peers, lab):
    """What Unbound answers for a name and a client's network, and how often it asked the lab."""
    resolver = peers.resolver("unbound", lab, subnets=True)

    def asking(name, subnet):
        before = len(lab.log)
        response = send(resolver, query(f"{name}.shop.example", "A", subnet, recurse=True))
        return addresses(response), scope(response), len(lab.log) - before

    return asking


def test_a_second_question_from_the_same_scope_is_answered_from_the_cache(asked):
    assert asked("geo", "198.18.1.0/24") == ((FRANCE,), 17, 1)

    assert asked("geo", "198.18.1.0/24") == ((FRANCE,), 17, 0)
    assert asked("geo", "198.18.99.0/24") == ((FRANCE,), 17, 0)


def test_a_question_from_another_scope_is_asked_anew(asked):
    asked("geo", "198.18.1.0/24")

    assert asked("geo", "198.18.200.0/24") == ((JAPAN,), 17, 1)
    assert asked("geo", "8.8.8.0/24") == ((ANY,), 1, 1)
    assert asked("geo", "9.9.9.0/24") == ((ANY,), 1, 0)
    assert asked("geo", "198.18.1.0/24") == ((FRANCE,), 17, 0)


def test_an_answer_of_scope_zero_is_for_everybody(asked):
    """One draw of a weighted group serves the whole world behind this resolver."""
    (first, _, upstream) = asked("same", "198.18.1.0/24")
    others = [asked("same", subnet) for subnet in ("198.18.200.0/24", "203.0.113.0/24")]

    assert upstream == 1
    assert others == [(first, 0, 0)] * 2


def test_no_answer_is_for_everybody_too(asked):
    """Geolocation without a default: after one NODATA the French get none either."""
    assert asked("some", "198.18.200.0/24") == ((), 0, 1)

    assert asked("some", "198.18.1.0/24") == ((), 0, 0)


def test_what_is_finer_than_the_subnet_that_is_sent_is_lost(asked):
    """A quarter of this /24 is Germany. Who asks first decides for all of it: RFC 7871 7.3.1."""
    assert asked("fine", "198.51.100.0/24") == ((ANY,), 24, 1)

    assert asked("fine", "198.51.100.64/26") == ((ANY,), 24, 0)
