"""What the population engine cannot do exactly, in words.

Its domain: Poisson requests, caches that do not know of each other, and no feedback. Health paths
are simulated first and are epochs like any others, so they are no reason.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from random import Random

from lab_engine.authority.plan import Share
from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.errors import ScenarioError
from lab_engine.simulation.epochs import Epoch, epochs
from lab_engine.simulation.parts import Arrivals, Place
from lab_engine.simulation.population.answers import (
    check_addresses,
    servers,
    takes_turns,
)
from lab_engine.simulation.population.copies import Column, listable
from lab_engine.simulation.population.kinds import kinds
from lab_engine.simulation.population.pools import Block, blocks, told
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import askers, rate_of, share_resolvers

Told = list[tuple[RecursiveProfile, tuple[tuple[Share, ...], ...]]]
"""The profiles of resolvers with what they are told in each epoch."""


def reasons(scenario: Scenario) -> tuple[str, ...]:
    """Why the engine cannot run a scenario exactly; empty where it can.

    Raises:
        ScenarioError: no answer has an address, so there is nothing to steer.
    """
    found = [*_of_the_world(scenario), *_of_clients(scenario)]
    holding = epochs(scenario, Random(scenario.seed))
    known = scenario.known_profiles
    asking = [(place, known.recursive(profile)) for place, profile, _ in askers(scenario)]
    try:
        divided = [(profile, blocks(place, profile, holding)) for place, profile in asking]
    except ScenarioError as wrong:
        return (*found, str(wrong))
    pools = [(profile, told(block)) for profile, several in divided for block in several]
    shares = [share for _, each in pools for epoch in each for share in epoch]
    check_addresses(scenario, servers(shares))
    found += _of_subnets(divided)
    found += _of_answers(scenario, holding, pools)
    return tuple(dict.fromkeys(found))


def _of_the_world(scenario: Scenario) -> Iterator[str]:
    """What is between clients, servers and the authority."""
    steps = [step for _, step in scenario.steps]
    rates = {rate_of(scenario, place) for place in scenario.peopled}
    rules = (
        (scenario.clients.arrivals is not Arrivals.POISSON, "requests are not Poisson"),
        (scenario.balancer is not None, "a balancer chooses who gets each request"),
        (bool(scenario.layers), "caches stand between clients and resolvers"),
        (share_resolvers(scenario), "places share a resolver"),
        (len(rates) > 1, "clients of some places ask at a rate of their own"),
        (
            any(server.capacity < float("inf") for server in scenario.backends),
            "servers refuse what is too much, and health may follow load",
        ),
        (not all(step.reachable for step in steps), "the authority is out of reach for a while"),
    )
    yield from (reason for broken, reason in rules if broken)


def _of_clients(scenario: Scenario) -> Iterator[str]:
    """Clients whose next request depends on more than what they hold."""
    for text, chain in scenario.chains.items():
        if len(chain) == 2 and not _stacked(*chain):
            yield f"{text} is no fixed lifetime over os-cache"
        yield from (reason for each in chain for reason in _of_client(each, scenario))


def _stacked(application: ClientProfile, system: ClientProfile) -> bool:
    """Whether this is the one pair that it knows."""
    return bool(application.lifetime) and system.obedient and system.use is Use.AS_GIVEN


def _of_client(profile: ClientProfile, scenario: Scenario) -> Iterator[str]:
    rules = (
        (profile.idle > 0, "keeps connections open"),
        (profile.grace > 0, "renews its answers after they have expired"),
        (profile.polls, "asks at set times of its own"),
        (profile.asks_after_failure is not None, "asks again after failed connections"),
        (profile.hold > 0, "keeps old answers where look-ups fail"),
        (profile.keeps > 1, "keeps some of the addresses"),
        (profile.use in (Use.IN_TURN, Use.RANDOM_START), "turns the order at each connection"),
        (_sorts(profile.use, scenario), "sorts addresses by the nearness to its own"),
    )
    yield from (f"{profile.name} {reason}" for broken, reason in rules if broken)


def _sorts(use: Use, scenario: Scenario) -> bool:
    """Whether RFC 6724 rule 9 may change an order: for IPv4 only within the client's subnet."""
    if use not in (Use.RFC_6724, Use.RFC_6724_V6):
        return False
    if scenario.type == "AAAA":
        return True
    texts = [text for _, step in scenario.steps for each in step.zone for text in each.texts]
    near = any(_within(text, place) for text in texts for place in scenario.places)
    return use is Use.RFC_6724 and near


