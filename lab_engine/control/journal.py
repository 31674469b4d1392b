"""The state file: an account that survives a restart, and a crash at any moment.

A line that says what it is, a line with a snapshot of the account, then one for each request that
was carried out since. To come back is to read the snapshot and to carry out those requests again:
an operation makes the same of the same account, parameters and moment.

A request is on the disk before it is answered. That the kernel has it would do for a killed
process; the power may fail too, hence `fsync`. When the requests outgrow the snapshot, a new file
is written beside the old one and takes its name in one step (POSIX `rename`), so that whoever opens
the file finds it whole. Only the last line can be torn: its request was not answered, and is cut
off. Everything else that is not as it was written is damage, and refused (`lines`).

Not a database: one process at a time, which a lock on a file beside it ensures.
"""

import base64
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab_engine.control import lines, snapshot
from lab_engine.control.account import Account, Moment, Params
from lab_engine.control.lines import HEAD, TITLE, Line
from lab_engine.control.refusal import refused
from lab_engine.errors import LabError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

Replay = Callable[[Account, str, Params, Moment], Account]
"""Carries out a request again: the account before it, operation, parameters, moment."""
LEAST = 1_000_000  # bytes of requests, before a new snapshot is worth its time
PART = 500  # to carry out a request takes about this part of the time to read the snapshot


