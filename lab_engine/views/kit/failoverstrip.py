"""The strip of a failover: servers, each checker, the answer, and the requests that fail.

Made from an outcome of either engine. A row is a checker: dark while it says unhealthy, until more
than 82 of 100 do. With the scenario it shows what the authority answers and what caches hold, too.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from lab_engine.authority.health import MORE_THAN_PERCENT
from lab_engine.authority.plan import replies
from lab_engine.authority.server import plan
from lab_engine.errors import LabError
from lab_engine.simulation import Scenario
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.outcome import Outcome
from lab_engine.views.theme import number, seconds, sign

from .strip import Bar, Lamps, Lane, Mark, Moment, Strip

SERVERS, CHECKERS, VERDICT, _FAILED = "servers", "checkers", "verdict", "requests"
_ANSWER, _CACHES = "answer", "caches"
_EDGES = (0.02, 0.5)  # parts of a bin's requests: above which some of them fail, or most


def failover_strip(  # noqa: PLR0913  (each is one thing an author may want to say)
    outcome: Outcome,
    check: str = "",
    *,
    scenario: Scenario | None = None,
    between: tuple[float, float] | None = None,
    begin: float | None = None,
    title: str = "Who knows what, and when",
) -> Strip:
    """A failover in lanes over time.

    Args:
        outcome: of a run with checkers.
        check: the id of a health check; without it, the first that changed its mind.
        scenario: what was run, for what the authority answers, and what the caches hold that the
            run was told to watch (`holdings`); without it, the verdict stands in their place.
        between: seconds of the watch; all of it, without.
        begin: where the playhead stands at first; at the end, without.
        title: what stands above it.

    Raises:
        LabError: no checker of this check changed its mind, or the scenario has no such check.
    """
    chosen = _chosen(outcome, check, scenario)
    start, end = between or (0.0, outcome.ended)
    count = _count(outcome, chosen, scenario)
    shown = _shown(outcome, chosen, scenario, end)
    marks = (
        *deaths(outcome, end),
        *minds(outcome, chosen, count, end),
        *shown,
        *_failures(outcome),
    )
    caches = len(outcome.holders) if scenario else 0
    beside = (Lane(_CACHES, rows=caches),) if caches > 1 else ()
    moments = [*_moments(outcome, start, end, _CACHES if beside else "")]
    lanes = (
        Lane(SERVERS),
        Lane(CHECKERS, rows=max(2, count)),
        Lane(_ANSWER if scenario else VERDICT),
        *beside,
        Lane(_FAILED),
    )
    return Strip(
        title=title,
        lanes=lanes,
        marks=(*(each for bar in marks for each in cut(bar, start, end)), *moments),
        start=start,
        end=end,
        sentence=_sentence(outcome, chosen, count),
        servers=outcome.addresses,
        hint=_hint(outcome, chosen, count, scenario),
        lamps=_lamps(outcome, count, shown, caches) if scenario else (),
        begin=begin,
    )


def _chosen(outcome: Outcome, check: str, scenario: Scenario | None) -> str:
    """The check that is shown."""
    known = list(dict.fromkeys(each.check for each in outcome.minds))
    if scenario is not None and scenario.checkers is not None:
        named = (each.health_check_id for each in scenario.zone if each.health_check_id)
        known = list(dict.fromkeys([*known, *named]))
    chosen = check or next(iter(known), "")
    if chosen not in known:
        remedy = f"Choose of {', '.join(known) or 'none: let a server with a check die'}."
        raise LabError(chosen or "No check", "was never of another mind in this run", remedy)
    return chosen


def _count(outcome: Outcome, check: str, scenario: Scenario | None) -> int:
    """How many checkers it has: as the scenario says, or as many as changed their mind."""
    if scenario is not None and scenario.checkers is not None:
        return scenario.checkers.count
    return 1 + max(each.checker for each in outcome.minds if each.check == check)


def _needed(count: int) -> int:
    """How many of so many checkers must say unhealthy."""
    return count - MORE_THAN_PERCENT * count // 100


def _shown(outcome: Outcome, check: str, scenario: Scenario | None, end: float) -> tuple[Bar, ...]:
    """What stands between the checkers and the requests."""
    if scenario is None:
        return tuple(verdicts(outcome, check, end))
    answers = tuple(_answers(scenario, outcome, end))
    held = _copies(outcome, answers) if len(outcome.holders) > 1 else ()
    return (*answers, *held)


def _answers(scenario: Scenario, outcome: Outcome, end: float) -> Iterator[Bar]:
    """What the authority answers, by what it has learned of the checks; the likeliest of several.

    That a copy of it lives on is another lane.
    """
    steps = scenario.steps
    times = sorted({at for at, _ in steps} | {each.at for each in outcome.verdicts})
    told = [
        (at, _answer([step for since, step in steps if since <= at][-1], outcome, at))
        for at in times
    ]
    first = [next(same) for _, same in groupby(told, lambda each: each[1])]
    for (start, address), (until, _) in pairwise([*first, (end, "")]):
        words = f"The authority answers {address or 'nothing'} from {seconds(round(start, 1))}"
        yield Bar(_ANSWER, start, until, address or "bad", address or "nothing", words)


def _answer(step: Scenario, outcome: Outcome, at: float) -> str:
    """The first address of what the authority answers at a time; empty for none."""
    said = {each.check: each.healthy for each in outcome.verdicts if each.at <= at}
    sick = {check for check, healthy in said.items() if not healthy}
    state = step.state.with_unhealthy(*step.unhealthy, *sick)
    ways = replies(plan(step.zone, step.question, step.places[0].peer, state))
    likeliest = max(ways, key=lambda each: each.probability)
    return next(iter(likeliest.reply.addresses), "")


def _copies(outcome: Outcome, answers: Sequence[Bar]) -> Iterator[Bar]:
    """What each cache holds, a row each.

    Where that leads nobody anywhere, since all of it is dead, it is what was answered then.
    """
    for held in outcome.holdings:
        start = max(0.0, held.start)
        told = next((bar.look for bar in answers if bar.start <= start < bar.end), "")
        address = max(held.shares, key=lambda each: each[1], default=("", 0.0))[0] or told
        if address in outcome.addresses:
            words = f"{outcome.holders[held.holder].name} holds {address}"
            yield Bar(_CACHES, start, held.end, address, words=words, row=held.holder)


def _lamps(outcome: Outcome, count: int, shown: Sequence[Bar], caches: int) -> tuple[Lamps, ...]:
    """The checkers, and the caches that hold what the authority answers after the first change."""
    answers = [bar.look for bar in shown if bar.lane == _ANSWER]
    later = next((look for look in answers if look != answers[0]), outcome.addresses[-1])
    minds = Lamps(CHECKERS, "dead", f"{{}} of {count} say unhealthy; {_needed(count)} must")
    if caches < 2 or later not in outcome.addresses:
        return (minds,)
    letter = sign(outcome.addresses.index(later)).letter
    return minds, Lamps(_CACHES, later, f"{{}} of {caches} hold {letter}")


def _hint(outcome: Outcome, check: str, count: int, scenario: Scenario | None) -> str:
    said = f"{count} checkers of {check}; dark is unhealthy"
    if scenario is None:
        return said
    signs = (f"{sign(at).letter} {each}" for at, each in enumerate(outcome.addresses))
    return f"{', '.join(signs)}; {said}"


def cut(bar: Bar, start: float, end: float) -> Iterator[Bar]:
    """What of a bar lies in the strip."""
    left, right = max(bar.start, start), min(bar.end, end)
    if left < right:
        yield Bar(bar.lane, left, right, bar.look, bar.label, bar.words, bar.row)


def deaths(outcome: Outcome, end: float) -> Iterator[Bar]:
    """From when to when which servers were dead."""
    for (start, dead), (until, _) in pairwise([*outcome.downs, (end, ())]):
        if dead:
            names, known = ", ".join(dead), outcome.addresses
            signs = (sign(known.index(each)).letter if each in known else each for each in dead)
            label = f"{' and '.join(signs)} {'is' if len(dead) == 1 else 'are'} dead"
            yield Bar(
                SERVERS,
                start,
                until,
                "dead",
                label,
                f"{names} dead from {seconds(round(start, 1))}",
            )


def minds(outcome: Outcome, check: str, count: int, end: float) -> Iterator[Bar]:
    """What each checker says, a row each."""
    for row in range(count):
        turned = [each for each in outcome.minds if (each.check, each.checker) == (check, row)]
        first = [] if turned and turned[0].at == 0 else [(0.0, True)]
        said = [*first, *((each.at, each.healthy) for each in turned), (end, True)]
        for (start, healthy), (until, _) in pairwise(said):
            look, words = ("good", "healthy") if healthy else ("dead", "unhealthy")
            told = f"checker {row + 1} says {words} from {seconds(round(start, 1))}"
            yield Bar(CHECKERS, start, until, look, words=told, row=row)


def verdicts(outcome: Outcome, check: str, end: float) -> Iterator[Bar]:
    """What the authority takes the check for."""
    turned = [(each.at, each.healthy) for each in outcome.verdicts if each.check == check]
    first = not turned[0][1] if turned else True
    for (start, healthy), (until, _) in pairwise([(0.0, first), *turned, (end, True)]):
        look, words = ("good", "healthy") if healthy else ("bad", "unhealthy")
        told = f"The authority takes {check} for {words} from {seconds(round(start, 1))}"
        yield Bar(VERDICT, start, until, look, words, told)


def _failures(outcome: Outcome) -> Iterator[Bar]:
    """From when to when requests fail: most of them, or some."""
    totals = [sum(column) for column in zip(*outcome.requests, outcome.failed, strict=True)]
    parts = [n / total if total else 0.0 for n, total in zip(outcome.failed, totals, strict=True)]
    looks = ((index, _look(part)) for index, part in enumerate(parts))
    for look, several in groupby(looks, key=lambda each: each[1]):
        if look is None:
            continue
        bins = [index for index, _ in several]
        start, end = bins[0] * outcome.bin, (bins[-1] + 1) * outcome.bin
        lost = sum(outcome.failed[bins[0] : bins[-1] + 1])
        label = "requests fail" if look == "bad" else "some fail"
        words = f"{number(lost)} requests fail from {start:g} s to {end:g} s"
        yield Bar(_FAILED, start, end, look, label, words)


def _look(part: float) -> str | None:
    """Of a part of the requests that fails: hardly any, some, or most."""
    some, most = _EDGES
    return None if part <= some else "bad" if part > most else "plain"


def _moments(outcome: Outcome, start: float, end: float, last: str) -> Iterator[Mark]:
    """When a death was noticed, when the answers said so, and when all were led right."""
    for outage in outcome.outages:
        for lasted, words in _told(outage):
            if start <= outage.at + lasted < end:
                lanes = (SERVERS, CHECKERS) if words[0] == "n" else (CHECKERS, _FAILED)
                yield Moment(*lanes, outage.at + lasted, words)
        worst = outage.quantiles(1.0)[0]
        if last and not outage.open and outage.published < worst and outage.at + worst < end:
            label = f"last client after {seconds(round(worst, 1))}"
            yield Moment(last, _FAILED, outage.at + worst, label)


def _told(outage: Outage) -> Sequence[tuple[float, str]]:
    if outage.noticed == outage.published:
        return ((outage.noticed, f"known after {seconds(round(outage.noticed, 1))}"),)
    return (
        (outage.noticed, f"noticed after {seconds(round(outage.noticed, 1))}"),
        (outage.published, f"published after {seconds(round(outage.published, 1))}"),
    )


def _sentence(outcome: Outcome, check: str, count: int) -> str:
    must = f"{number(_needed(count))} of {number(count)} checkers"
    said = f"{must} must say unhealthy before {check} fails."
    for outage in outcome.outages[:1]:
        worst = seconds(round(outage.quantiles(1.0)[0], 1))
        if outage.noticed > outcome.ended:
            return f"{said} A server dies at {seconds(outage.at)}, and nobody finds out."
        known = seconds(round(outage.noticed, 1))
        said += f" A server dies at {seconds(outage.at)}, which is known {known} later; "
        last = f"the last client is led right {worst} after the death."
        said += "for some it is not over when the watch ends." if outage.open else last
    return said
