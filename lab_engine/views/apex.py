"""The ways out of the apex: a matrix whose cells were asked, with the packets of one column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lab_engine.errors import LabError
from lab_engine.live.apex import EDGES, TYPES, WAYS, Apex
from lab_engine.live.asking import CLIENTS, Asks, Step, Told, all_asked, asked
from lab_engine.live.forwarder import Forwarder
from lab_engine.views.controls import Choice, Control, Slider, Switch
from lab_engine.views.kit.drawer import Drawer
from lab_engine.views.kit.drawers import Drawing, drawer
from lab_engine.views.kit.matrix import SYMBOLS, Cell, Matrix
from lab_engine.views.kit.strip import Arrow, Bar, Lane, Mark, Strip
from lab_engine.views.panel import Panel
from lab_engine.views.theme import number

TTLS: Final = (0, 20, 60, 120, 300, 600, 3600)
_SAME: Final = {each: each for each in TYPES}
CONTROLS: Final[dict[str, Control]] = {
    "way": Choice("way", "Way out", {each: each for each in WAYS}),
    "asks": Choice("through", "Who is asked", {"a cache": True, "the authority itself": False}),
    "first": Choice("first", "Asked first", _SAME),
    "second": Choice("second", "Asked second", _SAME),
    "again": Slider("again", "All once more after", 0, 3600, choices=TTLS, unit="s"),
    "place": Choice("place", "The flattener stands in", {each: each for each in EDGES}),
    "passes": Switch("passes", "It passes the client's network on (ECS)"),
    "own": Slider("own_ttl", "TTL of CNAME or ALIAS", 0, 3600, choices=TTLS, unit="s"),
    "target": Slider("target_ttl", "TTL at the CDN", 0, 3600, choices=TTLS, unit="s"),
}
_LOOKS: Final = {"right": "good", "redirected": "bad", "empty": "dead"}
_TTL: Final = "TTL of A"
ROWS: Final = (*TYPES, _TTL, *CLIENTS)


@dataclass(frozen=True)
class Outcome:
    """What all ways said, and what one of them left in its cache.

    Attributes:
        ways: in the order of the scenario's.
        chosen: the one whose packets are shown.
        drawer: what the cache before that one held, step by step; None without a cache.
    """

    ways: tuple[Told, ...]
    chosen: Told
    drawer: Drawer | None


def apex_ways(scenario: Apex | None = None, *controls: str) -> Panel[Apex, Outcome]:
    """Every type by every way out, asked live, under the controls named.

    Args:
        scenario: where the panel starts; without one, a CNAME that is asked A, then MX.
        controls: some of `CONTROLS`; without any there is only Play.

    Raises:
        LabError: no such control.
    """
    unknown = next((each for each in controls if each not in CONTROLS), None)
    if unknown is not None:
        raise LabError(unknown, "is no control", f"Choose of {', '.join(CONTROLS)}.")
    chosen = [CONTROLS[each] for each in controls]
    return Panel(scenario or Apex(), chosen, run, picture=picture, label="The apex")


def run(scenario: Apex) -> Outcome:
    """Ask every way, and look into the cache of the chosen one."""
    seen: list[Drawing] = []

    def looking(cache: Forwarder) -> Asks:
        seen.append(drawer(cache, title="What its cache holds"))
        return seen[0].ask

    chosen = asked(scenario, looking=looking)
    ways = all_asked(scenario, chosen)
    if not seen:
        return Outcome(ways, chosen, None)
    whole = seen[0].picture
    looks = whole.looks[: len(chosen.steps) + 1]  # a browser may have asked on
    return Outcome(ways, chosen, Drawer(whole.title, looks))


def picture(scenario: Apex, outcome: Outcome) -> Matrix:
    """Types and clients by way out, with packets and cache of the chosen one."""
    chosen = outcome.chosen
    return Matrix(
        title="What becomes of each type?",
        hint=_hint(scenario),
        rows=ROWS,
        columns=scenario.ways,
        cells=tuple(cell for told in outcome.ways for cell in _cells(told)),
        asked=tuple(step.kind for step in chosen.steps),
        said=tuple(_said(outcome)),
        chosen=chosen.way,
        sentence=_sentence(outcome),
        strip=packets_of(chosen.steps, through=scenario.through, title=f"Packets: {chosen.way}"),
        drawer=outcome.drawer,
    )


def _hint(scenario: Apex) -> str:
    whom = "a cache in Tokyo" if scenario.through else "the authority itself"
    order = ", ".join(scenario.order)
    once_more = f"; all again after {scenario.again} s" * bool(scenario.again)
    return f"Asked of {whom}: {order}{once_more}. Framed: {scenario.way}"


def _said(outcome: Outcome) -> Iterator[str]:
    """What happened at each question."""
    for index, step in enumerate(outcome.chosen.steps, 1):
        look = outcome.drawer.looks[index].said if outcome.drawer else f"{step.kind}?"
        yield f"Question {number(index)}, {step.state}: {look}"


def _cells(told: Told) -> Iterator[Cell]:
    for index, step in enumerate(told.steps, 1):
        words = _read(step)
        yield Cell(step.kind, told.way, index, step.state, step.note, f"{told.way}: {words}")
    last = len(told.steps)
    ttl, given = "none", "no address was given"
    if told.ttl is not None:
        ttl = f"{number(told.ttl)} s"
        given = f"the address was given for {ttl}"
    yield Cell(_TTL, told.way, last, "", ttl, f"{told.way}: {given}.")
    for client, (arrives, note) in told.clients.items():
        comes = "gets there" if arrives else "does not get there"
        words = f"{told.way}: {client} {comes}{f': {note}' * bool(note)}."
        yield Cell(client, told.way, last, "right" if arrives else "no", note, words)


def _sentence(outcome: Outcome) -> str:
    """Where mail is lost, whom the web cannot reach, and what the chosen way gives."""
    lost = [told.way for told in outcome.ways if not told.clients["mail server"][0]]
    deaf = [told.way for told in outcome.ways if not told.clients["curl"][0]]
    moved = [step.kind for step in outcome.chosen.steps if step.state == "redirected"]
    return (
        f"{f'Mail is lost with {_and(lost)}' if lost else 'No mail is lost'}; "
        f"{f'curl does not arrive with {_and(deaf)}' if deaf else 'curl always arrives'}. "
        f"{outcome.chosen.way}: {_moved(list(dict.fromkeys(moved)))}."
    )


def _and(ways: Sequence[str]) -> str:
    return " and ".join(ways)  # a name may hold a comma


def _moved(kinds: Sequence[str]) -> str:
    if not kinds:
        return "nothing is redirected"
    return f"{', '.join(kinds)} {'is' if len(kinds) == 1 else 'are'} redirected"


def packets_of(steps: Sequence[Step], *, through: bool, title: str) -> Strip:
    """The packets of one way, a slot of width 1 for each question."""
    middle = (Lane("cache"),) if through else ()
    named = len(steps) <= len(TYPES)  # more are too close for labels, and the axis names them, too
    return Strip(
        title=title,
        lanes=(Lane("answer"), Lane("client"), *middle, Lane("authority")),
        marks=tuple(
            mark for slot, step in enumerate(steps) for mark in _marks(slot, step, through, named)
        ),
        end=float(len(steps)),
        sentence=f"{number(len(steps))} questions, {number(_fetches(steps))} of them upstream.",
        ticks=tuple((slot + 0.5, step.kind) for slot, step in enumerate(steps)),
    )


def _fetches(steps: Sequence[Step]) -> int:
    return sum(len(step.upstream) for step in steps)


def _marks(slot: int, step: Step, through: bool, named: bool) -> Iterator[Mark]:  # noqa: FBT001
    label = f"{step.kind}?" if named else ""
    near, words = "cache" if through else "authority", _read(step)
    yield Arrow("client", near, slot + 0.03, slot + 0.11, "plain", label, words)
    at, room = slot + 0.13, 0.2 / max(1, len(step.upstream))
    for entry in step.upstream if through else ():
        asks, says = str(entry.question), str(entry)
        yield Arrow("cache", "authority", at, at + 0.4 * room, "plain", "", f"{asks}?")
        yield Arrow("authority", "cache", at + 0.5 * room, at + 0.9 * room, "plain", "", says)
        at += room
    look = _LOOKS[step.state]
    yield Arrow(near, "client", slot + 0.34, slot + 0.42, look, "", words)
    yield Bar("answer", slot + 0.44, slot + 0.98, look, SYMBOLS[step.state], words)


def _read(step: Step) -> str:
    """A question and its answer, as dig prints the answer section."""
    return f"{step.kind}? {step.state}, {step.exchange.rcode}\n{step.exchange.answer}"