class Journal:
    """A state file in use: a `Book` for the service. Make one with `open`, and close it.

    Attributes:
        path: the file.
        restored: whether it was there before: then the account is the file's.
    """

    def __init__(self, path: Path, lock: FileIO, least: int) -> None:
        self.path = path
        self.restored = False
        self._lock = lock
        self._least = least
        self._begun(HEAD)

    @classmethod
    def open(
        cls, path: str | Path, replay: Replay, first: Callable[[], Account], least: int = LEAST
    ) -> tuple["Journal", Account]:
        """The journal of a file, and the account as the last answered request left it.

        Args:
            path: the file; where there is none, or an empty one, it is made.
            replay: carries out a request again.
            first: the account of a new file.
            least: bytes of requests between two snapshots; a larger account has more of them.

        Raises:
            LabError: it is another kind of file, is damaged, is in use, or cannot be read and
                written. Then it is as it was.
        """
        journal = cls.locked(path, least)
        try:
            return journal, journal.read(replay, first)
        except BaseException:
            journal.close()
            raise

    @classmethod
    def locked(cls, path: str | Path, least: int = LEAST) -> "Journal":
        """The journal of a file that is nobody else's from now on, and still to be read."""
        with _usable(path):
            whole = Path(path).resolve()  # what a link leads to is replaced, not the link
            _refuse_others(whole)
            return cls(whole, _locked(whole), least)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the file to others. All that was answered is in it already."""
        self._lock.close()

    def read(self, replay: Replay, first: Callable[[], Account]) -> Account:
        """The account, once, before anything is written: see `open`."""
        with _usable(self.path):
            return self._read(replay, first)

    def _read(self, replay: Replay, first: Callable[[], Account]) -> Account:
        data = self.path.read_bytes() if self.path.exists() else b""
        if not data:
            account = first()
            self._begin(account)
            return account
        (line, text), *requests = lines.read(data, str(self.path))
        self.restored = True
        self._begun(line)
        account = _account(text, f"{self.path}, line {line.number}")
        for self._last, text in requests:
            account = _replayed(account, text, replay, f"{self.path}, line {self._last.number}")
        with self.path.open("r+b", buffering=0) as file:  # shows, too, that it can be written
            self._cut(file)
        return account

    def write(self, operation: str, params: Params, moment: Moment, after: Account) -> None:
        """Write down a request; returns when it is on the disk.

        Raises:
            Refusal: it cannot be written; the file is as before.
        """
        at = moment.at.isoformat()
        request = {"operation": operation, "params": params, "at": at, "seed": moment.seed}
        try:
            self._append(_as_text(request))
            if self._outgrown > self._most:
                self._shorten(after)
        except (OSError, LabError) as wrong:
            # unverified: AWS lists this code for every service, but not when Route 53 says it
            raise refused(
                "ServiceUnavailable",
                f"The request cannot be written to the state file: {wrong}",
                "Nothing was changed. See to the file and its disk, then send it again.",
                503,
            ) from wrong
        except BaseException:  # interrupted: whether it is written is for the next start to see
            self.close()
            raise

    def _begun(self, first: Line) -> None:
        """This is the snapshot; requests follow."""
        self._last = first
        self._start = first.end
        self._most = max(self._least, first.end)

    @property
    def _outgrown(self) -> int:
        """How long the requests take to read and to carry out, in bytes of a snapshot."""
        requests = self._last.number - HEAD.number - 1
        return self._last.end - self._start + requests * (self._start // PART)

    def _begin(self, account: Account) -> None:
        """Put a file with nothing but a snapshot in the place of the old one."""
        line, data = lines.framed(HEAD, _as_text(snapshot.as_data(account)))
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            with new.open("wb", buffering=0) as file:
                _write(file, TITLE + data)
            new.replace(self.path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        self._begun(line)
        _sync_folder(self.path.parent)

    def _shorten(self, account: Account) -> None:
        """A snapshot for all these requests, if it can be had: they are safe where they are."""
        try:
            self._begin(account)
        except (OSError, LabError):
            self._most *= 2  # a full disk is not asked again for every request

    def _append(self, text: bytes) -> None:
        if self._lock.closed:
            raise LabError(str(self.path), "is closed", "Start the server again.")
        line, data = lines.framed(self._last, text)
        # Opened each time: a file that was taken away is missed at once.
        with self.path.open("r+b", buffering=0) as file:
            self._cut(file)
            try:
                _write(file, data)
            except OSError:
                with suppress(OSError):
                    self._cut(file)
                raise
        self._last = line

    def _cut(self, file: FileIO) -> None:
        """Cut off what stands behind the last answered request, and go there."""
        size = file.seek(0, os.SEEK_END)
        if size < self._last.end:
            raise LabError(str(self.path), "was cut by somebody else", "Start the server again.")
        if size > self._last.end:
            file.truncate(self._last.end)
            os.fsync(file.fileno())
            file.seek(self._last.end)


@contextmanager
def _usable(path: str | Path) -> Iterator[None]:
    """LabError for a file that cannot be read and written."""
    try:
        yield
    except (OSError, RuntimeError) as wrong:  # RuntimeError: a link to itself
        rule = f"cannot be used as a state file: {wrong}"
        raise LabError(str(path), rule, "Name a file in a folder where you may write.") from wrong


def _account(text: bytes, where: str) -> Account:
    try:
        return snapshot.account_of(json.loads(text))
    except LabError as wrong:
        raise LabError(f"{where}: {wrong.value}", wrong.rule, wrong.remedy) from wrong


def _replayed(account: Account, text: bytes, replay: Replay, where: str) -> Account:
    request = json.loads(text, object_hook=_special)
    moment = Moment(datetime.fromisoformat(request["at"]), request["seed"])
    try:
        return replay(account, request["operation"], request["params"], moment)
    except LabError as wrong:
        rule = f"was carried out once and is refused now: {wrong}"
        remedy = "Use the release of the lab that wrote the file."
        raise LabError(f"{where}: {request['operation']}", rule, remedy) from wrong


def _as_text(value: Any) -> bytes:
    return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """JSON for the other values that parameters may have."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise LabError(value, "cannot be written as JSON", "Give text, numbers, lists and mappings.")


def _special(read: dict[str, Any]) -> Any:
    """The values of `_plain`."""
    match read:
        case {"$datetime": str(text)}:
            return datetime.fromisoformat(text)
        case {"$bytes": str(text)}:
            return base64.b64decode(text)
    return read


def _write(file: FileIO, data: bytes) -> None:
    """All of it, to the disk."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """A new name is on the disk when its folder is. Not every file system can be told so."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _refuse_others(path: Path) -> None:
    """A file that is no state file is not touched, nor a lock put beside it."""
    if not path.exists():
        return
    if not path.is_file():
        raise LabError(str(path), "is not a regular file", "Name a file, or one to be made.")
    with path.open("rb") as file:
        found = file.read(len(TITLE))
    if found not in (b"", TITLE):
        rule = "is another kind of file, not a state file of the lab"
        raise LabError(str(path), rule, "Name a new file; this one is as it was.")


def _locked(path: Path) -> FileIO:
    """The file beside it that is locked as long as it is open, even by a process that is killed."""
    lock = path.with_name(f"{path.name}.lock").open("ab", buffering=0)
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as wrong:
        lock.close()
        if wrong.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise
        remedy = "Stop that one, or name another file."
        raise LabError(str(path), "is in use by another server", remedy) from wrong
    return lock
