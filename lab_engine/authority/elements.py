"""JSON elements read with care: each mistake is noted with its place, and the reading goes on.

So a file is judged as a whole: who reads it asks for every field by name, and in the end raises
all that was noted. Nothing here knows what the elements mean.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from difflib import get_close_matches
from typing import Any

from lab_engine.authority.forms import UNBOUNDED, Items, Structure, Text
from lab_engine.errors import ZoneError

LONGEST = 1024  # characters of a text of which nothing else is said
ANY = Structure("", {})


def parsed(given: str | Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """A JSON object from its text, or as it is. Raises ZoneError for anything else."""
    try:
        value = json.loads(given, object_pairs_hook=_once) if isinstance(given, str) else given
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, TypeError, RecursionError) as wrong:
        raise ZoneError(
            source, f"is not JSON: {wrong}", "Give it as the AWS CLI writes it."
        ) from wrong
    if not isinstance(value, Mapping):
        raise ZoneError(
            source, "is not a JSON object", "Begin it with { as the AWS CLI's output does."
        )
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different; JSON itself leaves open which one would count."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return made


def nearest(name: str, names: Sequence[str]) -> str:
    """A remedy that names what was probably meant."""
    lower = {each.lower(): each for each in names}
    found = get_close_matches(name.lower(), lower, 1)
    if found:
        return f"Did you mean {lower[found[0]]}?"
    return f"Choose one of {', '.join(names)}."


class Element:
    """One JSON object and where it stands.

    Attributes:
        where: its place in the file, such as `Changes[3].ResourceRecordSet`.
        problems: what was noted so far, here and in every other element of the file.
        form: what may stand in it, and how long; without one, whoever reads it says so.
    """

    def __init__(
        self,
        value: Any,
        where: str,
        problems: list[ZoneError],
        joint: str = ".",
        form: Structure = ANY,
    ) -> None:
        self.where = where
        self.problems = problems
        self.form = form
        self._joint = joint
        self._value: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self.wrong("is not an object", "Write it in braces.")

    def __contains__(self, name: str) -> bool:
        return name in self._value

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def of(self, form: Structure) -> "Element":
        """The same, of which is known what may stand in it."""
        known = copy(self)
        known.form = form
        return known

    def wrong(self, rule: str, remedy: str, name: str = "") -> None:
        """Note a mistake of this element, or of the field called `name`."""
        self.problems.append(ZoneError(self._at(name), rule, remedy))

    def only(self, *names: str) -> None:
        """Note every field that is none of these; without any, none of the form's."""
        known = names or tuple(self.form.fields)
        for name in self._value:
            if name not in known:
                self.wrong("is not known here", nearest(name, known), name)

    def text(self, name: str, default: str | None = None, shortest: int = 1) -> str:
        """A string of so many printable characters, or the default where it is absent."""
        form = self.form.fields.get(name)
        limit = form.longest if isinstance(form, Text) else UNBOUNDED
        longest = limit if limit < UNBOUNDED else LONGEST
        value = self._value.get(name)
        if name not in self._value and default is not None:
            return default
        if not isinstance(value, str):
            self._missing(name, "text in quotation marks")
        elif not shortest <= len(value) <= longest:
            self.wrong(f"has {len(value)} characters", f"Give it {shortest} to {longest}.", name)
        elif not value.isprintable():
            self.wrong("holds characters that cannot be printed", "Leave them out.", name)
        else:
            return value
        return ""

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number, or the default where it is absent. Its range is another's to judge."""
        value = self._value.get(name)
        if name not in self._value and default is not None:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._missing(name, "a whole number without quotation marks")
        return 0

    def flag(self, name: str, default: bool | None = None) -> bool:  # noqa: FBT001
        """True or false, or the default where it is absent."""
        value = self._value.get(name)
        if name not in self._value and default is not None:
            return default
        if not isinstance(value, bool):
            self._missing(name, "true or false")
        return value is True

    def inner(self, name: str) -> "Element":
        """The object under a name."""
        form = self.form.fields.get(name)
        known = form if isinstance(form, Structure) else ANY
        return Element(self._value.get(name), self._at(name), self.problems, form=known)

    def items(self, name: str) -> list[Any]:
        """The list under a name, as it is."""
        value = self._value.get(name)
        if isinstance(value, list | tuple):
            return list(value)
        self._missing(name, "a list in brackets")
        return []

    def elements(self, name: str) -> list["Element"]:
        """The objects in the list under a name."""
        at, form = self._at(name), self.form.fields.get(name)
        inner = form.form if isinstance(form, Items) else None
        known = inner if isinstance(inner, Structure) else ANY
        items = enumerate(self.items(name))
        return [Element(item, f"{at}[{i}]", self.problems, form=known) for i, item in items]

    def _missing(self, name: str, form: str) -> None:
        rule = "has another form" if name in self._value else "is missing"
        self.wrong(rule, f"Give it as {form}.", name)

    def _at(self, name: str) -> str:
        return self._joint.join(filter(None, (self.where, name))) or "the file"
