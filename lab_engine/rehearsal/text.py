"""A rehearsal as a page to read in a terminal."""

import math
from collections.abc import Iterable, Iterator

from lab_engine.rehearsal.advice import Advice
from lab_engine.rehearsal.answers import Answers, Rehearsed
from lab_engine.rehearsal.asking import Asked
from lab_engine.rehearsal.cases import Case
from lab_engine.rehearsal.curves import Times
from lab_engine.rehearsal.deaths import Death
from lab_engine.rehearsal.following import Followed
from lab_engine.rehearsal.populations import Population, Told
from lab_engine.simulation.outages import Parts
from lab_engine.views.theme import seconds

WIDTH = 18  # letters of a population's name
SHOWN = 20  # differences, and findings, that are printed whole
FEW = 200  # caches of which a median may be off by a tenth of the TTL, as the largest weigh most
NEVER = (
    "Who asks only once is in none of these: a name written out in nginx, gRPC while its\n"
    "connections live, a JVM told to keep answers for ever. Restart those."
)


def as_text(found: Answers) -> str:
    """All of it, in sections."""
    sections = (
        _heading(found),
        _section("What changes, and for whom", _changes(found)),
        _section("When requests have followed", _followed(found)),
        _section("What it costs in questions to the authority", _costs(found)),
        _section("If it is taken back", _back(found)),
        _section("If an endpoint dies after the change", _deaths(found)),
        _section("What lint says of the zone after the change", _findings(found)),
        _section("How nobody would be left behind", _advice(found)),
        _section("For whom this holds", _populations(found)),
    )
    return "\n\n".join("\n".join(each) for each in sections if each)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"  {line}" if line else line for each in lines for line in each.split("\n")]
    return [title, *body] if body else []


def _heading(found: Answers) -> list[str]:
    return [*summary(found)]


def summary(found: Answers) -> Iterator[str]:
    """What is rehearsed, in a line, and what is not as it usually is."""
    steps = found.steps
    origin = steps.before.origin
    names = len({(each.name, each.type) for each in found.differences})
    times = ", ".join(f"{at:g} s" for at, _ in steps.changes)
    count = len(steps.changes)
    said = f"{count} change{'s' * (count > 1)} at {times} from now"
    yield f"{origin} {said}: {_count(names, 'question')} answered otherwise in the end"
    if not found.names and not found.others:
        yield "Nothing changes: no client is told anything else, so nobody is simulated."
    if not found.steered:
        yield "No name of this zone is steered: all of its routing is simple, and no health check"
        yield "decides an answer. What changes, and how TTLs pass it on, stands below all the same."


def _changes(found: Answers) -> Iterator[str]:
    for each in found.differences[:SHOWN]:
        yield str(each)
    if len(found.differences) > SHOWN:
        yield f"... and {len(found.differences) - SHOWN} more"


# --- following ------------------------------------------------------------------------------------


def _followed(found: Answers) -> Iterator[str]:
    for each in found.names:
        for step in dict.fromkeys(one.change for one in each.followed):
            yield from _step(each, step)
        if not each.followed:
            yield f"{each.case.name} {each.case.type}: nobody of these is told anything else"
    for case in found.others:
        yield f"{case.name} {case.type}{alike(case)}: not simulated; {by_ttl(case)}"
    if found.names:
        yield NEVER


def _step(each: Rehearsed, step: int) -> Iterator[str]:
    several = [one for one in each.followed if one.change == step]
    old, new = each.case.ttl_before(step), each.case.ttl_after(step)
    ttl = "" if old is None else f", TTL {old} s" + (f" -> {new} s" if new != old else "")
    moment = f"{each.case.name} {each.case.type}{alike(each.case)}, at {several[0].at:g} s{ttl}"
    yield f"{moment}: of the requests it concerns, seconds until"
    yield f"{'':<{WIDTH}}{'50 %':>9}{'90 %':>9}{'99 %':>9}   have followed"
    for one in several:
        whole = "" if math.isclose(one.concerned, 1) else f"   concerns {one.concerned:.0%}"
        yield f"{one.population:<{WIDTH}}{_times(one.times, one.watched)}{whole}{rough(one)}"
        if one.law is not None:
            yield f"{'  by the law':<{WIDTH}}{_times(one.law, one.watched)}"


