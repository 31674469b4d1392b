"""A rehearsal as plain data, ready for JSON: what is not a number, or endless, is None."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lab_engine.rehearsal.advice import Advice
from lab_engine.rehearsal.answers import Answers, Rehearsed
from lab_engine.rehearsal.cases import Case
from lab_engine.rehearsal.curves import LEVELS, Times, thin
from lab_engine.rehearsal.deaths import LEVELS as OUTAGE_LEVELS
from lab_engine.rehearsal.deaths import Death
from lab_engine.rehearsal.populations import Population, Told
from lab_engine.rehearsal.text import by_ttl, summary

Data = dict[str, Any]


def as_dict(found: Answers) -> Data:
    """All of it."""
    data: Data = {
        "origin": str(found.steps.before.origin),
        "summary": " ".join(summary(found)),
        "at": [at for at, _ in found.steps.changes],
        "steered": found.steered,
        "seed": found.seed,
        "differences": [each.as_dict() for each in found.differences],
        "names": [_name(each) for each in found.names],
        "others": [{**_case(each), "by_ttl": by_ttl(each)} for each in found.others],
        "outages": [_death(each) for each in found.deaths],
        "findings": [{**each.as_dict(), "new": each in found.new} for each in found.findings],
        "advice": [_advice(each) for each in found.advice],
        "populations": [_population(each, found.profiles[each.name]) for each in found.populations],
    }
    finite: Data = _finite(data)
    return finite


def _name(each: Rehearsed) -> Data:
    return {
        **_case(each.case),
        "followed": [
            {
                "change": one.change,
                "at": one.at,
                "population": one.population,
                "concerned": one.concerned,
                "seconds": _named(LEVELS, one.times),
                "law": None if one.law is None else _named(LEVELS, one.law),
                "watched": one.watched,
                "caches": one.caches,
                "curve": thin(one.curve),
            }
            for one in each.followed
        ],
        "rolled_back": [
            {
                "after": one.after,
                "population": one.population,
                "astray": one.at_once,
                "seconds": _named(LEVELS, one.times),
                "law": None if one.law is None else _named(LEVELS, one.law),
                "longest": one.longest,
                "watched": one.watched,
                "curve": thin(one.curve),
            }
            for one in each.rolled_back
        ],
        "queries": {name: asdict(cost) for name, cost in each.asked.items()},
    }


def _case(case: Case) -> Data:
    return {"name": case.name, "type": case.type, "alike": case.alike}


def _death(each: Death) -> Data:
    return {
        **asdict(each.endpoint),
        "population": each.population,
        "led": each.led,
        "seconds": _named(OUTAGE_LEVELS, each.quantiles),
        "law": None if each.law is None else _named(OUTAGE_LEVELS, each.law),
        "parts": {name: parts._asdict() for name, parts in each.parts},
        "open": each.open,
        "watched": each.watched,
    }


def _advice(each: Advice) -> Data:
    plan = each.plan
    return {
        "names": each.names,
        "population": each.population,
        "straggling_as_given": each.straggling,
        "old_ttl": plan.old_ttl,
        "lower": [step._asdict() for step in plan.steps],
        "move_at": plan.move_at,
        "restore": plan.restore._asdict(),
        "queries": plan.queries,
    }


def _population(each: Population, profiles: Sequence[Told]) -> Data:
    clients, resolvers = each.toy.clients, each.toy.resolvers
    return {
        "name": each.name,
        "clients": clients.count,
        "rate": clients.rate,
        "resolvers": len(resolvers.volumes) or resolvers.count,
        "profiles": [one._asdict() for one in profiles],
        "assumed": each.assumed,
        "unused": each.unused,
    }


def _named(levels: Sequence[float], values: Times | Sequence[float]) -> dict[str, float | None]:
    return {f"{level:g}": value for level, value in zip(levels, values, strict=True)}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
