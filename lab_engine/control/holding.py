"""A file that is held: locked as long as it is open, and still what its name leads to.

The lock is on the file itself, so that nobody can take it away without taking the file. A lock says
nothing about names, however: whoever moves, deletes or replaces a file that is held leaves us with
one that nobody will find again. So its name is looked up before each write.

A child of `fork` shares the lock with its parent, and must neither write nor unlock.
"""

import errno
import os
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path

from lab_engine.errors import LabError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FAR = 1 << 40  # octets: what Windows locks nobody else can read, so it is a place behind any end
AGAIN = "Start the server again."


class Held:
    """One file, open for reading and writing. Make one with `hold`.

    Attributes:
        path: its name.
        file: at no place in particular.
        empty: whether it was made here and nothing has been written yet: then it goes with us.
    """

    def __init__(self, path: Path, file: FileIO, *, empty: bool) -> None:
        self.path, self.file, self.empty = path, file, empty
        self._process = os.getpid()

    @property
    def closed(self) -> bool:
        """Whether it was let go."""
        return self.file.closed

    def check(self) -> None:
        """Raises LabError, or OSError, unless this process may write what the name leads to."""
        if self.closed:
            raise LabError(str(self.path), "is closed", AGAIN)
        if self._process != os.getpid():
            rule = "is held by the process that this one was forked from"
            raise LabError(str(self.path), rule, "Change it there, or start a server of its own.")
        if not _leads_to(self.path, self.file):
            rule = "is another file than the one that this server holds"
            raise LabError(str(self.path), rule, f"Nothing was written to either. {AGAIN}")

    def read(self) -> bytes:
        """All of it."""
        self.file.seek(0)
        return self.file.readall()

    def replaced(self, data: bytes) -> "Held":
        """A new file with the name, written whole and locked before it takes it.

        Raises OSError or LabError; then nothing has happened.
        """
        self.check()
        new = self.path.with_name(f"{self.path.name}.new")
        held = hold(new)
        try:
            held.file.truncate(0)
            write(held.file, data)
            self.check()
            if sys.platform == "win32":  # what is open cannot be renamed there
                held.file.close()
                self.file.close()
            new.replace(self.path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            held.file.close()
            raise
        self.file.close()
        if sys.platform == "win32":
            return hold(self.path)
        held.path, held.empty = self.path, False
        return held

    def release(self) -> None:
        """Leave it to others. Safe to call again."""
        if self.closed:
            return
        if self._process == os.getpid():
            with suppress(OSError):
                if self.empty and _leads_to(self.path, self.file):
                    self.path.unlink()
                _unlock(self.file)
        self.file.close()


def hold(path: Path) -> Held:
    """The file of that name, or a new and empty one.

    Raises:
        LabError: another process holds it.
        OSError: it cannot be opened.
    """
    while True:
        held = _opened(path)
        try:
            _lock(held)
            if _leads_to(path, held.file):
                return held
        except FileNotFoundError:
            pass
        except BaseException:
            held.file.close()
            raise
        held.file.close()  # it was replaced before it was locked: what has the name now?


def write(file: FileIO, data: bytes) -> None:
    """All of it, to the disk."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _opened(path: Path) -> Held:
    empty = not path.exists()
    return Held(path, path.open("x+b" if empty else "r+b", buffering=0), empty=empty)


def _leads_to(path: Path, file: FileIO) -> bool:
    return os.path.samestat(path.stat(), os.fstat(file.fileno()))


def _lock(held: Held) -> None:
    try:
        if sys.platform == "win32":
            held.file.seek(FAR)
            msvcrt.locking(held.file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(held.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as wrong:
        if wrong.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise
        remedy = "Stop that one, or name another file."
        raise LabError(str(held.path), "is in use by another server", remedy) from wrong


def _unlock(file: FileIO) -> None:
    """For our children, too: to close it would leave it locked as long as one of them has it."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_UN)
