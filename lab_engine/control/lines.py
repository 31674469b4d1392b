"""The lines of a state file: how they are written, and how damage is told from a torn end.

The first says what the file is. Every other is a checksum, the length of a text in bytes, and the
text itself, which holds no line break. The checksum (CRC-32) runs on from line to line, so that
none can be missing in between. Nothing here knows what the texts mean.

The second line comes with the file, whole, and those behind it are appended, one after another. So
only the last can be torn, and not the second. Its beginning may be missing as well as its end:
what a disk writes first when the power fails is its own choice.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from lab_engine.errors import LabError

TITLE = b"lab_engine state file\n"
_FRAME = re.compile(rb"([0-9a-f]{8}) ([0-9]{1,12}) ")


class Line(NamedTuple):
    """Where a line stands.

    Attributes:
        number: in the file, from 1.
        end: in bytes from the beginning of the file.
        checksum: of all texts down to here.
    """

    number: int
    end: int
    checksum: int


HEAD = Line(1, len(TITLE), crc32(TITLE))
"""The first line."""


def framed(before: Line, text: bytes) -> tuple[Line, bytes]:
    """The line with this text behind another, and all its bytes."""
    checksum = crc32(text, before.checksum)
    data = b"%08x %d %b\n" % (checksum, len(text), text)
    return Line(before.number + 1, before.end + len(data), checksum), data


def read(data: bytes, source: str) -> Iterator[tuple[Line, bytes]]:
    """Every line behind the first, with its text; a torn end is left out.

    Raises:
        LabError: damage, with the number of its line, as soon as it is met.
    """
    before = HEAD
    while before.end < len(data) or before is HEAD:
        found = _following(data, before)
        if found is None and before is not HEAD and _is_torn(data, before.end):
            return
        if found is None:
            raise _damaged(source, before.number + 1)
        yield found
        before = found[0]


def _following(data: bytes, before: Line) -> tuple[Line, bytes] | None:
    """The line behind another, or None where it is not as it was written."""
    frame = _FRAME.match(data, before.end)
    if frame is None:
        return None
    text = data[frame.end() : frame.end() + int(frame[2])]
    line, whole = framed(before, text)
    return (line, text) if data[before.end : line.end] == whole else None


def _is_torn(data: bytes, start: int) -> bool:
    """Whether a bad line is the last, and no longer than it says, as two without a break are."""
    is_last = data.find(b"\n", start) in (-1, len(data) - 1)
    frame = _FRAME.match(data, start)
    return is_last and (frame is None or len(data) <= frame.end() + int(frame[2]) + 1)


def _damaged(source: str, number: int) -> LabError:
    remedy = "Nothing was changed. Take the file from a backup"
    if number > 2:
        remedy += f", or keep what stands before: head -n {number - 1} FILE > NEW"
    return LabError(
        f"{source}, line {number}", "is damaged: its checksum does not fit", remedy + "."
    )
