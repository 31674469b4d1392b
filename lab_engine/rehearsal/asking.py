"""Whom a change concerns, and how many questions it costs the authority."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from lab_engine.authority.plan import Share, alike, replies
from lab_engine.authority.records import Client
from lab_engine.authority.server import plan
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.rehearsal import laws
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import Place
from lab_engine.simulation.prices import MILLION, MONTH, Prices, query_price
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import askers, due_from, profiles_of


@dataclass(frozen=True)
class Asked:
    """Questions to the authority.

    Attributes:
        before, after: a second, ahead of the first change and when all have followed the last.
        law_before, law_after: the same by the closed form; None where there is none.
        extra: how many more than without any change, from the first one to the end of the watch.
        watched: seconds of that.
        usd_before, usd_after: US dollars a month, for these questions alone.
        prices: from when the price list is, and what to know of it.
        clients, resolvers: of how many clients behind how many these are: fewer than a population
            has, where each request had to be played.
    """

    before: float
    after: float
    law_before: float | None
    law_after: float | None
    extra: float
    watched: float
    usd_before: float
    usd_after: float
    prices: str
    clients: int
    resolvers: int


def concerned(scenario: Scenario, one: int, other: int) -> float:
    """The part of all requests whose resolvers are told otherwise in one step than in another.

    Clients of one place count as one network, also where a resolver sends client subnets.
    """
    parts = [
        due_from(scenario, place) * part
        for place in scenario.places
        if place.share
        for _, part in profiles_of(scenario, place)
    ]
    pairs = zip(parts, told(scenario, one), told(scenario, other), strict=True)
    return math.fsum(part for part, *both in pairs if not alike(*both)) / math.fsum(parts)


def told(scenario: Scenario, index: int) -> tuple[tuple[Share, ...], ...]:
    """What the resolvers of each place and profile are told in one of the steps of a scenario."""
    _, step = scenario.steps[index]
    known = scenario.known_profiles
    return tuple(
        _told(step, place, known.recursive(name), peer) for place, name, peer in askers(scenario)
    )


def kept_together(scenario: Scenario, *indices: int) -> bool:
    """Whether all parts of each answer end together, so that a cache has all of it or nothing."""
    replies_ = (each.reply for i in indices for shares in told(scenario, i) for each in shares)
    return all(len({rrset.ttl for rrset in reply.answer}) < 2 for reply in replies_)


def led_elsewhere(
    scenario: Scenario, index: int, to: int, right_again: int | None = None
) -> Callable[[Outcome], Sequence[int]]:
    """How many requests of each bin are not led where one of the steps leads.

    Where that step leads elsewhere than all before, it is those that reach an address of these, or
    none where these have none: so a cache that keeps a CNAME and asks anew for what lies behind it
    is right, also where nothing lies there any more. Else it is those that an answer leads which
    left the authority before a change.

    Args:
        scenario: of the runs.
        index: the change, from 0.
        to: the step that leads where it is right.
        right_again: a change; what left the authority ahead of it is right, too.
    """
    right = frozenset(_addresses(told(scenario, to)))
    earlier = (frozenset(_addresses(told(scenario, step))) for step in range(index + 1))
    wrong = {each for each in earlier if each != right}
    others = frozenset[str]().union(*wrong)
    apart = bool(wrong) and not others & right
    if apart and math.isclose(concerned(scenario, index, index + 1), 1):
        return lambda outcome: _reaching(outcome, others, none=frozenset() in wrong)
    if right_again is None:
        return lambda outcome: outcome.stale[index]
    return lambda outcome: [
        late - early
        for late, early in zip(outcome.stale[index], outcome.stale[right_again], strict=True)
    ]


def _reaching(outcome: Outcome, addresses: Collection[str], *, none: bool) -> Sequence[int]:
    """How many requests of each bin reach one of these addresses, or, if that counts, none."""
    rows = [
        row
        for address, row in zip(outcome.addresses, outcome.requests, strict=True)
        if address in addresses
    ]
    if none:
        rows.append(outcome.failed)
    return [sum(column) for column in zip(*rows, strict=True)]


def _addresses(several: Iterable[Iterable[Share]]) -> Iterator[str]:
    for shares in several:
        for share in shares:
            yield from share.reply.addresses


def _told(
    step: Scenario, place: Place, profile: RecursiveProfile, peer: Client
) -> tuple[Share, ...]:
    client = peer
    if profile.ecs is not None:
        client = Client(ip_network(place.network), "ecs").by(peer)
    return replies(plan(step.zone, step.question, client, step.state))


def asked(
    scenario: Scenario,
    outcomes: Sequence[Outcome],
    between: tuple[float, float],
    ttls: tuple[int | None, int | None],
    cycle: int | None,
) -> Asked:
    """What some runs asked.

    Args:
        scenario: theirs.
        outcomes: what came of them.
        between: seconds of the watch: the first change, and when all have followed the last.
        ttls: those of the answers ahead of the changes and after them, where a closed form holds.
        cycle: the TTL in the end: whoever followed within a minute asks again together, so it is
            whole cycles that tell a rate.
    """
    width = outcomes[0].bin
    first, last = (math.ceil(round(each / width, 6)) for each in between)
    rows = [each.queries for each in outcomes]
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    begun = mean[:first] or mean[:1]
    left = (len(mean) - min(last, len(mean) - 1)) * width
    whole = left // cycle * cycle if cycle and left >= cycle else left
    settled = mean[-max(1, round(whole / width)) :]
    before, after = (sum(each) / len(each) / width for each in (begun, settled))
    watched = (len(mean) - first) * width
    extra = sum(mean[first:]) - before * watched
    rates, prices = laws.rates(scenario), Prices()
    law_before, law_after = (None if ttl is None else laws.queries(ttl, rates) for ttl in ttls)
    usd_before, usd_after = (
        rate * MONTH / MILLION * query_price(step, prices)
        for rate, step in ((before, scenario.steps[0][1]), (after, scenario.steps[-1][1]))
    )
    said = f"prices of {prices.as_of}, {prices.caveat}"
    return Asked(
        before,
        after,
        law_before,
        law_after,
        extra,
        watched,
        usd_before,
        usd_after,
        said,
        scenario.clients.count,
        sum(rates.values()),
    )
