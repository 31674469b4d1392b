"""An outcome as a page for people or as plain data for programs: all that was counted, and more.

Quantile bands are over the bins or windows of this one run. Several runs with other seeds say how
much of it is luck (`sweep`).
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from lab_engine.errors import ScenarioError
from lab_engine.simulation.outcome import Level, Outcome
from lab_engine.simulation.prices import bill
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.scenario import Scenario

BAND = (0.05, 0.5, 0.95)
TAIL = (0.5, 0.95, 0.99)
SPREAD = (0.05, 0.5, 0.95, 0.99)
SHOWN_BINS = 10
Data = dict[str, Any]


def as_dict(scenario: Scenario, outcome: Outcome) -> Data:
    """Everything, ready for JSON; what is not a number, or endless, is None there."""
    finite: Data = _finite(_measured(scenario, outcome))
    return finite


def as_text(scenario: Scenario, outcome: Outcome) -> str:
    """A page to read."""
    data = _measured(scenario, outcome)
    lines = [*_heading(data), "", *_servers(data), "", *_caches(data)]
    for name, key, unit in (
        ("lookup", "lookup_ms", "ms"),
        ("distance", "distance_km", "km"),
        ("round trip", "rtt_ms", "ms"),
    ):
        if not math.isnan(data[key]["0.5"]):
            lines.append(f"{name:<12} {_spoken(data[key], unit)}")
    if outcome.service.latencies:
        lines.append(f"{'latency':<12} {_spoken(data['service']['latency_ms'], 'ms')}")
    lines += [*_waits(data), *_failures(data), *_verdicts(data)]
    lines += [f"stale        after {c['at']:g} s: {_decay(c['stale'])}" for c in data["schedule"]]
    for each in data["outages"]:
        lines += [f"outage       after {each['at']:g} s: {_outage(each)}", *_parts(each)]
    lines.append(f"bill         {bill(scenario, outcome)}")
    lines += [f"note         {note}" for note in data["notes"]]
    return "\n".join(lines)


def levels(scenario: Scenario, outcome: Outcome) -> Iterator[tuple[str, Level]]:
    """Every level of caches with its name, from the clients to the authority."""
    found = outcome.levels
    yield "application", found.application
    yield "os", found.os
    yield from zip((layer.name for layer in scenario.layers), found.layers, strict=False)
    yield "resolver", found.resolver


def change_times(scenario: Scenario) -> tuple[float, ...]:
    """When something changes, each time once, in their order."""
    return tuple(at for at, _ in scenario.steps[1:])


def _measured(scenario: Scenario, outcome: Outcome) -> Data:
    balance, notes = _balance(outcome)
    waited = weighted_quantiles(outcome.waits, TAIL)
    return {
        "engine": outcome.engine,
        "seed": outcome.seed,
        "partial": outcome.partial,
        "ended": outcome.ended,
        "notes": [*outcome.notes, *notes],
        "bin": outcome.bin,
        "window": outcome.window,
        "total": outcome.total,
        "backends": [_server(outcome, index) for index in range(len(outcome.addresses))],
        "failed": outcome.failed,
        "refused": outcome.refused or (0,) * len(outcome.failed),
        "dead": outcome.dead,
        "verdicts": [each._asdict() for each in outcome.verdicts],
        "minds": [each._asdict() for each in outcome.minds],
        "balance": balance,
        "caches": [
            {"name": name, "queries": sum(level), "hits": level.hits, "hit_ratio": level.hit_ratio}
            for name, level in levels(scenario, outcome)
        ],
        "authority": {"queries": outcome.queries, "bill": _bill(scenario, outcome)},
        "lookup_ms": _named(TAIL, outcome.lookup_ms(*TAIL)),
        "waited": {"requests": sum(n for _, n in outcome.waits), **_named(TAIL, waited)},
        "service": _service(outcome),
        "distance_km": _named(TAIL, outcome.distance_km(*TAIL)),
        "rtt_ms": _named(TAIL, outcome.rtt_ms(*TAIL)),
        "schedule": [
            {"at": at, "stale": outcome.stale_fraction(index)}
            for index, at in enumerate(change_times(scenario)[: len(outcome.stale)])
        ],
        "outages": [
            {
                "at": each.at,
                "lasted": _named(SPREAD, each.quantiles(*SPREAD)),
                "open": each.open_share,
                "noticed": each.noticed,
                "published": each.published,
                "parts": {
                    "mean": each.mean_parts()._asdict(),
                    "p99": each.parts_at(0.99)._asdict(),
                    "worst": each.parts_at(1)._asdict(),
                },
            }
            for each in outcome.outages
        ],
    }


def _service(outcome: Outcome) -> Data:
    """What servers with a limit made of the requests; nothing is known of others."""
    found = outcome.service
    return {
        "latency_ms": _named(TAIL, weighted_quantiles(found.latencies, TAIL)),
        "lost": found.lost,
        "connections": found.connections,
        "stickiness": found.stickiness,
    }


def _server(outcome: Outcome, index: int) -> Data:
    row = outcome.requests[index]
    totals = [sum(column) for column in zip(*outcome.requests, strict=True)]
    shares = [count / total for count, total in zip(row, totals, strict=True) if total]
    return {
        "address": outcome.addresses[index],
        "requests": row,
        "share": outcome.shares()[index],
        "share_by_bin": _band(shares),
        "first_in_answers": outcome.answers[index],
    }


def _balance(outcome: Outcome) -> tuple[Data, list[str]]:
    """Of each window, and the band of all; nothing but a note where windows do not fit the bins."""
    try:
        found = {
            "max_over_mean": outcome.max_over_mean(),
            "max_over_min": outcome.max_over_min(),
        }
    except ScenarioError as wrong:
        return {}, [f"no balance: {wrong}"]
    if not found["max_over_mean"]:
        return {}, [f"no balance: no server lives in a whole window of {outcome.window:g} s"]
    return {name: {"windows": v, "band": _band(v)} for name, v in found.items()}, []


def _bill(scenario: Scenario, outcome: Outcome) -> Data:
    found = bill(scenario, outcome)
    return {
        "usd_a_month": found.total,
        "queries_a_month": found.queries,
        "prices_as_of": found.prices.as_of,
        "caveat": found.prices.caveat,
    }


def _band(values: Sequence[float]) -> dict[str, float]:
    known = [(value, 1.0) for value in values if not math.isnan(value)]
    return _named(BAND, weighted_quantiles(known, BAND))


def _named(parts: Sequence[float], quantiles: Sequence[float]) -> dict[str, float]:
    return {f"{part:g}": value for part, value in zip(parts, quantiles, strict=True)}


def _finite(value: Any) -> Any:
    """The same with lists for tuples, and None for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _heading(data: Data) -> list[str]:
    broken = f", broken off after {data['ended']:g} s" if data["partial"] else ""
    failed, asked = sum(data["failed"]), sum(data["authority"]["queries"])
    apart = f" ({sum(data['refused']):,} refused, {sum(data['dead']):,} dead)" if failed else ""
    lost = sum(data["service"]["lost"])
    gone = f"; {lost:,} lost with the server that had taken it in" if lost else ""
    return [
        f"{data['total']:,} requests, engine {data['engine']}, seed {data['seed']}{broken}",
        f"{failed:,} failed{apart}{gone}; {asked:,} queries at the authority",
    ]


