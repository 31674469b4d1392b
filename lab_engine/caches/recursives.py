"""What kinds of resolvers differ in: TTLs, clocks, failures, orders, networks.

A profile is data, interpreted by `Resolver`; the known ones are in `caches.profiles`. Not here:
what authorities do, DNSSEC, and how long an upstream query takes.
"""

import math
from dataclasses import dataclass, replace

from lab_engine.authority.records import MAX_TTL, Reply, RRset
from lab_engine.caches.orders import SetOrder
from lab_engine.caches.sources import Profile
from lab_engine.errors import LabError

DAY = 86_400
NEAR = 1e-9  # a share of a TTL may fall short of whole seconds by the rounding of floats


@dataclass(frozen=True, slots=True)
class Limits:
    """What a resolver does to TTLs: seconds, 0 <= floor <= cap. Unbound's defaults."""

    floor: int = 0
    cap: int = DAY
    negative_cap: int = 3_600

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= self.cap or self.negative_cap < 0:
            raise LabError(self, "are no limits", "Take 0 <= floor <= cap and 0 <= negative_cap.")

    def applied(self, reply: Reply) -> Reply:
        """`reply` with every TTL of a positive answer between floor and cap, else capped."""
        low, high = (self.floor, self.cap) if reply.answer else (0, self.negative_cap)
        passed = reply.elapsed
        if all(low <= rr.ttl - passed <= high for rr in (*reply.answer, *reply.authority)):
            return reply

        def limited(section: tuple[RRset, ...]) -> tuple[RRset, ...]:
            return tuple(replace(rr, ttl=min(max(rr.ttl, low), high)) for rr in section)

        found = replace(reply, answer=limited(reply.answer), authority=limited(reply.authority))
        left = min(max((reply.ttl or 0) - passed, low), high)
        return replace(found, elapsed=max(0.0, (found.ttl or 0) - left))


@dataclass(frozen=True)
class RecursiveProfile(Profile):
    """One kind of resolver.

    Attributes:
        limits: on TTLs.
        whole_seconds: whether its clock ticks in seconds, so that an entry expires at
            floor(time of fetch) + TTL + grace, and not a TTL after its fetch.
        grace: seconds an entry outlives its TTL on such a clock: 1 where "expired" means `>`.
        prefetch: a request in the last so many seconds of the TTL is served, and renews the entry
            at once; so does one in the grace.
        prefetch_share: the same as a share of the TTL, 0 to 1; the longer of the two holds.
        prefetch_from: the shortest TTL, as stored, that is renewed so.
        serve_stale: seconds for which an expired entry still serves when nobody upstream answers,
            or only with a failure (RFC 8767); 0 for never.
        stale_ttl: the TTL of such an answer, and how long upstream is then left alone.
        failure: seconds a failure is kept (RFC 2308 section 7, RFC 9520).
        order: of a cached set.
        ecs: bits of IPv4 and IPv6 client addresses it sends (RFC 7871); None sends none.
        fragments: independent caches, of which each query meets a random one.
    """

    limits: Limits = Limits()
    whole_seconds: bool = False
    grace: int = 0
    prefetch: float = 0.0
    prefetch_share: float = 0.0
    prefetch_from: int = 0
    serve_stale: float = 0.0
    stale_ttl: int = 30
    failure: float = 0.0
    order: SetOrder = SetOrder.ROTATE
    ecs: tuple[int, int] | None = None
    fragments: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", SetOrder(self.order))
        times = (self.grace, self.prefetch, self.prefetch_from, self.serve_stale, self.failure)
        rules = (
            ("times", times, all(time >= 0 for time in times), "Take 0 seconds or more."),
            ("grace", self.grace, self.whole_seconds or not self.grace, "Set whole_seconds."),
            ("prefetch_share", self.prefetch_share, 0 <= self.prefetch_share <= 1, "Take 0 to 1."),
            ("stale_ttl", self.stale_ttl, self.stale_ttl > 0, "RFC 8767 section 4 advises 30."),
            ("fragments", self.fragments, self.fragments >= 1, "Take at least 1."),
            ("ecs", self.ecs, _are_lengths(self.ecs), "Take (24, 56), say, or None."),
        )
        for field, value, good, remedy in rules:
            if not good:
                raise LabError(f"{self.name}: {field} {value!r}", "breaks the profile", remedy)

    def clock(self, now: float) -> float:
        """The time as this resolver reads it."""
        return math.floor(now) if self.whole_seconds else now

    def lifetime(self, ttl: int) -> int:
        """Seconds on that clock for which an entry of this TTL is served; 0 is not kept at all."""
        return ttl + self.grace if ttl else 0

    def renewal(self, ttl: int) -> float:
        """Seconds before its expiry in which a request renews an entry; 0 for none.

        They begin that long before the TTL is over, and last through the grace: Unbound renews
        from fetch + T - T/10 on, in whole seconds of both (1.17.1, with packets).
        """
        window = max(self.prefetch, self.prefetch_share * ttl)
        if not window or ttl < self.prefetch_from:
            return 0.0
        return self.grace + (math.floor(window + NEAR) if self.whole_seconds else window)

    def does(self) -> str:
        """What it does, in words."""
        limits, negative = self.limits, _range(0, self.limits.negative_cap)
        window = f"{self.prefetch_share:.0%}" if self.prefetch_share else f"{self.prefetch:g} s"
        eligible = f" (TTL {self.prefetch_from} s and more)" if self.prefetch_from else ""
        said = (
            (True, f"TTL {_range(limits.floor, limits.cap)}, negative {negative}"),
            (self.whole_seconds, f"whole seconds, grace {self.grace} s"),
            (self.renewal(MAX_TTL) > 0, f"prefetch in the last {window}{eligible}"),
            (self.serve_stale > 0, f"stale answers for {self.serve_stale:,.0f} s"),
            (self.failure > 0, f"failures kept {self.failure:g} s"),
            (True, f"order {self.order}"),
            (self.ecs is not None, "ECS /{} and /{}".format(*(self.ecs or (0, 0)))),
            (self.fragments > 1, f"{self.fragments} caches behind one address"),
        )
        return ", ".join(text for true, text in said if true)


def _are_lengths(ecs: tuple[int, int] | None) -> bool:
    return ecs is None or (len(ecs) == 2 and 0 <= ecs[0] <= 32 and 0 <= ecs[1] <= 128)


def _range(low: int, high: int) -> str:
    bounds = [f"from {low} s"] * (low > 0) + [f"to {high:,} s"] * (high < MAX_TTL)
    return " ".join(bounds) or "as it is"
