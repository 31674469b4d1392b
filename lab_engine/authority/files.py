"""Files that are read: regular ones, up to a size, and in UTF-8 where they are text.

A device never ends and a pipe may never begin, so neither is waited for.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from lab_engine.errors import LabError, ZoneError

MAX_BYTES = 100_000_000  # [design]: a zone of a million addresses has 25 MB
_UNHURRIED = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def file_text(path: str | Path, most: int = MAX_BYTES) -> str:
    """The text of a file.

    Args:
        path: of a regular file, in UTF-8.
        most: bytes that it may have.

    Raises:
        ZoneError: it cannot be read, is no file or no text, or is too large.
    """
    try:
        # -sig: some shells write a byte order mark in front of what they redirect
        text = file_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise _unreadable(path, f"byte {wrong.start} is no UTF-8", "Save it as UTF-8.") from wrong
    return text.replace("\r\n", "\n").replace("\r", "\n")


def file_bytes(path: str | Path, most: int = MAX_BYTES) -> bytes:
    """What is in a file. Raises ZoneError as `file_text` does."""
    try:
        handle = os.open(path, os.O_RDONLY | _UNHURRIED)
        try:
            _check_kind(path, os.fstat(handle).st_mode)
            with open(handle, "rb", closefd=False) as file:
                found = file.read(most + 1)
        finally:
            os.close(handle)
    except LabError:
        raise
    except (OSError, ValueError) as wrong:
        raise _unreadable(path, *_why(wrong, Path(path))) from wrong
    if len(found) > most:
        rule = f"it has more than {most / 1e6:,.0f} MB"
        raise _unreadable(path, rule, "Give a smaller one.")
    return found


@dataclass(frozen=True)
class Beside:
    """Where the files are that a file names: below its folder, and nowhere else.

    Attributes:
        folder: of the file.
        anywhere: whether others may be named all the same; only who names the file may say so.
    """

    folder: Path
    anywhere: bool = False

    def __call__(self, name: str) -> Path:
        """The path of a file. Raises ZoneError where it lies elsewhere, by a link perhaps."""
        path = self.folder / name
        if not (self.anywhere or self._has(path)):
            rule = f"lies outside the folder of the file that names it, {self.folder}"
            raise ZoneError(name, rule, "Put it there, or allow it: --anywhere.")
        return path

    def _has(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, ValueError, RuntimeError):  # a way round, or no path at all
            return False


def _check_kind(path: str | Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise _unreadable(path, "it is a folder", "Name a file in it.")
    if not stat.S_ISREG(mode):
        rule, remedy = "it is no regular file", "Save what it gives to a file, and name that."
        raise _unreadable(path, rule, remedy)


def _unreadable(path: str | Path, why: str, remedy: str) -> ZoneError:
    return ZoneError(str(path), f"cannot be read: {why}", remedy)


def _why(wrong: OSError | ValueError, path: Path) -> tuple[str, str]:
    """What is wrong in words, and what to do about it."""
    if isinstance(wrong, FileNotFoundError):
        folder = path.parent
        if folder.is_dir():
            return "there is no such file", "Is the name right? `ls` shows the files there are."
        return f"there is no folder {folder}", "Is the name right, and the folder the right one?"
    if isinstance(wrong, PermissionError):
        return "you may not read it", "Ask its owner, or change its mode."
    if "\0" in str(path):
        return "its name has a null character", "Name a file without one."
    return getattr(wrong, "strerror", None) or str(wrong), "Name a readable file."
