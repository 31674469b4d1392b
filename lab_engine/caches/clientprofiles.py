"""What kinds of stubs, systems, applications and proxies differ in.

A profile is data: `ClientCache` reads what is kept and for how long, `Dialer` what is done with
the addresses. The known ones are in `caches.profiles`. Two may stand behind each other
(`caches.chains`): a JVM over systemd-resolved is a `ClientCache` that asks another.
"""

import math
from dataclasses import dataclass

from lab_engine.caches.sources import Profile
from lab_engine.errors import Choice, LabError

HEAD_START = 0.25  # seconds: the Connection Attempt Delay that RFC 8305 section 5 recommends
PATIENCE = 127.0  # seconds for which Linux repeats a SYN: tcp(7), tcp_syn_retries 6


class Use(Choice):
    """Which address of an answer is tried first, and which next."""

    AS_GIVEN = "as given"
    RFC_6724 = "rule 9"
    """RFC 6724 rule 9 as glibc applies it: to IPv4 only within the client's own subnet."""
    RFC_6724_V6 = "rule 9 for IPv6"
    """The same, and IPv4 as given."""
    RANDOM_START = "from a random one"
    """In the order given, from a random one on, at each connection."""
    IN_TURN = "in turn"
    """In the order given, each connection one further."""


@dataclass(frozen=True)
class ClientProfile(Profile):
    """One kind of client.

    Attributes:
        lifetime: seconds an answer is kept whatever its TTL; 0 keeps none, `math.inf` for ever;
            None obeys the TTL, between `floor` and `cap`.
        floor: seconds.
        cap: seconds.
        grace: seconds beyond, in which the old answer serves once more and a new one is fetched.
        negative: seconds at most for which an answer without addresses is kept; None: as others.
        failure: seconds for which a failed look-up is kept.
        hold: seconds, from when it came, for which an answer outlives look-ups that fail.
        polls: whether it asks each `lifetime` of its own accord, and not at a request.
        asks_after_failure: seconds between two questions that failed connections set off, as gRPC
            does; None never does so.
        keeps: how many addresses of an answer it keeps; 0 for all.
        use: which address is tried first.
        tries_next: whether it goes on to the next address when one is dead.
        patience: seconds until it does, or gives up an open connection on which nothing comes back;
            a server that refuses costs none.
        happy_eyeballs: families in turn, IPv6 first, each `HEAD_START` after the one before.
        idle: seconds an unused connection stays open; 0 connects at each request.
        age: seconds a connection lives at most.
        shared: whether one of these serves many clients.
    """

    lifetime: float | None = 0.0
    floor: float = 0.0
    cap: float = math.inf
    grace: float = 0.0
    negative: float | None = None
    failure: float = 0.0
    hold: float = 0.0
    polls: bool = False
    asks_after_failure: float | None = None
    keeps: int = 0
    use: Use = Use.AS_GIVEN
    tries_next: bool = True
    patience: float = PATIENCE
    happy_eyeballs: bool = False
    idle: float = 0.0
    age: float = math.inf
    shared: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "use", Use(self.use))
        times = [
            self.floor,
            self.cap,
            self.grace,
            self.failure,
            self.hold,
            self.patience,
            self.idle,
            self.age,
        ]
        times += [
            t for t in (self.lifetime, self.negative, self.asks_after_failure) if t is not None
        ]
        if not all(time >= 0 for time in times) or self.floor > self.cap or self.keeps < 0:
            raise LabError(
                self.name, "has a time or a number below 0, or a floor above its cap", "Raise it."
            )
        if self.polls and not 0 < (self.lifetime or 0) < math.inf:
            raise LabError(self.name, "polls at no interval", "Set lifetime to some seconds.")

    @property
    def obedient(self) -> bool:
        """Whether it keeps every answer as it is told to."""
        bent = (self.floor, self.failure, self.hold, self.keeps, self.lifetime is not None)
        return not any(bent) and self.negative is None and math.isinf(self.cap)

    @property
    def plain(self) -> bool:
        """Whether it does nothing at all with answers: there need be no cache."""
        keeps = self.lifetime != 0 or self.failure or self.hold or self.keeps or self.grace
        return not keeps and self.use is Use.AS_GIVEN and self.only_remembers

    @property
    def alone(self) -> bool:
        """Whether it is no part of one client: it serves many, or asks of its own accord."""
        return self.shared or self.polls

    @property
    def only_remembers(self) -> bool:
        """Whether it has no way of its own with addresses: it tries them as they come, at once."""
        return (
            self.use in (Use.AS_GIVEN, Use.RFC_6724, Use.RFC_6724_V6)
            and self.tries_next
            and self.idle == 0
            and self.asks_after_failure is None
            and not self.polls
        )

    @property
    def gap(self) -> float:
        """Seconds from an address on which nothing comes back to the next."""
        return HEAD_START if self.happy_eyeballs else self.patience

    def expiry(self, expires: float, now: float, *, empty: bool) -> float:
        """Until when an answer is kept that came at `now` and whose TTL ends at `expires`.

        One without addresses has failed, if it has no TTL left; else it is negative.
        """
        if empty and expires <= now:
            return now + self.failure
        kept = now + self.lifetime if self.lifetime is not None else self._obeyed(expires, now)
        if not empty or self.negative is None:
            return kept
        return min(kept, now + self.negative)

    def _obeyed(self, expires: float, now: float) -> float:
        return min(max(expires, now + self.floor), now + self.cap)

    def does(self) -> str:
        """What it does, in words."""
        keeps = f"keeps {self.keeps} address{'es' * (self.keeps > 1)}"
        gap = self.asks_after_failure
        said = (
            (True, self._lifetime()),
            (self.grace > 0, f"{self.grace:g} s of grace"),
            (self.negative is not None, f"negative {self.negative or 0:g} s"),
            (self.failure > 0, f"failures {self.failure:g} s"),
            (self.hold > 0, "failed look-ups leave the old answer" + _for(self.hold)),
            (gap is not None, f"asks again after failures, {gap or 0:g} s apart or more"),
            (self.keeps > 0, keeps),
            (self.shared, "serves many clients"),
            (self.use is not Use.AS_GIVEN, f"addresses: {self.use}"),
            (not self.tries_next, "tries no other address"),
            (self.happy_eyeballs, "Happy Eyeballs"),
            (self.idle > 0, self._connection()),
        )
        return ", ".join(text for true, text in said if true)

    def _lifetime(self) -> str:
        if self.lifetime is None:
            floor = f", at least {self.floor:g} s" if self.floor else ""
            return f"obeys the TTL{floor}" + (f", at most {self.cap:,g} s" * (self.cap < math.inf))
        if self.lifetime == 0:
            return "no cache"
        if math.isinf(self.lifetime):
            return "never asks again"
        return f"{'asks every' if self.polls else 'ignores the TTL:'} {self.lifetime:g} s"

    def _connection(self) -> str:
        ends = [f"{self.idle:g} s unused"] if self.idle < math.inf else []
        ends += [f"{self.age:g} s old"] if self.age < math.inf else []
        return f"connections until {' or '.join(ends) or 'they break'}"


def _for(seconds: float) -> str:
    return f" for {seconds:g} s" if seconds < math.inf else ""
