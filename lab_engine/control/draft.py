"""A zone on which a batch is tried, change by change, before another zone is made of it.

Each change is judged by what those before it left. Only what the batch names is looked at, so that
a large zone costs no more than a small one. What may stand and what not is judged elsewhere.
"""

from lab_engine.authority.records import folded
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.tree import EMPTY, nodes_of
from lab_engine.authority.zone import Key, Zone, key_of
from lab_engine.control.reading import Change


class Draft:
    """What a zone holds by now.

    Attributes:
        zone: as it was.
        tree: its names as they are now.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.tree = zone.tree
        self._before: dict[Key, RecordSet | None] = {}  # of what was changed
        self._numbers: dict[Key, int] = {}

    def make(self, change: Change, number: int) -> None:
        """Make a change, the `number`th of its batch, whether or not it fits what there is."""
        new = change.record_set
        key = key_of(new)
        name = key[0]
        self._before.setdefault(key, self.held(key))
        self._numbers[key] = number
        held = [each for group in self.tree.nodes.get(name, EMPTY).values() for each in group]
        kept = [each for each in held if key_of(each) != key]
        if change.action != "DELETE":
            kept.append(new)
        self.tree = self.tree.changed({name: EMPTY, **nodes_of(kept)})

    def held(self, key: Key) -> RecordSet | None:
        """What stands under a key by now."""
        group = self.tree.group(key[:2])
        return next((each for each in group if each.set_identifier == key[2]), None)

    def others(self, new: RecordSet) -> list[RecordSet]:
        """What its name holds besides a record set."""
        node = self.tree.nodes.get(folded(new.name), EMPTY)
        return [each for group in node.values() for each in group if each is not new]

    def before(self, new: RecordSet) -> list[RecordSet]:
        """Those of its group that were there before it, or that the batch brought before it."""
        number = self._numbers[key_of(new)]
        group: Group = self.tree.group(key_of(new)[:2])
        there = (each for each in group if each is not new)
        return [each for each in there if self._numbers.get(key_of(each), -1) < number]

    @property
    def added(self) -> list[RecordSet]:
        """What the batch brings."""
        now = map(self.held, self._before)
        return [each for each in now if each is not None]

    @property
    def removed(self) -> list[RecordSet]:
        """What the batch takes away, and does not bring anew."""
        pairs = self._before.items()
        return [was for key, was in pairs if was is not None and self.held(key) is None]

    @property
    def growth(self) -> int:
        """How many record sets there are more than before."""
        return len(self.added) - sum(was is not None for was in self._before.values())
