"""The clients we know in a failover: what each adds to the seconds of the authority and the TTL.

The name moves at the moment of the death, with a TTL of 5 s; so nothing is detection, 5 s at most
are the cache's, and the rest is the client's own. Times of real failovers stand at the end.
"""

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.parts import Backend, ScheduledChange
from tests.counts import long_but

from .seeds import shifted

A, B, AT, END = "192.0.2.1", "192.0.2.2", 60, 300


def outage(profile, failure="refused", rate=1.0):
    """Forty clients of a kind, each behind a resolver of its own."""
    before, after = (Zone.of("shop.example", [RRset.of("www", "A", each, 5)]) for each in (A, B))
    given = Scenario(
        before,
        "www",
        clients=Clients(40, rate, profile),
        resolvers=Resolvers(40, 0),
        backends=(Backend(A, fails=failure),),
        schedule=(ScheduledChange(AT, "down", [A]), ScheduledChange(AT, "zone", after)),
        duration=END,
        bin=20,
        window=20,
        seed=shifted(1),
    )
    (found,) = run(given, "events").outages
    return found


OWN = {  # seconds beyond the TTL, at most: what sheets and source codes say of them
    "none": 0,
    "glibc": 0,
    "musl": 0,
    "systemd-resolved": 0,
    "macos": 0,
    "windows": 0,
    "nginx": 0,
    "node": 0,
    "envoy-strict": 5,
    "haproxy": 10,
    "jvm": 30,
    "jvm/os-cache": 30,
    "grpc": 30,
    "curl": 60,
    "chrome-builtin": 60,
    "firefox": 120,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "profile",
    long_but(OWN, "none", "windows", "envoy-strict", "haproxy", "jvm/os-cache", "curl", "firefox"),
)
def test_a_client_adds_what_it_keeps_beyond_the_ttl(profile):
    found = outage(profile)

    worst = max(parts.client for parts in found.parts)
    assert worst <= OWN[profile] + 1e-6
    assert max(parts.cache for parts in found.parts) <= 5
    assert {(parts.detection, parts.publication) for parts in found.parts} == {(0, 0)}


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "least"), [("haproxy", 4), ("jvm", 20)])
def test_and_some_of_them_nearly_all_of_it(profile, least):
    assert max(parts.client for parts in outage(profile).parts) > least


@pytest.mark.parametrize("profile", ["chrome-builtin", "curl", "firefox"])
def test_who_asks_rarely_has_no_connection_to_break_and_an_old_answer(profile):
    """With 12 s between requests the answer of a lifetime is used up, connections or not."""
    found = outage(profile, rate=1 / 12)

    assert found.mean < 60
    assert max(seconds for seconds, _ in found.lasted) <= 5 + OWN[profile]


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["go", "python"])
def test_a_pool_of_connections_stays_with_errors_and_not_with_refusals(profile):
    """An HTTP 500 closes nothing: whoever asks each second is there to the end of the watch."""
    stays, moves = outage(profile, "5xx"), outage(profile)

    assert moves.quantiles(0.99)[0] <= 5
    assert stays.quantiles(0.05)[0] > (END - AT) / 2
    assert stays.mean_parts().client > 0.9 * stays.mean - 5


def test_published_times_are_those_of_the_law():
    """30 s x 3 is "about 90 s" (Apigee); "60 to 65 s" need a threshold of 1; 10 s x 3 at TTL 5."""
    default = theory.Failover(30, 3, ttl=0).outage
    folklore = theory.Failover(30, 1, ttl=30, publication=5, checkers=1).outage
    quick = theory.Failover(10, 3, ttl=5).outage

    assert default.shortest < 90 <= default.longest
    assert folklore.longest == 65
    assert theory.Failover(30, 3, ttl=30, publication=5, checkers=1).outage.shortest == 65
    assert 20 < quick.mean < 35


def test_a_dozen_checkers_or_sixteen_differ_by_little():
    """A dozen or so in AWS's words, 15 by a request every two seconds, 16 by two a Region."""
    means = [theory.Failover(30, 3, 60, checkers=count).outage.mean for count in (12, 15, 16)]

    assert max(means) - min(means) < 2
