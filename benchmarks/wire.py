"""Answers a second over UDP, and what one costs, against loops and servers of the same run.

Machines are noisy and so is everything here: rounds in which each target has its turn, and ratios
of medians. The budgets are those of the design; a peer that is not installed is left out. Linux
only, for what `/proc` says about processes.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.load import Load, dnsperf, latencies_ms, subnets
from benchmarks.targets import available, running

ROUNDS = 7
SECONDS = 1.0
LAB = ("single", "simple", "weighted")
OTHERS = (
    "knot",
    "bind",
    "powerdns",
    "gdnsd",
    "epoll",
    "asyncio",
    "twisted",
    "dnslib",
    "dnspython",
)
MANY = 10_000  # client subnets
WARM_SECONDS = 8.0  # enough to prepare an answer for each
LABELS = {
    "echo": "bare echo loop",
    "single": "simple with 1 value",
    "simple": "simple with 3 values, shuffled",
    "weighted": "weighted with 3 members",
    "geo": f"geolocation after {MANY:,} client subnets",
    "knot": "Knot, 1 worker",
    "bind": "BIND, 1 worker",
    "powerdns": "PowerDNS, 1 receiver",
    "gdnsd": "gdnsd, 1 thread",
    "epoll": "epoll loop, prepared bytes, with a log",
    "asyncio": "asyncio echo",
    "twisted": "Twisted Names",
    "dnslib": "dnslib",
    "dnspython": "dnspython, straightforward",
}
Row = dict[str, Any]


class Turn(NamedTuple):
    """One turn of one target."""

    per_second: float
    cpu_us: float
    """Microseconds of processor time for each answer."""


class Target(NamedTuple):
    """A running process."""

    name: str
    port: int
    pid: int


Turns = dict[str, list[Turn]]


def rows() -> list[Row]:
    """Rates, costs, times to answer and memory; about two and a half minutes."""
    if shutil.which("dnsperf") is None:
        return [_note("UDP answers", "dnsperf is not installed") | {"ok": False}]
    with tempfile.TemporaryDirectory(prefix="lab-") as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        targets = {
            name: Target(name, *stack.enter_context(running(name, place)))
            for name in ("echo", *LAB, "geo", *OTHERS)
            if available(name)
        }
        # whoever is compared stands next to whom it is compared with, in every round
        alike = [name for lab in LAB for name in ("echo", lab, "knot")] + list(OTHERS[1:])
        plain = [targets[name] for name in alike if name in targets]
        turns = _rounds(plain, lambda port: dnsperf(port, SECONDS, place))
        pair = [targets["echo"], targets["geo"]]
        one = _rounds(pair, lambda port: subnets(port, SECONDS, 1))
        subnets(targets["geo"].port, WARM_SECONDS, MANY)
        many = _rounds(pair, lambda port: subnets(port, SECONDS, MANY))
        return [
            *_rates(turns),
            *_costs(turns),
            _geo_row("one client subnet", one, 0.7),
            _geo_row(f"{MANY:,} client subnets in turn", many, 0.3),
            *map(_latency, (targets["echo"], targets["simple"])),
            *map(_memory, (targets["echo"], targets["simple"], targets["geo"])),
        ]


def _rounds(targets: list[Target], load: Callable[[int], Load]) -> Turns:
    turns: Turns = {target.name: [] for target in targets}
    for _ in range(ROUNDS):
        for target in targets:
            before = _cpu_us(target.pid)
            seen = load(target.port)
            spent = _cpu_us(target.pid) - before
            turns[target.name].append(Turn(seen.per_second, spent / seen.answers))
    return turns


def _cpu_us(pid: int) -> float:
    """Processor time of all threads; the scheduler counts nanoseconds, `stat` only hundredths."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1000


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def _rate(turns: Turns, name: str) -> float:
    return median(turn.per_second for turn in turns[name])


def _cost(turns: Turns, name: str) -> float:
    return median(turn.cpu_us for turn in turns[name])


def _rates(turns: Turns) -> Iterator[Row]:
    """Answers a second of the lab's servers, beside the echo and every peer."""
    for name in LAB:
        rate = _rate(turns, name)
        echo = rate / _rate(turns, "echo")
        knot = rate / _rate(turns, "knot") if "knot" in turns else None
        measured = f"{rate / 1000:.1f} k/s, {echo:.2f} of echo"
        measured += "" if knot is None else f", {knot:.2f} of Knot"
        yield {
            "what": f"UDP answers, {LABELS[name]}, log on",
            "measured": measured,
            "budget": ">= 0.85 of echo, >= 0.7 of Knot with 1 worker",
            "ok": echo >= 0.85 and (knot is None or knot >= 0.7),
        }
    simple = _rate(turns, "simple")
    for name in (name for name in OTHERS if name in turns):
        rate = _rate(turns, name)
        yield _note(
            f"{LABELS[name]}: UDP answers", f"{rate / 1000:.1f} k/s; lab {simple / rate:.2f} of it"
        )


def _costs(turns: Turns) -> Iterator[Row]:
    """Processor time of one answer."""
    echo = _cost(turns, "echo")
    for name in LAB:
        cost = _cost(turns, name)
        yield {
            "what": f"server CPU for an answer, {LABELS[name]}",
            "measured": f"{cost:.1f} µs, {cost / echo:.2f} of echo's {echo:.1f} µs",
            "budget": "<= 1.5 of echo's",
            "ok": cost <= 1.5 * echo,
        }


def _geo_row(what: str, turns: Turns, budget: float) -> Row:
    rate, echo = _rate(turns, "geo"), _rate(turns, "echo")
    return {
        "what": f"UDP answers, geolocation, {what}",
        "measured": f"{rate / 1000:.1f} k/s, {rate / echo:.2f} of echo",
        "budget": f">= {budget} of echo",
        "ok": rate >= budget * echo,
    }


def _note(what: str, measured: str) -> Row:
    return {"what": what, "measured": measured, "budget": "—", "ok": True}


def _latency(target: Target) -> Row:
    middle, late = latencies_ms(target.port)
    return _note(
        f"time to one answer, {LABELS[target.name]}", f"p50 {middle:.3f} ms, p99 {late:.3f} ms"
    )


def _memory(target: Target) -> Row:
    return _note(f"resident memory, {LABELS[target.name]}", f"{_resident_mb(target.pid):.0f} MB")
