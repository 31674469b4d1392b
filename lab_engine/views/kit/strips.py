"""Strips made from what was seen: packets of the wire, or the trace of a simulation."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Final

from dns import rdatatype

from lab_engine.errors import LabError
from lab_engine.simulation.outcome import Event, Outcome
from lab_engine.views.theme import number, seconds, sign
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.log import LogEntry

from .strip import Arrow, Bar, Dot, Lane, Mark, Strip

_CLIENT, _AUTHORITY, _GOES_TO = "client", "authority", "connects to"
_FILLED: Final = 0.36  # of a slot: when the answer of the authority has come
_LIFE: Final = re.compile(r"(?P<kind>for|until) (?P<time>[\d.]+) s$")


def packets(
    exchanges: Sequence[Exchange],
    *,
    log: Sequence[LogEntry] = (),
    through: str = "",
    title: str = "Who asks whom",
    said: Sequence[str] = (),
) -> Strip:
    """Questions and answers as a sequence diagram, one beside the other, whatever lay between them.

    Args:
        exchanges: what the client asked and got, in that order.
        log: of the authority; needed where something stands before it.
        through: what that is, such as `cache`; empty where the client asked the authority itself.
        title: what stands above it.
        said: what stands below each exchange, such as `after 100 s`; its number, without.

    Raises:
        LabError: there is no exchange.
    """
    if not exchanges:
        raise LabError("No packets", "make no strip", "Ask at least once.")
    servers = tuple(dict.fromkeys(sorted(value for each in exchanges for value in each.values)))
    asked = _asked(exchanges, log)
    middle = (Lane(through),) if through else ()
    lanes = (Lane(_GOES_TO), Lane(_CLIENT), *middle, Lane(_AUTHORITY))
    marks: list[Mark] = []
    for slot, (exchange, entry) in enumerate(zip(exchanges, asked, strict=True)):
        marks += _exchange(slot, exchange, entry, through)
    if through:
        marks += _copies(exchanges, asked, through)
    spoken = said or [f"question {number(index + 1)}" for index in range(len(exchanges))]
    return Strip(
        title=title,
        lanes=lanes,
        marks=tuple(marks),
        end=float(len(exchanges)),
        sentence=_sentence(exchanges, asked, through),
        servers=servers,
        hint=", ".join(f"{sign(index).letter} {name}" for index, name in enumerate(servers)),
        ticks=tuple((slot + 0.5, words) for slot, words in enumerate(spoken)),
    )


def _asked(exchanges: Sequence[Exchange], log: Sequence[LogEntry]) -> list[LogEntry | None]:
    """For each exchange the entry that the authority logged while it lasted, if any.

    Both times are read from one clock, and the client's first, so an entry belongs to the last
    exchange that began before it.
    """
    asked: list[LogEntry | None] = [None] * len(exchanges)
    for entry in log:
        begun = [index for index, each in enumerate(exchanges) if each.at <= entry.at]
        if begun and entry.at <= _over(exchanges[begun[-1]]):
            asked[begun[-1]] = entry
    return asked


def _over(exchange: Exchange) -> datetime:
    return exchange.at + timedelta(milliseconds=exchange.rtt_ms)


def _exchange(
    slot: int, exchange: Exchange, entry: LogEntry | None, through: str
) -> Iterator[Mark]:
    """The arrows of one exchange, and where its client connects."""
    first = exchange.values[0] if exchange.values else "bad"
    what = exchange.response.question[0]
    kind = rdatatype.to_text(what.rdtype)
    question = f"type {kind}?"  # a bare letter would be taken for a server's
    near = through or _AUTHORITY
    asked = f";; QUESTION SECTION:\n;{what.name}\t\tIN\t{kind}"
    yield Arrow(_CLIENT, near, slot + 0.04, slot + 0.14, "plain", question, asked)
    if through and entry is not None:
        words = str(entry)
        yield Arrow(through, _AUTHORITY, slot + 0.16, slot + 0.25, "plain", question, words)
        yield Arrow(_AUTHORITY, through, slot + 0.27, slot + _FILLED, first, "", words)
    start = slot + (_FILLED + 0.02 if through and entry is not None else 0.18)
    ttl = "" if exchange.ttl is None else f"TTL {number(exchange.ttl)}"
    yield Arrow(near, _CLIENT, start, start + 0.1, first, ttl, str(exchange))
    label = exchange.values[0] if exchange.values else exchange.rcode
    yield Bar(_GOES_TO, start + 0.11, slot + 0.98, first, label, str(exchange))


def _copies(
    exchanges: Sequence[Exchange], asked: Sequence[LogEntry | None], through: str
) -> Iterator[Mark]:
    """What the cache holds: from each answer of the authority to the next, or to the end."""
    fills = [slot for slot, entry in enumerate(asked) if entry is not None]
    for slot, until in zip(fills, [*fills[1:], len(exchanges)], strict=True):
        exchange = exchanges[slot]
        if exchange.values:
            end = min(float(len(exchanges)), until + 0.15)
            words = f"A copy of this answer:\n{exchange.answer}"
            firsts = {each.values[:1] for each in exchanges[slot:until]}
            whole = len(firsts) > 1  # handed on in turn, so the copy is no one address
            look, label = ("plain", "whole set held") if whole else (exchange.values[0], "held")
            yield Bar(through, slot + _FILLED, end, look, label, words)


def _sentence(exchanges: Sequence[Exchange], asked: Sequence[LogEntry | None], through: str) -> str:
    firsts = ", ".join(each.values[0] if each.values else each.rcode for each in exchanges)
    many = f"{number(len(exchanges))} questions" if len(exchanges) > 1 else "One question"
    if not through:
        return f"{many} to the authority; first in the answers: {firsts}."
    times = sum(entry is not None for entry in asked)
    return f"{many} to the {through}, which asked the authority {_often(times)}; first: {firsts}."


def _often(times: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{number(times)} times")


def traced(
    outcome: Outcome,
    resolver: str = "resolver 0",
    *,
    between: tuple[float, float] = (0.0, 60.0),
    title: str = "What one cache does",
) -> Strip:
    """A resolver, those who ask it and the authority, from a run with `trace=True`.

    Args:
        outcome: with its trace.
        resolver: as the trace names it.
        between: seconds of the watch.
        title: what stands above it.

    Raises:
        LabError: nothing of this resolver happened then.
    """
    start, end = between
    own = [each for each in outcome.trace if start <= each.time < end and resolver in each.who]
    if not own:
        known = sorted({event.who for event in outcome.trace if event.kind == "query"})
        remedy = f"Run with trace=True, and choose of {', '.join(known) or 'none'}."
        raise LabError(resolver, f"did nothing from {start:g} s to {end:g} s", remedy)
    requests = [each for each in own if each.kind in ("connect", "fail")]
    queries = [each for each in own if each.kind == "query"]
    fills = [each for each in own if each.kind == "fill"]
    return Strip(
        title=title,
        lanes=(Lane("requests"), Lane(resolver), Lane(_AUTHORITY)),
        marks=(*map(_request, requests), *_held(fills, resolver, end), *map(_query, queries)),
        start=start,
        end=end,
        servers=outcome.addresses,
        sentence=(
            f"From {seconds(start)} to {seconds(end)}: {number(len(requests))} requests, for which "
            f"{resolver} asked the authority {_often(len(queries))}."
        ),
    )


def _request(event: Event) -> Mark:
    if event.kind == "fail":
        return Dot("requests", event.time, "bad", "cross", words=str(event))
    return Dot("requests", event.time, event.detail, words=str(event))


def _query(event: Event) -> Mark:
    return Dot(_AUTHORITY, event.time, "plain", "tick", words=str(event))


def _held(fills: Sequence[Event], lane: str, end: float) -> Iterator[Mark]:
    for event in fills:
        until = _expiry(event)
        life = seconds(round(until - event.time, 3)) if until < inf else "for ever"
        first = event.detail.split()[0]
        yield Bar(lane, event.time, min(end, until), first, f"held {life}", str(event))


def _expiry(event: Event) -> float:
    """When a copy dies: a trace says `for 20 s`, `until 31.400 s` or `for ever`."""
    if found := _LIFE.search(event.detail):
        time = float(found["time"])
        return time if found["kind"] == "until" else event.time + time
    return inf
