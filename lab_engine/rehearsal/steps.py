"""What is given: a zone, and its changes with their times; all judged before anything runs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab_engine.authority.elements import parsed
from lab_engine.authority.files import file_text
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control import changes as batches
from lab_engine.control.changes import Known
from lab_engine.errors import LabError
from lab_engine.review.diff import Difference, diff

LATEST = 4 * 86_400  # seconds; the watch after a change has its time, too, within a week
Change = Zone | Mapping[str, Any] | str
"""Another zone, or a change batch: JSON text, or the object it stands for."""


@dataclass(frozen=True)
class Steps:
    """A zone, and what it becomes.

    Attributes:
        before: as it is.
        changes: (seconds from now, the zone from then on), at least one, in the order of time.
    """

    before: Zone
    changes: tuple[tuple[float, Zone], ...]

    @property
    def zones(self) -> tuple[Zone, ...]:
        """All of them, the one there is first."""
        return (self.before, *(zone for _, zone in self.changes))

    @property
    def after(self) -> Zone:
        """What stands in the end."""
        return self.changes[-1][1]

    def differences(self, state: State) -> tuple[tuple[Difference, ...], ...]:
        """What each change does to whom."""
        pairs = zip(self.zones, self.zones[1:], strict=False)
        return tuple(diff(one, other, state) for one, other in pairs)


def steps(
    before: Zone, changes: Sequence[Change], at: Sequence[float] = (), known: Known | None = None
) -> Steps:
    """The steps of a change.

    Args:
        before: the zone as it is.
        changes: what is done to it, in the order of time.
        at: seconds from now, one for each; a single change without a time is made at once.
        known: what else counts when a batch is judged.

    Raises:
        LabError: times that do not fit, zones with other origins, or a batch that the service
            would refuse, in its words.
    """
    times = tuple(at) or ((0.0,) if len(changes) == 1 else ())
    _check(times, len(changes))
    zones = [before]
    for change in changes:
        zone = change if isinstance(change, Zone) else batches.apply(zones[-1], change, known)
        if zone.origin != before.origin:
            raise LabError(
                f"{before.origin} and {zone.origin}",
                "are not the same zone",
                "Rehearse a change of one zone, or name the origin of both.",
            )
        zones.append(zone)
    return Steps(before, tuple(zip(times, zones[1:], strict=True)))


def read_change(
    file: str | Path, zone: Zone, origin: str | None = None, cidr_blocks: str | None = None
) -> Change:
    """The change that a file holds: another zone, or a batch, as its text tells.

    Args:
        file: a master file, a listing, or a change batch.
        zone: whose change it is; its origin is meant where the file does not say one.
        origin: the zone's name, where it is said otherwise.
        cidr_blocks: the blocks of IP-based routing.

    Raises:
        ZoneError: the file cannot be read, or holds no such thing.
    """
    text = file_text(file)
    if not text.lstrip().startswith(("{", "[")):
        says_where = "$ORIGIN" in text.upper()
        return Zone.from_text(text, origin or (None if says_where else zone.origin), str(file))
    given = parsed(text, str(file))
    if "ResourceRecordSets" in given:
        return Zone.from_json(given, origin or zone.origin, str(file), cidr_blocks)
    return given


def _check(times: Sequence[float], count: int) -> None:
    if not count:
        raise LabError("No change", "leaves nothing to rehearse", "Give a zone, or a change batch.")
    if len(times) != count:
        one = len(times) == 1
        rule = f"{'does' if one else 'do'} not match the {count} change{'s' * (count != 1)}"
        raise LabError(
            f"{len(times)} time{'s' * (not one)}",
            rule,
            "Give each change a time: --at 0 --at 3600.",
        )
    last = -math.inf
    for time in times:
        number = isinstance(time, int | float) and not isinstance(time, bool)
        if not (number and 0 <= time <= LATEST):
            rule = f"is no time from 0 to {LATEST:,} s from now"
            raise LabError(f"at {time!r}", rule, "Give seconds in that range.")
        if time <= last:
            rule = f"does not come after the change before it, at {last:g} s"
            raise LabError(f"at {time:g}", rule, "Give times that go forwards.")
        last = time
