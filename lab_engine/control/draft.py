"""A zone on which a batch is tried, change by change, before another zone is made of it.

Only what the batch names is looked at, so that a large zone costs no more than a small one. What
may stand and what not is judged elsewhere.
"""

from collections.abc import Mapping

from dns.rdatatype import RdataType

from lab_engine.authority.records import Labels, folded
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.tree import EMPTY, Node, Tree, nodes_of
from lab_engine.authority.zone import Zone
from lab_engine.control.reading import Change

Key = tuple[Labels, RdataType, str]
"""What makes a record set unique: its name in lower case, its type, its set identifier."""


class Draft:
    """What a zone holds by now.

    Attributes:
        zone: as it was.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._now: dict[Key, RecordSet | None] = {}
        self._actions: dict[Key, list[str]] = {}
        self._numbers: dict[int, int] = {}  # by identity: a batch outlives its draft

    def make(self, change: Change, number: int) -> None:
        """Make a change, the `number`th of its batch, whether or not it fits what there is."""
        key = key_of(change.record_set)
        self._now[key] = None if change.action == "DELETE" else change.record_set
        self._actions.setdefault(key, []).append(change.action)
        self._numbers[id(change.record_set)] = number

    def held(self, key: Key) -> RecordSet | None:
        """What stands under a key by now."""
        return self._now[key] if key in self._now else self.held_before(key)

    def held_before(self, key: Key) -> RecordSet | None:
        """What stood under a key in the zone."""
        group = self.zone.tree.group(key[:2])
        return next((each for each in group if each.set_identifier == key[2]), None)

    def actions(self, key: Key) -> list[str]:
        """What was done under a key, in its order."""
        return self._actions.get(key, [])

    @property
    def added(self) -> dict[int, RecordSet]:
        """What the batch brings, by the number of its change, in their order."""
        brought = (each for each in self._now.values() if each is not None)
        return dict(sorted((self._numbers[id(each)], each) for each in brought))

    @property
    def removed(self) -> list[RecordSet]:
        """What the batch takes away, and does not bring anew."""
        gone = (self.held_before(key) for key, now in self._now.items() if now is None)
        return [each for each in gone if each is not None]

    @property
    def growth(self) -> int:
        """How many record sets there are more than before."""
        new = sum(self.held_before(key_of(each)) is None for each in self.added.values())
        return new - len(self.removed)

    def after(self) -> "After":
        """The names as they are now that the whole batch was tried."""
        names = dict.fromkeys(name for name, *_ in self._now)
        nodes = (self.zone.tree.nodes.get(name, EMPTY) for name in names)
        stayed = (each for node in nodes for group in node.values() for each in group)
        kept = [each for each in stayed if key_of(each) not in self._now]
        touched = {**dict.fromkeys(names, EMPTY), **nodes_of([*kept, *self.added.values()])}
        return After(self.zone.tree.changed(touched), touched, self._numbers)


class After:
    """The zone that a batch would leave.

    Attributes:
        tree: all of its names.
    """

    def __init__(
        self, tree: Tree, nodes: Mapping[Labels, Node], numbers: Mapping[int, int]
    ) -> None:
        self.tree = tree
        self._nodes = nodes
        self._numbers = numbers

    def others(self, new: RecordSet) -> list[RecordSet]:
        """What the name of a record set holds besides, but for what later changes bring."""
        number = self._numbers[id(new)]
        node = self._nodes[folded(new.name)]
        found = (each for group in node.values() for each in group if each is not new)
        return [each for each in found if self._numbers.get(id(each), -1) < number]


def key_of(record_set: RecordSet) -> Key:
    """The key of a record set."""
    return folded(record_set.name), record_set.type, record_set.set_identifier
