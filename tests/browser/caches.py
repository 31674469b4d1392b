"""Made-up holdings over a real run, so that tiles can be driven without any engine's holdings.

It is copied beside the test notebooks and imported by their kernels. Each cache is busy: it asks
again the moment its copy has run out, and holds one address, or the whole set, for a TTL. A cache
whose number is divisible by `lazy` lies empty for a quarter of the time.
"""

import dataclasses
import functools
from random import Random

from lab_engine.authority.zone import Zone
from lab_engine.caches.crowds import zipf_shares
from lab_engine.simulation import Clients, Outcome, Resolvers, Scenario, run
from lab_engine.simulation.outcome import Holder, Holding

ZONE = """
$ORIGIN shop.example.
@    900 SOA ns1 hostmaster 1 7200 900 1209600 60
@    300 NS  ns1
ns1  300 A   192.0.2.53
www  300 A   192.0.2.1
www  300 A   192.0.2.2
www  300 A   192.0.2.3
"""


def shop(resolvers: int = 20, ttl: int = 300, profile: str = "frozen") -> Scenario:
    """An hour of three servers behind that many resolvers."""
    zone = Zone.from_text(ZONE)
    crowd = Clients(10_000, rate=0.01)
    made = Scenario(zone, "www", clients=crowd, resolvers=Resolvers(resolvers, profile=profile))
    return made.set("zone.www.ttl", ttl)


def watched(
    scenario: Scenario, holdings: int = 200, *, holders: str = "resolvers", lazy: int = 5
) -> Outcome:
    """The outcome of a run, with holders and holdings for that many of the largest caches."""
    assert holders == "resolvers"
    outcome = run(scenario)
    count = scenario.resolvers.count
    shares = zipf_shares(count, scenario.resolvers.skew)[:holdings]
    holders = tuple(Holder(f"resolver {i + 1}", "", float(s)) for i, s in enumerate(shares))
    held = [each for i in range(len(holders)) for each in _held(scenario, outcome, i, lazy)]
    return dataclasses.replace(outcome, holders=holders, holdings=tuple(held))


def _held(scenario: Scenario, outcome: Outcome, holder: int, lazy: int) -> list[Holding]:
    dice, ttl = Random(1000 * scenario.seed + holder), scenario.get("zone.www.ttl")
    pause = ttl / 3 if lazy and holder % lazy == lazy - 1 else 0.0
    whole = scenario.resolvers.profile != (("frozen", 1.0),)
    at, held = -dice.random() * ttl, []
    while ttl and at < scenario.duration:
        chosen = outcome.addresses if whole else (dice.choice(outcome.addresses),)
        shares = tuple((server, 1 / len(chosen)) for server in chosen)
        held.append(Holding(holder, at, at + ttl, shares))
        at += ttl + pause
    return held


watched_200 = functools.partial(watched, holdings=200)
