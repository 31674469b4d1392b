"""A load balancer: a plain value that says who gets the next connection, or the next request.

Its targets are all addresses that answers to the name may hold, whatever the zone's health checks
say. Clients look the name up as ever, and whatever address they are told leads to the balancer,
which chooses anew: for each connection (L4) or for each request (L7). It does not die, and it is
one: what several of them know apart is not here.

The words are those of HAProxy and nginx, which `live.balancers` writes it for. Not here: TLS,
HTTP/2, and retries of requests that a server has begun to answer.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab_engine.errors import Choice
from lab_engine.simulation.parts import MAX_COUNT, MAX_MS, WEEK
from lab_engine.simulation.values import choice, fix, must, number, whole

CHECKS = ("TCP", "HTTP", "HTTP_STR_MATCH")
MAX_WEIGHT = 256
MAX_PATHS = 100
PATH = re.compile(r"/[\w.~!$&'()*+,;=:@%/-]*", re.ASCII)  # RFC 3986, section 3.3
Weights = tuple[tuple[str, float], ...]
"""Addresses and what they weigh; those that are not named weigh 1."""
Paths = tuple[tuple[str, tuple[str, ...]], ...]
"""Beginnings of paths, and the addresses that serve what begins so."""


class OsiLayer(Choice):
    """What a balancer sees, and so how often it decides."""

    L4 = "L4"
    """Connections: all requests of one go to one target."""
    L7 = "L7"
    """Requests, with their paths and cookies."""


class Algorithm(Choice):
    """Whom a balancer chooses."""

    ROUND_ROBIN = "round robin"
    """In turn; with weights the smooth turn of nginx."""
    LEAST_CONNECTIONS = "least connections"
    """Who has the fewest for its weight: open connections at L4, requests in service at L7."""
    TWO_CHOICES = "two choices"
    """The better of two that are drawn at random, by the same measure."""
    RANDOM = "random"


class Stickiness(Choice):
    """How a client comes back to its target."""

    NONE = "none"
    COOKIE = "cookie"
    """The balancer names the target in a cookie: L7 only."""
    ADDRESS = "address"
    """The client's address decides (rendezvous hashing); weights are not heeded."""


