"""What members of a group may not do together: codes that policies give, and no words (`rules`)."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple


class Clash(NamedTuple):
    """A rule that members of a group break together.

    Attributes:
        code: of the rule; phrase books have its words (`rules`).
        facts: what the words mention.
        places: which of the members; none stands for all of them.
    """

    code: str
    facts: Mapping[str, object] = MappingProxyType({})
    places: tuple[int, ...] = ()

    def concerns(self, place: int) -> bool:
        """Whether a member has to do with it."""
        return not self.places or place in self.places


def twice(element: str, values: Sequence[str]) -> Iterator[Clash]:
    """Of what each member has for itself: the values are theirs, in their order."""
    for value in sorted({value for value in values if values.count(value) > 1}):
        places = tuple(place for place, each in enumerate(values) if each == value)
        yield Clash("taken", {"element": element, "value": value}, places)
