"""A table of a TOML file that knows its lines: what is wrong with it is said with where it stands.

Python's reader gives a line for what is no TOML, but none for a value that makes no sense. So the
line is looked for again in the text, once it is needed.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

from lab_engine.authority.elements import nearest
from lab_engine.errors import LabError

_HEADER: Final = re.compile(r"\s*\[\[?(?P<path>[^\]]+)\]")
_KEY: Final = re.compile(r"\s*(?P<key>[\w-]+|\"[^\"]*\"|'[^']*')\s*=")


class Table:
    """A table of a data file, whose values are taken one after another; `end` complains of others.

    Attributes:
        path: its name, part by part.
    """

    def __init__(
        self, file: str, text: str, path: tuple[str, ...], values: Mapping[str, Any]
    ) -> None:
        self.path = path
        self._file, self._text = file, text
        self._values = dict(values)
        self._taken: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def wrong(self, rule: str, remedy: str, *key: str) -> LabError:
        """The error that says where: the line of a key of this table, or of the table."""
        line = line_of(self._text, *self.path, *key)
        name = ".".join((*self.path, *key))
        return LabError(f"{self._file}, line {line}", f"{name} {rule}", remedy)

    def value(self, key: str, kind: type | tuple[type, ...], word: str, default: Any = None) -> Any:
        """The value of a key, of the type that `word` calls it."""
        self._taken.append(key)
        if key not in self._values:
            if default is None:
                raise self.wrong(f"has no {key}", f"Add {key} = …, {word}.")
            return default
        found = self._values[key]
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise self.wrong(f"is {found!r} and should be {word}", "Change it.", key)
        return found

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        found: str = self.value(key, str, "a text", default)
        if key in self._values and not found.strip():
            raise self.wrong("is empty", "Write a sentence.", key)
        return found.strip()

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        found = float(self.value(key, (int, float), "a number", default))
        if not math.isfinite(found):
            raise self.wrong(f"is {found} and should be a number", "Change it.", key)
        return found

    def texts(self, key: str) -> list[str]:
        """A list of texts; without the key an empty one."""
        found = self.value(key, list, "a list of texts", [])
        if not all(isinstance(each, str) for each in found):
            raise self.wrong("is not a list of texts", "Put each in quotes.", key)
        return list(found)

    def pair(self, key: str) -> tuple[float, float]:
        """Two numbers, the lower one first."""
        found = self.value(key, list, "two numbers, as [1, 2]")
        usable = [each for each in found if isinstance(each, int | float)]
        if len(usable) != 2 or len(found) != 2 or not usable[0] <= usable[1]:
            raise self.wrong("is not two numbers, the lower first", "Write [1, 2].", key)
        return float(usable[0]), float(usable[1])

    def table(self, key: str) -> Self:
        """A table in this one; without the key an empty one."""
        found = self.value(key, dict, "a table", {})
        return type(self)(self._file, self._text, (*self.path, key), found)

    def end(self) -> None:
        """Raises LabError if there is a key that nobody has taken."""
        for key in self._values:
            if key not in self._taken:
                raise self.wrong("is a key that says nothing here", nearest(key, self._taken), key)


def line_of(text: str, *path: str) -> int:
    """The line, from 1, where a table or a key of one stands; if hidden, where what holds it does.

    Written for how people write such files: a header on a line of its own, a key at its beginning.
    """
    stood: tuple[str, ...] = ()
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            stood = here = tuple(part.strip().strip("\"'") for part in header["path"].split("."))
        elif key := _KEY.match(line):
            here = (*stood, key["key"].strip("\"'"))
        else:
            continue
        while here[: depth + 1] == path[: depth + 1] and depth < len(path):
            best, depth = number, depth + 1
    return best
