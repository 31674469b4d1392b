"""The parts of a scenario: plain values that say what they allow.

Each refuses a bad value when it is made, with the path at which `Scenario.set` takes it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

from lab_engine.authority.geo import REGIONS
from lab_engine.authority.records import Client
from lab_engine.caches.chains import links
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.caches.sources import Profile
from lab_engine.errors import Choice, LabError, ScenarioError
from lab_engine.simulation.failing import CHECK_TYPES, CONNECT, RESPONSE, Failure
from lab_engine.simulation.values import address, choice, fix, must, number, whole

MAX_COUNT = 10**7
MAX_RATE = 10**6
MAX_SKEW = 10
WEEK = 7 * 86_400
MAX_MS = 10_000

Mix = tuple[tuple[str, float], ...]
"""Names of profiles with their parts of the whole, which sum to 1."""


class Arrivals(Choice):
    """How the requests of one client follow each other; all have the same mean rate."""

    POISSON = "poisson"
    ERLANG_2 = "erlang2"
    """Smoother: each gap is the sum of two exponential ones."""
    H2 = "h2"
    """Burstier: two exponential phases with balanced means, squared variation 4."""
    DETERMINISTIC = "deterministic"
    """One period; the first is at random in it."""
    PARETO = "pareto"
    """Heavy-tailed: Pareto gaps with shape 1.5."""


@dataclass(frozen=True)
class Resolvers:
    """The recursive resolvers that all requests pass.

    Attributes:
        count: how many, 1 to 10^7; each place and each profile has its part of them, one at least.
            One in all is everybody's. Those that places name (`Place.resolver`) are not counted.
        skew: of the clients over them; 0 for equal shares, 1 for Zipf's law, up to 10.
        profile: what they do: the name of one of `caches.profiles.RECURSIVES` or of the scenario's
            own `profiles`, or several with their parts of the clients.
        volumes: of queries, as measured, one for each resolver: instead of `count` and `skew`.
    """

    count: int = 20
    skew: float = 1.0
    profile: Mix = (("ideal", 1.0),)
    volumes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        whole("resolvers.count", self.count, 1, MAX_COUNT)
        number("resolvers.skew", self.skew, 0, MAX_SKEW)
        fix(self, "profile", mix("resolvers.profile", self.profile))
        fix(self, "volumes", _volumes(self.volumes))


@dataclass(frozen=True)
class Clients:
    """Who asks, and what each of them remembers.

    Attributes:
        count: how many, 1 to 10^7, split over the resolvers by their shares.
        rate: requests a second of each client; 10^-6 to 10^6.
        profile: what each remembers: the name of one of `caches.profiles.CLIENTS` or of the
            scenario's own `profiles`; two with a slash between, an application's over its system's
            (`jvm/os-cache`); or several of these with their parts of the clients.
        arrivals: how the requests of each follow each other.
        paths: what they ask for, `/` or several paths with their parts of the requests; balancers
            with rules for paths heed it.
    """

    count: int = 1000
    rate: float = 0.1
    profile: Mix = (("none", 1.0),)
    arrivals: Arrivals = Arrivals.POISSON
    paths: Mix = (("/", 1.0),)

    def __post_init__(self) -> None:
        whole("clients.count", self.count, 1, MAX_COUNT)
        number("clients.rate", self.rate, 1 / MAX_RATE, MAX_RATE)
        fix(self, "profile", mix("clients.profile", self.profile))
        for name, _ in self.profile:
            _check_links("clients.profile", name)
        fix(self, "arrivals", choice("clients.arrivals", self.arrivals, Arrivals))
        fix(self, "paths", mix("clients.paths", self.paths))
        for path, _ in self.paths:
            remedy = 'Write {"/": 0.8, "/api": 0.2}.'
            must(path.startswith("/"), "clients.paths", path, "does not begin with /", remedy)


@dataclass(frozen=True)
class Layer:
    """Caches that stand between the clients and the resolvers, each shared by several clients.

    Attributes:
        name: such as `home router` or `CDN PoP`.
        profile: a resolver's, as `nodelocal`, or a client's that serves many, as `nginx`; by name.
        count: how many there are in all, 1 to 10^7. Each resolver has its part of them, by its
            clients, who are dealt out to them in turn, and so are the caches of the layer before.
            Where there are fewer than resolvers, several share one, and what it has not it asks
            for at the resolver of the client who wants it.
        ms: the round trip to one of them from a client, or the layer before it, milliseconds.
    """

    called_by: ClassVar[str] = "name"
    name: str
    profile: str = "ideal"
    count: int = 100
    ms: float = 1.0

    def __post_init__(self) -> None:
        named = isinstance(self.name, str) and 1 <= len(self.name) <= 40
        must(named, "layers.name", self.name, "is not a name", "Give it 1 to 40 letters.")
        one = isinstance(self.profile, str | Profile)
        must(one, "layers.profile", self.profile, "is not one profile", "Add a layer for another.")
        fix(self, "profile", mix("layers.profile", self.profile)[0][0])
        whole("layers.count", self.count, 1, MAX_COUNT)
        number("layers.ms", self.ms, 0, MAX_MS)

    @property
    def label(self) -> str:
        """What its paths call it."""
        return self.name


@dataclass(frozen=True)
class Place:
    """Where some of the clients are, and their resolvers.

    Attributes:
        network: the block of addresses that the clients have, such as `198.18.1.0/24`. Places
            may overlap: two with one network have clients of one town with different resolvers.
        share: the part of all clients, relative to the other places.
        egress: the address from which their resolvers ask; empty for one within the network, or
            for a resolver that is shared, within that of the first place that names it.
        resolver_ms: the round trip from a client, or the last layer before it, to its resolver,
            milliseconds.
        authority_ms: the round trip from a resolver to the authority, milliseconds.
        name: what paths call it; a place without one is called by its network.
        resolver: what its one resolver is called. Places that name one share its cache, and have
            one egress, one authority_ms and one profile; those that name none have their own.
        rate: requests a second of each client here; None for that of all clients.
        client_profile: what these clients remember, as `clients.profile`; empty for the same.
        resolver_profile: what these resolvers do, as `resolvers.profile`; empty for the same.
        subnets: where in the network the clients are: the weights of 2, 4, 8 … equal parts of it;
            empty for evenly.
    """

    called_by: ClassVar[str] = "name"
    network: str = "198.18.1.0/24"
    share: float = 1.0
    egress: str = ""
    resolver_ms: float = 10.0
    authority_ms: float = 50.0
    name: str = ""
    resolver: str = ""
    rate: float | None = None
    client_profile: Mix = ()
    resolver_profile: Mix = ()
    subnets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for field in ("name", "resolver"):
            value = getattr(self, field)
            named = isinstance(value, str) and len(value) <= 40
            must(named, f"places.{field}", value, "is not a name", "Give it up to 40 letters.")
        address("places.network", self.network, ip_network, "198.18.1.0/24")
        if self.egress != "":
            address("places.egress", self.egress, ip_address, "192.0.2.53")
        number("places.share", self.share, 0, MAX_COUNT)
        number("places.resolver_ms", self.resolver_ms, 0, MAX_MS)
        number("places.authority_ms", self.authority_ms, 0, MAX_MS)
        if self.rate is not None:
            number("places.rate", self.rate, 1 / MAX_RATE, MAX_RATE)
        for field in ("client_profile", "resolver_profile"):
            if getattr(self, field) != ():
                fix(self, field, mix(f"places.{field}", getattr(self, field)))
        for name, _ in self.client_profile:
            _check_links("places.client_profile", name)
        fix(self, "subnets", _subnets(self.subnets, self.network))

    @property
    def label(self) -> str:
        """What its paths call it."""
        return self.name or self.network

    @cached_property
    def peer(self) -> Client:
        """Whom an authority sees when a resolver of this place asks it without a client subnet."""
        network = ip_network(self.network)
        return Client.at(self.egress or str(network[53 % network.num_addresses]))


@dataclass(frozen=True)
class Backend:
    """What stands behind an address.

    Attributes:
        address: as the zone writes it.
        region: the AWS Region it is in, for distances; empty where that is of no interest.
        capacity: requests a second that it serves; `math.inf` for as many as come.
        queue: requests that may wait at it, where it has a capacity; more are refused.
        restart: seconds that it takes to come back when it falls over at a full queue, so only
            with a capacity; 0 for one that never does.
        fails: how, while `down` names it: see `Failure`.
        delay: seconds that each answer takes of one that fails by being slow.
        lasts: seconds after which it is back by itself, though `down` still names it.
        recurs: seconds for which it then lives until it fails again, so only with `lasts`;
            `math.inf` for ever.
    """

    called_by: ClassVar[str] = "address"
    address: str
    region: str = ""
    capacity: float = math.inf
    queue: int = 100
    restart: float = 0.0
    fails: Failure = Failure.REFUSED
    delay: float = 5.0
    lasts: float = math.inf
    recurs: float = math.inf

    def __post_init__(self) -> None:
        text = isinstance(self.address, str)
        must(text, "backends.address", self.address, "is no address", 'Write "192.0.2.1".')
        known = self.region in ("", *REGIONS)
        must(known, "backends.region", self.region, "is not an AWS Region", "Write eu-west-1, say.")
        number("backends.capacity", self.capacity, 1 / MAX_RATE, math.inf)
        whole("backends.queue", self.queue, 0, MAX_COUNT)
        number("backends.restart", self.restart, 0, WEEK)
        fix(self, "fails", choice("backends.fails", self.fails, Failure))
        number("backends.delay", self.delay, 0, WEEK)
        number("backends.lasts", self.lasts, 0.001, math.inf)
        number("backends.recurs", self.recurs, 0.001, math.inf)
        endless = math.isinf(self.capacity)
        rule, remedy = "needs a queue that fills, and here is none", "Give it a capacity."
        must(not (self.restart and endless), "backends.restart", self.restart, rule, remedy)
        rule, remedy = "follows on a return that never comes", "Say how long it lasts."
        never = math.isinf(self.lasts) and not math.isinf(self.recurs)
        must(not never, "backends.recurs", self.recurs, rule, remedy)

    @property
    def label(self) -> str:
        """What its paths call it."""
        return self.address


@dataclass(frozen=True)
class Checkers:
    """How health checks look at the servers: one way for all checks that the zone names.

    Attributes:
        interval: seconds from a response to the next request, above 0 (Route 53: 10 or 30).
        threshold: results in a row that change a checker's mind, 1 to 10.
        count: how many look, unsynchronised; 1 to 100.
        type: of the checks: HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH or TCP.
        connect_timeout: seconds until a connection is given up; None for Route 53's, 4 s for HTTP
            and 10 s for TCP.
        response_timeout: seconds from then on until an answer is; None for Route 53's, 2 s.
        publication: seconds until the authority knows; undocumented, so an assumption.
    """

    interval: float = 30.0
    threshold: int = 3
    count: int = 16
    type: str = "HTTP"
    connect_timeout: float | None = None
    response_timeout: float | None = None
    publication: float = 0.0

    def __post_init__(self) -> None:
        number("checkers.interval", self.interval, 0.001, WEEK)
        whole("checkers.threshold", self.threshold, 1, 10)
        whole("checkers.count", self.count, 1, 100)
        rule, remedy = "asks no endpoint", f"Choose one of {', '.join(CHECK_TYPES)}."
        must(self.type in CHECK_TYPES, "checkers.type", self.type, rule, remedy)
        for name in ("connect_timeout", "response_timeout"):
            if getattr(self, name) is not None:
                number(f"checkers.{name}", getattr(self, name), 0, WEEK)
        number("checkers.publication", self.publication, 0, WEEK)

    @property
    def connect(self) -> float:
        """Seconds until a connection is given up."""
        known = self.connect_timeout
        return CONNECT[self.type == "TCP"] if known is None else known

    @property
    def response(self) -> float:
        """Seconds from the connection on until an answer is given up."""
        return RESPONSE if self.response_timeout is None else self.response_timeout


@dataclass(frozen=True)
class ScheduledChange:
    """Something that is set at a time of the watch.

    Attributes:
        at: seconds since the watch began, above 0 and before its end.
        path: what `Scenario.set` takes: below `zone`, or `zone` itself, `down`, `unhealthy` or
            `reachable`.
        value: as `Scenario.set` takes it; for `zone` also a change batch.
    """

    at: float
    path: str
    value: Any

    def __post_init__(self) -> None:
        must(isinstance(self.path, str), "schedule.path", self.path, "is no path", 'Write "down".')
        if isinstance(self.value, list):
            fix(self, "value", tuple(self.value))


def mix(where: str, given: Any) -> Mix:
    """Names with their parts of 1, from one name, a mapping, or pairs.

    What a name stands for is the scenario's to say; a profile in the place of its name must be the
    row of that name.
    """
    parts = {given: 1.0} if isinstance(given, str | Profile) else given
    if not isinstance(parts, Mapping):
        pairs = isinstance(parts, list | tuple) and all(map(_is_part, parts))
        must(pairs, where, given, "is not a profile", 'Write "unbound", or {"unbound": 1}.')
        parts = dict(parts)
    named = {_name(where, each): part for each, part in parts.items()}
    for name, part in named.items():
        number(f"{where}.{name}", part, 0, MAX_COUNT)
    total = math.fsum(named.values())
    must(total > 0, where, given, "has parts that sum to zero", "Give one of them a part.")
    if math.isclose(total, 1):
        total = 1  # so that what is a mix already stays as it is, to the last digit
    return tuple((name, part / total) for name, part in named.items() if part)


def _is_part(given: object) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str | Profile)


def _name(where: str, given: Any) -> str:
    """The name of a profile; a profile itself must be the one that everybody knows by its name."""
    if not isinstance(given, Profile):
        must(isinstance(given, str), where, given, "is not a profile", 'Write "unbound", say.')
        return str(given)
    row: Profile | None = {**RECURSIVES, **CLIENTS}.get(given.name)
    remedy = "Put yours into the scenario's profiles under a name of its own, and write that name."
    must(row is not None, where, given.name, "is the name of no known profile", remedy)
    differs = [
        f.name for f in fields(given) if getattr(given, f.name) != getattr(row, f.name, None)
    ]
    rule = f"differs from the profile of that name: {', '.join(differs)}"
    must(not differs, where, given.name, rule, remedy)
    return given.name


def _check_links(where: str, name: str) -> None:
    try:
        links(name)
    except LabError as wrong:
        raise ScenarioError(f"{where} {name!r}", wrong.rule, wrong.remedy) from wrong


def _volumes(given: Any) -> tuple[float, ...]:
    listed = isinstance(given, list | tuple) and len(given) <= MAX_COUNT
    must(listed, "resolvers.volumes", given, "is not a list of numbers", "Write [120, 30.5, 7].")
    for volume in given:
        number("resolvers.volumes", volume, 0, math.inf)
    positive = not given or 0 < math.fsum(given) < math.inf
    must(positive, "resolvers.volumes", given, "sums to nothing usable", "Give one a volume.")
    return tuple(float(volume) for volume in given)


def _subnets(given: Any, network: str) -> tuple[float, ...]:
    where, remedy = "places.subnets", "Write [3, 1], say: of 2, 4, 8 … parts up to 4096."
    must(isinstance(given, list | tuple), where, given, "is not a list of weights", remedy)
    count = len(given)
    halves = count & (count - 1) == 0 and count <= min(4096, ip_network(network).num_addresses)
    must(halves, where, given, f"are {count} weights, and no equal parts of {network}", remedy)
    for weight in given:
        number(where, weight, 0, MAX_COUNT)
    total = math.fsum(given)
    must(not given or total > 0, where, given, "sum to zero", "Give one of them a weight.")
    return tuple(given)