def _servers(data: Data) -> list[str]:
    lines = [f"{'server':<24}{'requests':>14}{'share':>8}   in 5 / 50 / 95 % of the bins at most"]
    for each in data["backends"]:
        band = " / ".join(_said(value, ".1%") for value in each["share_by_bin"].values())
        count = sum(each["requests"])
        lines.append(f"{each['address']:<24}{count:>14,}{each['share']:>8.1%}   {band}")
    for name, found in data["balance"].items():
        band = " / ".join(_said(value, ".2f") for value in found["band"].values())
        title = name.replace("_over_", "/")
        lines.append(f"{title} in windows of {data['window']:g} s: {band}")
    return lines


def _caches(data: Data) -> list[str]:
    return [
        f"{level['name']:<12} answered {level['hit_ratio']:.1%} of {level['queries']:,}"
        for level in data["caches"]
        if level["queries"]
    ]


def _waits(data: Data) -> Iterator[str]:
    """How long requests waited that lost time on their way; nothing where none did."""
    count = data["waited"]["requests"]
    if count:
        found = {part: value for part, value in data["waited"].items() if part != "requests"}
        yield f"{'waited':<12} {count:,} requests: {_spoken(found, 's')}"


def _failures(data: Data) -> Iterator[str]:
    """What part of the requests failed, from bin to bin, from the first that did to the last."""
    rows = [each["requests"] for each in data["backends"]]
    totals = [*map(sum, zip(*rows, data["failed"], strict=True))]
    for kind in ("refused", "dead"):
        failing = [index for index, count in enumerate(data[kind]) if count]
        if failing:
            first, last = failing[0], failing[-1] + 1
            parts = zip(data[kind][first:last], totals[first:last], strict=True)
            shares = [count / total if total else math.nan for count, total in parts]
            yield f"{kind:<12} from {first * data['bin']:g} s: {_shown(shares)}"


def _verdicts(data: Data) -> Iterator[str]:
    """A line for each health check: when it failed, and when it passed again."""
    for check in dict.fromkeys(each["check"] for each in data["verdicts"]):
        turns = [each for each in data["verdicts"] if each["check"] == check]
        said = [f"{'passes' if e['healthy'] else 'fails'} at {e['at']:.1f} s" for e in turns]
        more = " ..." * (len(said) > SHOWN_BINS)
        yield f"verdict      {check} {', '.join(said[:SHOWN_BINS])}{more}"


def _outage(outage: Data) -> str:
    still = f"; {outage['open']:.1%} still led there at the end" if outage["open"] > 0 else ""
    return _spoken(outage["lasted"], "s") + still


def _parts(outage: Data) -> Iterator[str]:
    """How the outage is split; nothing where nobody noticed, which is all there is to say."""
    if math.isinf(outage["noticed"]):
        return
    for name, parts in outage["parts"].items():
        said = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in parts.items())
        yield f"  {name:<11}{said}"


def _spoken(quantiles: dict[str, float], unit: str) -> str:
    return ", ".join(
        f"p{float(part) * 100:g} {_said(value, '.1f')} {unit}" for part, value in quantiles.items()
    )


def _said(value: float, form: str) -> str:
    if math.isnan(value):
        return "-"
    return "endless" if math.isinf(value) else format(value, form)


def _decay(stale: Sequence[float]) -> str:
    """The stale part from bin to bin, until it is gone."""
    known = [value for value in stale if not math.isnan(value)]
    while known and known[-1] == 0:
        known.pop()
    begun = next((index for index, value in enumerate(known) if value), 0)
    return _shown(known[begun:]) or "none"


def _shown(shares: Sequence[float]) -> str:
    """The first of some shares, bin after bin."""
    shown = " ".join(_said(value, ".1%") for value in shares[:SHOWN_BINS])
    return shown + " ..." * (len(shares) > SHOWN_BINS)
