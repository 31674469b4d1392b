"""MaxMind's files, opened as what anybody may have written.

The package's reader in C is quicker, and a damaged file can end the process in it. The one in
Python raises something, whatever is in the file; where it would go round for ever is counted here.
"""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab_engine.authority.files import file_bytes
from lab_engine.errors import LabError

MAX_BYTES = 1_000_000_000  # the largest that MaxMind sells has half of that
SLACK = 256  # nodes on the way to where IPv4 begins


@contextmanager
def opened(path: str | Path) -> Iterator[Any]:
    """A reader of a file, to be iterated or asked within.

    Raises:
        LabError: the package is not installed; the file cannot be read, is none of MaxMind's, or
            holds what its format does not allow.
    """
    try:
        from maxminddb import MODE_FD  # noqa: PLC0415  (an extra, for those who have such a file)
    except ImportError as missing:
        raise LabError(
            str(path), "needs the package maxminddb", "Install it: pip install maxminddb."
        ) from missing
    content = io.BytesIO(file_bytes(path, MAX_BYTES))
    try:
        with _bounded()(content, MODE_FD) as reader:
            yield reader
    except LabError:
        raise
    except Exception as wrong:  # a damaged file may lead it to any
        raise LabError(
            str(path), f"is not a MaxMind file, or damaged: {_why(wrong)}", "Get it anew."
        ) from wrong


def _why(wrong: Exception) -> str:
    """What the package says, without the name that it gives a file in memory."""
    said = str(wrong).partition(" (<class")[0].splitlines()
    return (said[0] if said else type(wrong).__name__)[:100]


def _bounded() -> type[Any]:
    from maxminddb.reader import Reader  # noqa: PLC0415

    class Bounded(Reader):
        """A reader that goes through each node of the tree once, and no more."""

        _left: float = math.inf

        def __iter__(self) -> Iterator[Any]:
            self._left = 2 * self.metadata().node_count + SLACK
            return super().__iter__()

        def _read_node(self, node_number: int, index: int) -> int:
            self._left -= 1
            if self._left < 0:
                raise ValueError("its tree leads back into itself")
            return super()._read_node(node_number, index)

    return Bounded
