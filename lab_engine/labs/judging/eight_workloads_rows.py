"""Eight kinds of workloads, each with two or three sides that call for different choices.

Limits stand well apart from what the wrong choices reach: a busy server is busy enough for DNS to
overload it, a quiet one so quiet that it could do the work of all.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from lab_engine.labs.judging.eight_workloads_measures import DAY
from lab_engine.simulation import theory

LOOKUP_MS: Final = 10.0  # of a request that has to look the name up, in the engine's one place
TAIL: Final = 0.99
AT_ONCE, IN_MINUTES = 15.0, 200.0  # seconds of errors
SHORT: Final = 120
CITIES: Final = ("Paris", "London", "Frankfurt", "Tokyo", "Mumbai", "New York", "San Jose")
MANY: Final = 1024
KEPT: Final = 30
SECONDS: Final = 28  # watched at least, however busy: queues vary slowly
REQUESTS: Final = 1_800  # watched, so that p99 has a dozen and a half beyond it

Facts = dict[str, Any]


def worlds(rng: Random, count: int) -> list[dict[str, Any]]:
    """Worlds that have all sides of all kinds: what is right for one side is not enough."""
    return [
        {"rows": [_row(rng, kind, side) for kind, sides in KINDS.items() for side in sides]}
        for _ in range(count)
    ]


def shown(rng: Random) -> dict[str, Any]:
    """A world of eight rows: the first side of each kind."""
    return {"rows": [_row(rng, kind, sides[0]) for kind, sides in KINDS.items()]}


def _row(rng: Random, kind: str, side: "Side") -> dict[str, Any]:
    cheapest, facts = side(rng)
    least = facts.pop("watch_s", SECONDS)
    prices = {"DNS": (3, 6), "L4": (18, 26), "L7": (50, 70)}
    usd = {world: rng.randint(*each) for world, each in prices.items()}
    workload = {"kind": kind, **COMMON, **facts, "usd": usd}
    watch = max(least, round(REQUESTS / workload["requests"]), workload["canary_s"] % DAY)
    shares = {city: rng.randint(5, 20) for city in CITIES}
    return {
        "workload": workload,
        "cheapest": cheapest,
        "cities": shares if len(workload["continents"]) > 1 else {},
        "watch_s": float(watch),
        "seed": rng.randrange(1, 10**6),
    }


COMMON: Final[Mapping[str, Any]] = {
    "protocol": "HTTP",
    "continents": ["EU"],
    "addresses": MANY,
    "keep_s": 0,
    "api": 0,
    "canary_s": 0,
}
Side = Callable[[Random], tuple[str, Facts]]


# --- how much there is to do ----------------------------------------------------------------------


def _busy(rng: Random, low: float, high: float, work: Sequence[int], servers: int = 0) -> Facts:
    load, servers = round(rng.uniform(low, high), 2), servers or rng.choice((3, 4, 5))
    return _work(load, servers, rng.choice(work)) | {"clients": rng.randrange(300, 601, 20)}


def _quiet(rng: Random, work: Sequence[int] = (20, 25, 40)) -> Facts:
    """So little that one server could do all of it."""
    load, servers = round(rng.uniform(0.07, 0.11), 2), rng.choice((3, 4, 5))
    facts = _work(load, servers, rng.choice(work)) | {"clients": rng.randrange(300, 601, 20)}
    return facts | {"limits": {"p99_ms": _within(facts, 2.0, 1 / (1 - load * servers))}}


def _work(load: float, servers: int, work: int) -> Facts:
    requests = round(load * servers * 1000 / work, 1)
    return {"servers": servers, "requests": requests, "work_ms": work, "load": load}


def _within(facts: Facts, margin: float, response: float) -> int:
    """A limit for p99: so many times what this mean response, in units of work, brings about."""
    slowest: float = theory.response_quantile(TAIL, response) * facts["work_ms"]
    return round((LOOKUP_MS + margin * slowest) / 10) * 10


def _queued(facts: Facts, margin: float = 1.8) -> Facts:
    """The limit that a queue at each server keeps, if all servers have the same to do."""
    return facts | {"limits": {"p99_ms": _within(facts, margin, 1 / (1 - facts["load"]))}}


def _shared(facts: Facts, margin: float = 1.42) -> Facts:
    """The limit that is kept only where nobody waits at a server while another one is idle."""
    best = theory.common_queue_response(facts["servers"], facts["load"])
    return facts | {"limits": {"p99_ms": _within(facts, margin, best)}}


def _also(facts: Facts, **limits: float) -> Facts:
    return facts | {"limits": facts["limits"] | limits}


def _kept(rng: Random) -> Facts:
    """Enough clients for their connections to be dealt out evenly, and each in use."""
    return {"clients": rng.randrange(100, 161, 4), "keep_s": KEPT}


def _few(rng: Random, facts: Facts) -> Facts:
    """So few clients that their connections cannot be dealt out evenly to the servers."""
    servers = facts["servers"]
    uneven = [n for n in range(2, 8) if -(-n // servers) * servers / n >= 1.5]
    return facts | {"clients": rng.choice(uneven)}


# --- the kinds ------------------------------------------------------------------------------------


def _static_far(rng: Random) -> tuple[str, Facts]:
    facts = _quiet(rng)
    facts |= _work(facts["load"], 3, facts["work_ms"]) | {"continents": ["EU", "NA", "AS"]}
    return "DNS", _also(facts, near_ms=80, errors_s=IN_MINUTES)


def _static_here(rng: Random) -> tuple[str, Facts]:
    return "L4", _also(_quiet(rng), errors_s=AT_ONCE)


def _socket_busy(rng: Random) -> tuple[str, Facts]:
    facts = _queued(_busy(rng, 0.6, 0.68, (100, 150)) | _kept(rng))
    return "L4", facts | {"protocol": "WebSocket"}


def _socket_quiet(rng: Random) -> tuple[str, Facts]:
    return "DNS", _quiet(rng, (80, 100)) | _kept(rng) | {"protocol": "WebSocket"}


def _cart_offices(rng: Random) -> tuple[str, Facts]:
    facts = _queued(_busy(rng, 0.55, 0.6, (20, 25), 4), 2.2)
    return "L7", _also(facts, sticky=0.99) | {"addresses": rng.choice((1, 2))}


def _cart_homes(rng: Random) -> tuple[str, Facts]:
    return "L4", _also(_queued(_busy(rng, 0.5, 0.55, (20, 25)), 2.2), sticky=0.99)


def _canary_minutes(rng: Random) -> tuple[str, Facts]:
    return "L4", _also(_quiet(rng), canary_points=0.4) | {"canary_s": SHORT}


def _canary_day(rng: Random) -> tuple[str, Facts]:
    return "DNS", _also(_quiet(rng), canary_points=0.4) | {"canary_s": DAY}


def _canary_kept(rng: Random) -> tuple[str, Facts]:
    facts = _also(_quiet(rng, (40, 50)), canary_points=0.4)
    return "L7", facts | {"canary_s": SHORT, "clients": rng.choice((8, 10, 12)), "keep_s": KEPT}


def _grpc_few(rng: Random) -> tuple[str, Facts]:
    facts = _few(rng, _busy(rng, 0.7, 0.74, (100, 150)))
    return "L7", _queued(facts) | {"protocol": "gRPC", "keep_s": KEPT}


def _grpc_many(rng: Random) -> tuple[str, Facts]:
    facts = _queued(_busy(rng, 0.6, 0.68, (100, 150)) | _kept(rng), 2.2)
    return "L4", facts | {"protocol": "gRPC"}


def _batch_busy(rng: Random) -> tuple[str, Facts]:
    return "L4", _shared(_busy(rng, 0.74, 0.78, (20, 25), 4)) | {"watch_s": 2 * SECONDS}


def _batch_quiet(rng: Random) -> tuple[str, Facts]:
    return "DNS", _quiet(rng)


def _split(rng: Random) -> tuple[str, Facts]:
    facts = _queued(_busy(rng, 0.5, 0.6, (20, 25)), 2.2)
    return "L7", _also(facts, misled=0.001) | {"api": round(1 / facts["servers"], 2)}


def _tcp_patient(rng: Random) -> tuple[str, Facts]:
    return "DNS", _also(_quiet(rng), errors_s=IN_MINUTES) | {"protocol": "TCP"}


def _tcp_at_once(rng: Random) -> tuple[str, Facts]:
    return "L4", _also(_quiet(rng), errors_s=AT_ONCE) | {"protocol": "TCP"}


KINDS: Final[Mapping[str, Sequence[Side]]] = {
    "static site": (_static_far, _static_here),
    "WebSocket": (_socket_busy, _socket_quiet),
    "cart": (_cart_offices, _cart_homes),
    "canary 1 %": (_canary_day, _canary_minutes, _canary_kept),
    "gRPC": (_grpc_few, _grpc_many),
    "batch API": (_batch_busy, _batch_quiet),
    "path split": (_split,),
    "legacy TCP": (_tcp_at_once, _tcp_patient),
}