@dataclass(frozen=True)
class Balancer:
    """Who gets the next connection or request.

    Attributes:
        layer: `L4`, once for each connection, or `L7`, once for each request.
        algorithm: whom it chooses.
        weights: of targets, above 0 to 256; 1 for those that are not named.
        sticky: how a client comes back.
        paths: at L7, which targets serve what begins with a path; the longest that fits counts,
            and what fits none goes to any: `{"/api": ["192.0.2.3"]}`.
        interval: seconds from the end of one check of a target to the next, and until one has
            failed that gets no answer; 0 for no checks.
        fall, rise: checks in a row that take a target out, and bring it back.
        check: what passes, at both layers: `TCP` a connection, `HTTP` a status of 2xx or 3xx,
            `HTTP_STR_MATCH` a page that says it is well.
        retries: other targets to try where one takes no connection.
        connect_timeout: seconds until it gives up a connection to a target.
        timeout: seconds that it waits for a target's answer: then there is a 504 at L7, and at L4
            the connection is closed.
        draining: targets that get nothing new; what they have goes on until it is closed.
        drain_timeout: seconds after which what a draining target still has is closed.
        keep_alive: seconds an unused connection of a client is kept; 0 closes it at once. How long
            clients keep theirs is for their profiles to say: `idle` and `age`.
        hop_ms: what each request takes to pass the balancer, milliseconds.
    """

    layer: OsiLayer = OsiLayer.L7
    algorithm: Algorithm = Algorithm.ROUND_ROBIN
    weights: Weights = ()
    sticky: Stickiness = Stickiness.NONE
    paths: Paths = ()
    interval: float = 2.0
    fall: int = 3
    rise: int = 2
    check: str = "HTTP"
    retries: int = 0
    connect_timeout: float = 1.0
    timeout: float = 5.0
    draining: tuple[str, ...] = ()
    drain_timeout: float = 300.0
    keep_alive: float = 60.0
    hop_ms: float = 1.0

    def __post_init__(self) -> None:
        fix(self, "layer", choice("balancer.layer", self.layer, OsiLayer))
        fix(self, "algorithm", choice("balancer.algorithm", self.algorithm, Algorithm))
        fix(self, "sticky", choice("balancer.sticky", self.sticky, Stickiness))
        fix(self, "weights", _weights(self.weights))
        fix(self, "paths", _paths(self.paths))
        fix(self, "draining", _addresses("balancer.draining", self.draining))
        number("balancer.interval", self.interval, 0, WEEK)
        whole("balancer.fall", self.fall, 1, 100)
        whole("balancer.rise", self.rise, 1, 100)
        remedy = f"Choose one of {', '.join(CHECKS)}."
        must(self.check in CHECKS, "balancer.check", self.check, "is no check", remedy)
        whole("balancer.retries", self.retries, 0, 100)
        number("balancer.connect_timeout", self.connect_timeout, 0.001, WEEK)
        number("balancer.timeout", self.timeout, 0.001, WEEK)
        number("balancer.drain_timeout", self.drain_timeout, 0, WEEK)
        number("balancer.keep_alive", self.keep_alive, 0, WEEK)
        number("balancer.hop_ms", self.hop_ms, 0, MAX_MS)
        if self.layer is OsiLayer.L4:
            blind = "is not seen at L4"
            must(not self.paths, "balancer.paths", dict(self.paths), blind, "Take L7.")
            cookie = self.sticky is Stickiness.COOKIE
            must(not cookie, "balancer.sticky", "cookie", blind, "Take L7, or stick by address.")

    @property
    def named(self) -> frozenset[str]:
        """Every address that it names."""
        served = (address for _, several in self.paths for address in several)
        return frozenset([*(address for address, _ in self.weights), *served, *self.draining])

    def weight(self, address: str) -> float:
        """What a target weighs."""
        return dict(self.weights).get(address, 1.0)

    def serving(self, path: str) -> tuple[str, ...] | None:
        """Who serves a path; None for anybody."""
        fitting = [each for each in self.paths if path.startswith(each[0])]
        return max(fitting, key=lambda each: len(each[0]))[1] if fitting else None


def _weights(given: Any) -> Weights:
    where, remedy = "balancer.weights", 'Write {"192.0.2.1": 3}.'
    pairs = _pairs(where, given, remedy)
    for address, weight in pairs:
        must(isinstance(address, str), where, address, "is no address", remedy)
        number(f"{where} {address}", weight, 0, MAX_WEIGHT)
        must(weight > 0, f"{where} {address}", weight, "is no weight", "To send none, drain it.")
    return tuple((address, float(weight)) for address, weight in pairs if weight != 1)


def _paths(given: Any) -> Paths:
    where, remedy = "balancer.paths", 'Write {"/api": ["192.0.2.1"]}.'
    pairs = _pairs(where, given, remedy)
    must(len(pairs) <= MAX_PATHS, where, len(pairs), "are too many", f"Give {MAX_PATHS} at most.")
    for path, _ in pairs:
        good = isinstance(path, str) and PATH.fullmatch(path) is not None
        must(good, where, path, "is not the beginning of a path", remedy)
    found = tuple((path, _addresses(f"{where} {path}", served)) for path, served in pairs)
    for path, served in found:
        must(bool(served), where, path, "is served by nobody", "Name an address, or leave it out.")
    return found


def _pairs(where: str, given: Any, remedy: str) -> tuple[tuple[Any, Any], ...]:
    listed = given.items() if isinstance(given, Mapping) else given
    good = isinstance(listed, Iterable) and not isinstance(listed, str)
    pairs = tuple(listed) if good else ()
    good = good and all(isinstance(each, tuple | list) and len(each) == 2 for each in pairs)
    must(good, where, given, "is not a table", remedy)
    must(len(pairs) <= MAX_COUNT, where, len(pairs), "are too many", remedy)
    return tuple((key, value) for key, value in pairs)


def _addresses(where: str, given: Any) -> tuple[str, ...]:
    listed = isinstance(given, list | tuple) and all(isinstance(each, str) for each in given)
    must(listed, where, given, "is not a list of addresses", 'Write ["192.0.2.1"].')
    return tuple(dict.fromkeys(given))
