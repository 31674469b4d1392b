"""The strip of a failover: servers, each checker, the verdict, and the requests that fail.

Made from an outcome of either engine. A row is a checker: dark while it says unhealthy, until more
than 82 of 100 do.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from lab_engine.authority.health import MORE_THAN_PERCENT
from lab_engine.errors import LabError
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.outcome import Outcome
from lab_engine.views.theme import number, seconds

from .strip import Bar, Lane, Mark, Moment, Strip

SERVERS, CHECKERS, VERDICT, _FAILED = "servers", "checkers", "verdict", "requests"
_EDGES = (0.02, 0.5)  # parts of a bin's requests: above which some of them fail, or most


def failover_strip(
    outcome: Outcome,
    check: str = "",
    *,
    between: tuple[float, float] | None = None,
    title: str = "Who knows what, and when",
) -> Strip:
    """A failover in lanes over time.

    Args:
        outcome: of a run with checkers.
        check: the id of a health check; without it, the first that changed its mind.
        between: seconds of the watch; all of it, without.
        title: what stands above it.

    Raises:
        LabError: no checker of this check changed its mind.
    """
    known = list(dict.fromkeys(each.check for each in outcome.minds))
    chosen = check or next(iter(known), "")
    if chosen not in known:
        remedy = f"Choose of {', '.join(known) or 'none: let a server with a check die'}."
        raise LabError(chosen or "No check", "was never of another mind in this run", remedy)
    start, end = between or (0.0, outcome.ended)
    count = 1 + max(each.checker for each in outcome.minds if each.check == chosen)
    marks = (
        *deaths(outcome, end),
        *minds(outcome, chosen, count, end),
        *verdicts(outcome, chosen, end),
        *_failures(outcome),
    )
    moments = [*_moments(outcome, start, end)]
    return Strip(
        title=title,
        lanes=(Lane(SERVERS), Lane(CHECKERS, rows=max(2, count)), Lane(VERDICT), Lane(_FAILED)),
        marks=(*(each for bar in marks for each in cut(bar, start, end)), *moments),
        start=start,
        end=end,
        sentence=_sentence(outcome, chosen, count),
        servers=outcome.addresses,
        hint=f"{count} checkers of {chosen}; dark is unhealthy",
    )


def cut(bar: Bar, start: float, end: float) -> Iterator[Bar]:
    """What of a bar lies in the strip."""
    left, right = max(bar.start, start), min(bar.end, end)
    if left < right:
        yield Bar(bar.lane, left, right, bar.look, bar.label, bar.words, bar.row)


def deaths(outcome: Outcome, end: float) -> Iterator[Bar]:
    """From when to when which servers were dead."""
    for (start, dead), (until, _) in pairwise([*outcome.downs, (end, ())]):
        if dead:
            names = ", ".join(dead)
            yield Bar(
                SERVERS,
                start,
                until,
                "dead",
                names,
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


def _moments(outcome: Outcome, start: float, end: float) -> Iterator[Mark]:
    """When a death was noticed, and when the answers said so."""
    for outage in outcome.outages:
        for lasted, words in _told(outage):
            if start <= outage.at + lasted < end:
                lanes = (SERVERS, CHECKERS) if words[0] == "n" else (CHECKERS, _FAILED)
                yield Moment(*lanes, outage.at + lasted, words)


def _told(outage: Outage) -> Sequence[tuple[float, str]]:
    if outage.noticed == outage.published:
        return ((outage.noticed, f"known after {seconds(round(outage.noticed, 1))}"),)
    return (
        (outage.noticed, f"noticed after {seconds(round(outage.noticed, 1))}"),
        (outage.published, f"published after {seconds(round(outage.published, 1))}"),
    )


def _sentence(outcome: Outcome, check: str, count: int) -> str:
    needed = count - MORE_THAN_PERCENT * count // 100
    said = f"{number(needed)} of {number(count)} checkers must say unhealthy before {check} fails."
    for outage in outcome.outages[:1]:
        worst = outage.quantiles(1.0)[0]
        if outage.noticed > outcome.ended:
            return f"{said} A server dies at {seconds(outage.at)}, and nobody finds out."
        known = seconds(round(outage.noticed, 1))
        said += f" A server dies at {seconds(outage.at)}, which is known {known} later; "
        said += f"the last client is led right {seconds(round(worst, 1))} after the death."
    return said
