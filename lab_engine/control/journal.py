"""The state file: an account that survives a restart, and a crash at any moment.

A line that says what it is, a line with a snapshot of the account, then one for each request that
was carried out since. To come back is to read the snapshot and to carry out those requests again:
an operation makes the same of the same account, parameters and moment.

A request is on the disk before it is answered. That the kernel has it would do for a killed
process; the power may fail too, hence `fsync`. When the requests outgrow the snapshot, a new file
is written beside the old one and takes its name in one step (POSIX `rename`), so that whoever opens
the file finds it whole. Only the last line can be torn: its request was not answered, and is cut
off, which is said. Everything else that is not as it was written is damage, and refused (`lines`);
so is a whole line that we have not written.

Not a database: one process at a time, which a lock on the file ensures (`holding`).
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab_engine.control import lines, snapshot
from lab_engine.control.account import Account, Moment, Params
from lab_engine.control.holding import AGAIN, Held, hold, write
from lab_engine.control.lines import HEAD, TITLE, Line
from lab_engine.control.refusal import refused
from lab_engine.errors import LabError

Replay = Callable[[Account, str, Params, Moment], Account]
"""Carries out a request again: the account before it, operation, parameters, moment."""
LEAST = 1_000_000  # bytes of requests, before a new snapshot is worth its time
_OPERATION, _AT = re.compile(rb'"operation":"([^"]+)"'), re.compile(rb'"at":"([\w:.+-]+)"')
PART = 500  # to carry out a request takes about this part of the time to read the snapshot


class Journal:
    """A state file in use: a `Book` for the service. Make one with `open`, and close it.

    Attributes:
        path: the file.
        restored: whether it was there before: then the account is the file's.
        cut: what was cut off its end when it was read, in a sentence; empty where nothing was.
    """

    def __init__(self, held: Held, least: int) -> None:
        self.path = held.path
        self.restored = False
        self.cut = ""
        self._held = held
        self._tried = b""  # the last request that was written, or begun to be
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
            return cls(hold(whole), least)

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
        self._held.release()

    def read(self, replay: Replay, first: Callable[[], Account]) -> Account:
        """The account, once, before anything is written: see `open`."""
        with _usable(self.path):
            return self._read(replay, first)

    def _read(self, replay: Replay, first: Callable[[], Account]) -> Account:
        data = self._held.read()
        if not data:
            account = first()
            self._begin(account)
            return account
        if not data.startswith(TITLE):  # since it was looked at, somebody wrote it anew
            raise _another_kind(self.path)
        (line, text), *requests = lines.read(data, str(self.path))
        self.restored = True
        self._begun(line)
        account = _account(text, f"{self.path}, line {line.number}")
        for self._last, text in requests:
            account = _replayed(account, text, replay, f"{self.path}, line {self._last.number}")
        torn = data[self._last.end :]
        self._cut(torn)
        self.cut = _told(torn)
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
        self._held = self._held.replaced(TITLE + data)
        self._begun(line)
        _sync_folder(self.path.parent)

    def _shorten(self, account: Account) -> None:
        """A snapshot for all these requests, if it can be had: they are safe where they are."""
        try:
            self._begin(account)
        except (OSError, LabError):
            self._most *= 2  # a full disk is not asked again for every request

    def _append(self, text: bytes) -> None:
        line, data = lines.framed(self._last, text)
        self._held.check()
        self._cut(self._tried)
        self._tried = data
        try:
            write(self._held.file, data)
        except OSError:
            with suppress(OSError):
                self._cut(data)
            raise
        self._last = line

    def _cut(self, known: bytes) -> None:
        """Go to the end of the last answered request, and cut off what is known to be none.

        Raises LabError where something else stands there: it is not ours.
        """
        file, end = self._held.file, self._last.end
        if file.seek(0, os.SEEK_END) < end:
            raise LabError(str(self.path), "was cut by somebody else", AGAIN)
        file.seek(end)
        tail = file.readall()
        if not known.startswith(tail):
            raise LabError(str(self.path), "was written to by somebody else", AGAIN)
        if tail:
            file.truncate(end)
            os.fsync(file.fileno())
            file.seek(end)


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


def _sync_folder(path: Path) -> None:
    """A new name is on the disk when its folder is. Not every file system can be told so."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _refuse_others(path: Path) -> None:
    """A file that is no state file is not touched."""
    if not path.exists():
        return
    if not path.is_file():
        raise LabError(str(path), "is not a regular file", "Name a file, or one to be made.")
    with path.open("rb") as file:
        found = file.read(len(TITLE))
    if found not in (b"", TITLE):
        raise _another_kind(path)


def _another_kind(path: Path) -> LabError:
    rule = "is another kind of file, not a state file of the lab"
    return LabError(str(path), rule, "Name a new file; this one is as it was.")


def _told(tail: bytes) -> str:
    """What a torn end was, as far as it can be read."""
    if not tail:
        return ""
    named, dated = _OPERATION.search(tail), _AT.search(tail)
    what = f"a request ({named[1].decode()}" if named else "a request that cannot be read"
    what += (f" of {dated[1].decode()})" if dated else ")") if named else ""
    return f"its last record, {what}, was damaged or not whole; its {len(tail)} octets were cut off"