def rough(found: Followed) -> str:
    """What to know where few caches decided."""
    return f"   rough: of {found.caches} caches" if found.caches < FEW else ""


def _times(found: Times, watched: float) -> str:
    late = f"> {watched:.0f}"
    return "".join(f"{late if each is None else f'{each:.0f}':>9}" for each in found)


def by_ttl(case: Case) -> str:
    """What TTLs alone say of when a change has been followed."""
    known = [ttl for step in case.steps for each in step for ttl in each.before.ttls]
    if not known:
        return "no TTL is told before, so nothing older is kept"
    ttl = max(known)
    return (
        f"caches that keep to its TTL of {ttl} s and are asked all the time have followed to "
        f"50, 90, 99 % after {ttl / 2:g}, {0.9 * ttl:g}, {0.99 * ttl:g} s"
    )


def alike(case: Case) -> str:
    """How many more names change alike."""
    more = len(case.alike)
    return f" and {more} more alike ({', '.join(case.alike[:3])}{', ...' * (more > 3)})" * (
        more > 0
    )


def _costs(found: Answers) -> Iterator[str]:
    for each in found.names:
        yield f"{each.case.name} {each.case.type}{alike(each.case)}, each"
        for name, cost in each.asked.items():
            first, *others = rates(cost)
            yield f"{name:<{WIDTH}}{first}"
            yield from (f"{'':<{WIDTH}}{line}" for line in others)
    if found.names:
        cost = next(iter(found.names[0].asked.values()))
        yield f"({cost.prices}; queries for aliases to AWS endpoints are free)"


def rates(cost: Asked) -> tuple[str, ...]:
    """What one population asks, in words: for ever, and until all have followed."""
    law = [f"{each:.2f}" for each in (cost.law_before, cost.law_after) if each is not None]
    said = f" (law {' -> '.join(law)})" if law else ""
    more = "more" if cost.extra >= 0 else "fewer"
    usd = f"{cost.usd_before:.2f} -> {cost.usd_after:.2f} USD a month"
    people = f"{cost.clients:,} clients behind {_count(cost.resolvers, 'resolver')}"
    return (
        f"{cost.before:.2f} -> {cost.after:.2f} a second{said}; {usd}",
        f"{abs(cost.extra):,.0f} {more} in the first {cost.watched:,.0f} s; for {people}",
    )


def _back(found: Answers) -> Iterator[str]:
    for each in found.names:
        if each.case.moves is None:
            yield f"{each.case.name} {each.case.type}: only TTLs change, so nobody is led astray"
        for one in each.rolled_back[:1]:
            yield (
                f"{each.case.name} {each.case.type}, after {one.after / 60:g} min: how many are "
                "astray at once, and seconds until"
            )
            head = f"{'50 %':>9}{'90 %':>9}{'99 %':>9}"
            yield f"{'':<{WIDTH}}{'astray':>9}{head}   are back"
        for one in each.rolled_back:
            late = _times(one.times, one.watched)
            yield f"{one.population:<{WIDTH}}{one.at_once:>9.0%}{late}"
            if one.law is not None:
                yield f"{'  by the law':<{WIDTH}}{'':>9}{_times(one.law, one.watched)}"
        for one in each.rolled_back[:1]:
            yield f"No cache that keeps to TTLs is astray after {one.longest} s."


# --- outages --------------------------------------------------------------------------------------