def _within(text: str, place: Place) -> bool:
    try:
        return ip_address(text) in ip_network(place.network)
    except ValueError:
        return False


def _of_subnets(divided: list[tuple[RecursiveProfile, list[Block]]]) -> Iterator[str]:
    """Entries of one resolver that overlap."""
    for profile, found in divided:
        if profile.ecs is None:
            continue
        if any(len({plan.scope for plan in block.plans}) > 1 for block in found):
            yield "client subnets have other scopes after a change"
        if len(found) > 1 and any(block.scope == 0 for block in found):
            yield "answers for everybody lie beside those for client subnets"


def _of_answers(scenario: Scenario, holding: tuple[Epoch, ...], pools: Told) -> Iterator[str]:
    """Copies that cannot be listed, or that depend on each other."""
    hasty = not all(kind.tries_next for kind in kinds(scenario))
    manners = (True, False) if hasty else (True,)
    columns = tuple(
        {Column.of(epoch.scenario, tries_next=each) for epoch in holding for each in manners}
    )
    rules = (
        (
            not all(
                listable(each, scenario.order, profile, columns)
                for profile, several in pools
                for each in several
            ),
            "there are too many orders of its addresses, some of which die, to list them",
        ),
        (
            _vanish(scenario, pools) and any(kind.tries_next for kind in kinds(scenario)),
            "clients wait for an address that vanishes before they try the next",
        ),
        (_splices(pools), "some answers come over a CNAME, and others do not or over another"),
        (_outlived(pools), "answers come over a CNAME that outlives them, and is kept meanwhile"),
        (_half_kept(pools), "resolvers with whole-second clocks keep only some of the answers"),
    )
    yield from (reason for broken, reason in rules if broken)
    if scenario.order == "cyclic":
        yield from _of_turns(scenario, holding, pools)


def _vanish(scenario: Scenario, pools: Told) -> bool:
    """Whether an address may be a black hole that stands beside others in an answer."""
    named = {address for _, step in scenario.steps for address in step.down}
    gone = named & (scenario.hanging - scenario.connecting)
    return any(
        len(share.reply.addresses) > 1 and gone.intersection(share.reply.addresses)
        for _, several in pools
        for part in several
        for share in part
    )


def _of_turns(scenario: Scenario, holding: tuple[Epoch, ...], pools: Told) -> Iterator[str]:
    """A cyclic authority has one counter for each set, whoever asks."""
    each = [
        (epoch, part) for _, several in pools for epoch, part in zip(holding, several, strict=True)
    ]
    turning = [takes_turns(part, epoch.scenario) for epoch, part in each]
    alike = all(len({several[at] for _, several in pools}) == 1 for at in range(len(holding)))
    if (
        not all(turning)
        and any(len(share.reply.addresses) > 1 for _, part in each for share in part)
    ) or (any(turning) and not alike):
        yield "a cyclic authority takes turns within several replies"
    lives = [
        _life(profile, share) - profile.whole_seconds
        for profile, several in pools
        for part in several
        for share in part
    ]
    asked_at_once = len(pools) > 1 or len(holding) > 1 or len(scenario.chains) > 1
    if (
        any(turning)
        and min(lives) <= 0
        and (asked_at_once or any(p.whole_seconds for p, _ in pools))
    ):
        yield "a cyclic authority takes turns, and some answers are hardly kept"
    if any(turning) and any(profile.renewal(2**31 - 1) for profile, _ in pools):
        yield "a cyclic authority takes turns, and resolvers renew answers before they expire"


def _life(profile: RecursiveProfile, share: Share) -> int:
    return profile.lifetime(profile.limits.applied(share.reply).ttl or 0)


def _half_kept(pools: Told) -> bool:
    return any(
        profile.whole_seconds and len({_life(profile, share) == 0 for share in several[0]}) > 1
        for profile, several in pools
    )


def _splices(pools: Told) -> bool:
    """Resolvers keep the parts of a chain each for itself, and put them together as they are."""
    chains = {
        share.reply.answer[:-1]
        for _, several in pools
        for part in several
        for share in part
        if share.reply.answer
    }
    return len(chains) > 1


def _outlived(pools: Told) -> bool:
    """Whether a resolver asks again only for what a CNAME leads to."""
    kept = (
        profile.limits.applied(share.reply)
        for profile, several in pools
        for part in several
        for share in part
    )
    return any(rrset.ttl > (each.ttl or 0) for each in kept for rrset in each.answer[:-1])
