"""The strip of a drill: back ends, each checker, the answer, the cache's copy, and the requests.

Made from what a drill noted, live or in virtual time, while it goes on or afterwards. Its first
lanes are those of the strip of a simulated failover.
"""

from collections.abc import Iterator
from itertools import groupby, pairwise

from lab_engine.authority.health import MORE_THAN_PERCENT
from lab_engine.live.record import Copy
from lab_engine.live.result import Result, checked
from lab_engine.views.theme import number, seconds

from .failoverstrip import CHECKERS, SERVERS, VERDICT, cut, deaths, minds, verdicts
from .strip import Bar, Dot, Lane, Mark, Moment, Strip

ANSWER, COPY, REQUESTS = "answer", "cache's copy", "requests"
TITLE = "The drill: who knows what, and when"


def drill_strip(
    result: Result,
    check: str = "",
    *,
    between: tuple[float, float] | None = None,
    title: str = TITLE,
) -> Strip:
    """A drill in lanes over time.

    Args:
        result: of a drill, up to when it was taken.
        check: the id of a health check; the first that asks an endpoint, without it.
        between: seconds since the drill began; all of it, without.
        title: what stands above it.

    Raises:
        LabError: it is no result of a drill.
    """
    checked(result)
    outcome, how = result.outcome, result.how
    start, end = between or (0.0, max(1.0, result.ended))
    now = min(end, result.ended)  # an axis may be longer than what has happened
    chosen = check or next((each.id for each in result.stage.watched), "")
    bars = (
        *deaths(outcome, now),
        *minds(outcome, chosen, how.checkers, now),
        *verdicts(outcome, chosen, now),
        *_answers(result, now),
        *_copies(result, now),
        *_requests(result, now),
    )
    marks: list[Mark] = [each for bar in bars for each in cut(bar, start, end)]
    marks += [each for each in _happenings(result, chosen) if start <= each.span[0] < end]
    return Strip(
        title=title,
        lanes=(
            Lane(SERVERS),
            Lane(CHECKERS, rows=max(2, how.checkers)),
            *(Lane(name) for name in (VERDICT, ANSWER, COPY, REQUESTS)),
        ),
        marks=tuple(marks),
        start=start,
        end=end,
        sentence=_sentence(result),
        servers=outcome.addresses,
        hint=f"{how.checkers} checkers of {chosen}; dark is unhealthy, a cross a failed probe",
    )


def _answers(result: Result, end: float) -> Iterator[Bar]:
    """What the authority answers, from when to when."""
    last = [(each.at, each.answers) for each in [*result.record.answered]]
    for (start, answers), (until, _) in pairwise([*last, (end, ())]):
        told = " or ".join(" ".join(each) or "nothing" for each in answers)
        words = f"The authority answers {told} from {_at(start)}"
        yield Bar(ANSWER, start, until, _look(result, answers), told, words)


def _copies(result: Result, end: float) -> Iterator[Bar]:
    """What the cache holds, from when to when."""
    for each in result.record.copies():
        told = " ".join(each.addresses)
        words = f"The cache holds {told} from {_at(each.start)} to {_at(each.end)}"
        yield Bar(COPY, each.start, min(each.end, end), _of(result, each), told, words)


def _requests(result: Result, end: float) -> Iterator[Bar]:
    """From when to when requests are served, and by whom, or are lost."""
    runs = [[*each] for _, each in groupby(result.record.asked(), lambda each: each.server)]
    for several, after in pairwise([*runs, []]):
        start = several[0].at
        until = after[0].at if after else end
        server = several[0].server
        look, label = (server, server) if server else ("bad", "requests fail")
        done = f"are served by {server}" if server else "fail"
        words = f"{number(len(several))} requests {done} from {_at(start)} to {_at(until)}"
        yield Bar(REQUESTS, start, until, look, label, words)


def _happenings(result: Result, check: str) -> Iterator[Mark]:
    """Probes that tell a checker something new, and when all was known."""
    unhealthy: set[int] = set()
    turns = {(each.at, each.checker): each.healthy for each in result.record.minds}
    for probe in [*result.record.probes]:
        if probe.check != check:
            continue
        if not probe.passed and probe.checker not in unhealthy:
            told = f"A probe of checker {probe.checker + 1} fails at {_at(probe.at)}"
            yield Dot(CHECKERS, probe.at, "bad", "cross", words=told, row=probe.checker)
        healthy = turns.get((probe.at, probe.checker))
        if healthy is not None:
            (unhealthy.discard if healthy else unhealthy.add)(probe.checker)
    for each in result.measured:
        at = each.event.at
        if each.noticed < float("inf"):
            yield Moment(SERVERS, VERDICT, at + each.noticed, f"known after {_for(each.noticed)}")
        if each.over and each.seconds:
            told = f"served again after {_for(each.seconds)}"
            yield Moment(VERDICT, REQUESTS, at + each.seconds, told)


def _look(result: Result, answers: tuple[tuple[str, ...], ...]) -> str:
    """The look of a server, where all answers lead to it alone."""
    every = {address for each in answers for address in each}
    known = every & set(result.stage.addresses)
    return next(iter(known)) if len(every) == len(known) == 1 else "plain"


def _of(result: Result, copy: Copy) -> str:
    return _look(result, (copy.addresses,))


def _sentence(result: Result) -> str:
    """What came of the last failure, and what was foretold."""
    if not result.measured:
        lost = sum(not each.good for each in result.record.asked())
        return f"Nobody has failed yet; {number(lost)} requests were lost."
    last, law = result.measured[-1], result.foretold[-1]
    count = result.how.checkers
    needed = count - MORE_THAN_PERCENT * count // 100
    said = f"{last.event.address} is {last.event.failure} from {_at(last.event.at)} on."
    if last.noticed < float("inf"):
        said += f" {needed} of {count} checkers know after {_for(last.noticed)}."
    if not last.over:
        said += " Requests still fail."
    elif not last.seconds:
        said += " No request was lost."
    else:
        said += f" The client is served again after {_for(last.seconds)}."
    if law.known and law.most < float("inf"):
        said += f" The law says {_for(law.least)} to {_for(law.most)}, {_for(law.mean)} on average."
    return said


def _at(time: float) -> str:
    return seconds(round(time, 1))


def _for(time: float) -> str:
    return seconds(round(time, 1))