def _deaths(found: Answers) -> Iterator[str]:
    before = None
    for each in found.deaths:
        if each.endpoint != before:
            yield f"{each.endpoint}: seconds that clients are led there, of those who are"
            yield f"{'':<{WIDTH}}{'p50':>9}{'p95':>9}{'p99':>9}{'worst':>9}"
        before = each.endpoint
        yield from _death(each)


def _death(each: Death) -> Iterator[str]:
    if not each.led:
        yield f"{each.population:<{WIDTH}}nobody is led there while all else is well"
        return
    some = "" if each.led > 0.995 else f"   of {each.led:.0%}"
    still = f"; {each.open:.0%} still are after {each.watched:.0f} s" if each.open else ""
    yield f"{each.population:<{WIDTH}}{_quantiles(each.quantiles, each.watched)}{some}{still}"
    if each.law is not None:
        yield f"{'  by the law':<{WIDTH}}{_quantiles(each.law, each.watched)}"
    for name, parts in each.parts:
        yield f"{'':<{WIDTH}}{name}: {said(parts)}"


def _quantiles(found: Iterable[float], watched: float) -> str:
    return "".join(f"{outage(each, watched):>9}" for each in found)


def outage(seconds: float, watched: float) -> str:
    """One of them: of those who are led there to the end of the watch, how long that is."""
    return f"> {watched:.0f}" if math.isinf(seconds) else f"{seconds:.0f}"


def said(parts: Parts) -> str:
    """Whose seconds they are, in words."""
    named = parts._asdict().items()
    return ", ".join(f"{name} {seconds(round(part, 1))}" for name, part in named if part > 0.05)


# --- what stands beside it ------------------------------------------------------------------------


def _findings(found: Answers) -> Iterator[str]:
    for each in found.findings[:SHOWN]:
        yield f"{'NEW  ' * (each in found.new)}{each}"
    more = len(found.findings) - SHOWN
    if more > 0:
        yield f"... and {more} more"
    old = len(found.findings) - len(found.new)
    yield f"{_count(len(found.new), 'new finding')}, {old} that {_were(old)} there before"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _advice(found: Answers) -> Iterator[str]:
    for each in found.advice:
        yield advised(each)
        yield f"This schedule leaves none (questions are those of '{each.population}'):"
        yield str(each.plan)


def advised(each: Advice) -> str:
    """Why a schedule is needed, in words."""
    more = len(each.names) - 3
    names = ", ".join(each.names[:3]) + f" and {more} more" * (more > 0)
    return (
        f"{names}: as given, {each.straggling:.0%} of the busy caches hold an older answer\n"
        f"a minute after the change, since its TTL is {each.plan.old_ttl} s."
    )


def _populations(found: Answers) -> Iterator[str]:
    for each in found.populations:
        yield f"{each.name}: {people(each)}"
        yield from (f"  {profile(one)}" for one in found.profiles[each.name])
        if each.assumed:
            yield f"  Assumed: {each.assumed}."
        if each.unused:
            yield f"  Of that file, {', '.join(each.unused)} say nothing of who asks: not used."
    yield f"Seed {found.seed}; numbers are means over many runs with other dice."


def people(population: Population) -> str:
    """How many there are."""
    clients, resolvers = population.toy.clients, population.toy.resolvers
    fewer = ", fewer where each request must be played" if population.elastic else ""
    return (
        f"{clients.count:,} clients that ask {clients.rate:g} times a second each, behind "
        f"{len(resolvers.volumes) or resolvers.count:,} resolvers{fewer}"
    )


def profile(told: Told) -> str:
    """A profile with its source, in words."""
    changed = "".join(f", {name} {value:g}" for name, value in told.changed.items())
    like = f" (like {told.like}{changed})" if told.name != told.like else ""
    return (
        f"{told.part:.0%} of the {told.who}: {told.name}{like}: {told.does}. "
        f"Source: {told.source}; {told.sureness}."
    )


def _count(number: int, noun: str) -> str:
    return f"{f'{number:,}' if number else 'no'} {noun}{'s' * (number != 1)}"
