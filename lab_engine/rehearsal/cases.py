"""Which names are simulated: those that change, and of several that change alike only one."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import as_name
from lab_engine.rehearsal.steps import Steps
from lab_engine.review.diff import Difference, Told

STEERING = ("A", "AAAA")


@dataclass(frozen=True)
class Case:
    """A name that changes, and the others to which the same happens.

    Attributes:
        name: the owner, absolute.
        type: as text.
        steps: for each change what it does to whom; empty where it does nothing to this name.
        alike: other names of this type with the same shares and TTLs, which need no run.
    """

    name: str
    type: str
    steps: tuple[tuple[Difference, ...], ...]
    alike: tuple[str, ...] = ()

    @property
    def steered(self) -> bool:
        """Whether requests go by it: what can be simulated."""
        answers = (told for each in self._all for told in (each.before, each.after))
        texts = (text for told in answers for outcome, _ in told.shares for text in outcome.values)
        return self.type in STEERING and any(map(_is_address, texts))

    @property
    def _all(self) -> tuple[Difference, ...]:
        return tuple(each for step in self.steps for each in step)

    @property
    def moves(self) -> int | None:
        """The first change after which other values are answered; None where only TTLs change."""
        moving = (index for index, step in enumerate(self.steps) if _moves(step))
        return next(moving, None)

    @property
    def longest_ttl(self) -> int:
        """The longest that any answer to this name may be kept, seconds."""
        return max(
            (ttl for each in self._all for told in (each.before, each.after) for ttl in told.ttls),
            default=0,
        )

    def ttl_before(self, step: int) -> int | None:
        """The one TTL of what is told before a change; None where there are several."""
        return _one({ttl for each in self.steps[step] for ttl in each.before.ttls})

    def ttl_after(self, step: int) -> int | None:
        """The one TTL of what is told after a change; None where there are several."""
        return _one({ttl for each in self.steps[step] for ttl in each.after.ttls})


def cases(steps: Steps, found: Sequence[Sequence[Difference]]) -> tuple[Case, ...]:
    """What changes, name by name, those alike together; in the order of names and types.

    Args:
        steps: the zone and its changes.
        found: the differences of each change.
    """
    keys = dict.fromkeys((each.name, each.type) for step in found for each in step)
    several: dict[object, list[Case]] = {}
    for name, kind in sorted(keys, key=lambda key: (as_name(key[0]), key[1])):
        own = tuple(
            tuple(each for each in step if (each.name, each.type) == (name, kind)) for step in found
        )
        policies = tuple(_policies(steps, as_name(name), kind))
        several.setdefault((_look(own), kind, policies), []).append(Case(name, kind, own))
    return tuple(
        Case(first.name, first.type, first.steps, tuple(each.name for each in others))
        for first, *others in several.values()
    )


def _policies(steps: Steps, name: Name, kind: str) -> Sequence[str]:
    """How each zone steers a name, with its checks."""
    groups = ((zone.node(name) or {}).get(RdataType[kind], ()) for zone in steps.zones)
    return [f"{each.policy.name} {each.health_check_id}" for group in groups for each in group]


def _look(steps: Sequence[Sequence[Difference]]) -> object:
    """What two names must have in common to be alike: everything but the values themselves."""
    return tuple(
        tuple(
            (each.who, each.change, each.share, _shares(each.before), _shares(each.after))
            for each in step
        )
        for step in steps
    )


def _shares(told: Told) -> object:
    return told.ttls, tuple(sorted((part, len(each.values)) for each, part in told.shares))


def _moves(step: Sequence[Difference]) -> bool:
    return any(each.share > 0 for each in step)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _one(ttls: set[int]) -> int | None:
    return ttls.pop() if len(ttls) == 1 else None
