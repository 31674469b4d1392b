"""Running one submission apart from everything, and taking its answers as plain data.

The grader listens on a socket that only this submission can reach. What comes over it is somebody
else's: of bounded length, strict JSON, plain data, of the form that was asked for, or else nothing.
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.plain import plain

from . import jail
from .exam import Limits
from .runtime import JAIL, PLUGIN, Runtime, bound, hidden

Calls = Sequence[Mapping[str, Sequence[Any]]]

LONGEST: Final = 16 << 20  # octets of one line of answers
TAIL: Final = 1 << 16  # octets kept of what pytest says
PIPE: Final = 1 << 16
# A range of users that come and go; graders at work at the same time have others.
FIRST_USER, GRADERS, SLOTS = 61_184, 64, 64


@dataclass(frozen=True)
class Cage:
    """How far apart submissions can be run here.

    Args:
        apart: in namespaces of their own.
        users: each as a user of its own.
    """

    apart: bool
    users: bool

    @property
    def lacks(self) -> tuple[str, ...]:
        """What does not hold here, for the instructor."""
        if self.apart:
            return ()
        files = "the files that their user may read, checks and solutions among them, can be read"
        return (f"Submissions are not run apart on this system: {files}, and the network is open.",)


@dataclass(frozen=True)
class Wanted:
    """What is asked of a submission.

    Args:
        values: names of variables.
        visible: the calls in each visible world.
        hidden: in each hidden one.
    """

    values: Sequence[str]
    visible: Calls
    hidden: Calls


@dataclass(frozen=True)
class Collected:
    """What a submission gave.

    Args:
        values: each a value or a problem.
        visible: results of calls in each visible world.
        hidden: in each hidden one.
        problem: why there is nothing, if there is nothing.
        cells: what went wrong in cells, as `(id, words)`.
        again: whether it may come out otherwise the next time.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    visible: Sequence[Mapping[str, Any]] = ()
    hidden: Sequence[Mapping[str, Any]] = ()
    problem: str = ""
    cells: Sequence[tuple[str, str]] = ()
    again: bool = False


class NothingError(Exception):
    """There are no answers, and why."""


@dataclass(frozen=True)
class Runner:
    """Runs submissions.

    Args:
        runtime: what they find.
        cage: how far apart they are run.
        limits: of each.
        out_of_sight: further files and folders that they must not find.
    """

    runtime: Runtime
    cage: Cage
    limits: Limits
    out_of_sight: Sequence[str] = ()

    def run(self, notebook: Any, wanted: Wanted, slot: int) -> Collected:
        """The answers of one submission.

        Args:
            notebook: is given the path of the socket; returns its text and the ids of its cells.
            wanted: what is asked.
            slot: a number that no other submission has at the same time.
        """
        with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o711)
            (folder / "x").mkdir()
            path = folder / "x/s"
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
                listening.bind(str(path))
                path.chmod(0o666)
                listening.listen(1)
                text, ids = notebook("/lab/x/s" if self.cage.apart else str(path))
                asked = self._asked(folder, {"lab.ipynb": text}, slot)
                with self._begun(asked) as process:
                    return _collected(process, listening, wanted, ids, self.limits)

    def works(self, slot: int = 0) -> bool:
        """Whether a process can be run this way here."""
        with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as name:
            Path(name).chmod(0o711)
            (Path(name) / "x").mkdir()
            asked = self._asked(Path(name), {}, slot)
            asked["command"] = [sys.executable, "-S", "-c", "import lab_engine; print('here')"]
            with self._begun(asked) as process:
                assert process.stdout is not None  # noqa: S101 - piped
                return b"here" in process.stdout.read()

    def _asked(self, folder: Path, files: Mapping[str, str], slot: int) -> dict[str, Any]:
        apart = self.cage.apart
        home = "/lab/home" if apart else str(folder / "home")
        package = "/lab/package" if apart else str(self.runtime.folder)
        root = folder / "root"
        root.mkdir()
        return {
            "apart": apart,
            "uid": _user(slot) if self.cage.users else None,
            "root": str(root),
            "bound": bound(),
            "hidden": [*hidden(), *self.out_of_sight],
            "given": {"/lab/x": str(folder / "x"), "/lab/package": str(self.runtime.folder)},
            "home": home,
            "files": dict(files),
            "command": [
                *(sys.executable, "-S", "-m", "pytest", "-q", "-s", "-p", PLUGIN),
                *("-p", "nbval.plugin", "--noconftest"),
                *("-p", "no:cacheprovider", "--nbval", "--nbval-lax", "lab.ipynb"),
                *("--nbval-kernel-name=learner", f"--rootdir={home}", "-c", os.devnull),
                f"--nbval-cell-timeout={self.limits.cell_seconds}",
            ],
            "environment": self.runtime.environment(home, package),
            "limits": asdict(self.limits),
        }

    @contextlib.contextmanager
    def _begun(self, asked: Mapping[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(self.runtime.folder / JAIL)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin"},
            cwd="/",
        )
        assert process.stdin is not None  # noqa: S101 - piped
        assert process.stdout is not None  # noqa: S101 - piped
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
            yield process
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()  # which ends all that was begun there
            process.stdout.close()
            process.wait()


def _user(slot: int) -> int:
    return FIRST_USER + os.getpid() % GRADERS * SLOTS + slot % SLOTS


def cage(runtime: Runtime, limits: Limits) -> Cage:
    """The best that can be had here.

    Raises:
        LabError: the grader is root, and cannot run anything as somebody else.
    """
    root = os.geteuid() == 0
    choices = [Cage(True, root), Cage(False, root)]
    for each in choices:
        if Runner(runtime, each, limits).works():
            return each
    rule = "cannot run submissions here as another user"
    raise LabError(
        "root", rule, "Grade as a user who is not root, or in the container of labs/README.md."
    )


# The conversation


class _Lines:
    """One connection, read in lines of bounded length until a moment."""

    def __init__(self, connection: socket.socket, due: float) -> None:
        self._connection = connection
        self._due = due
        self._read = b""

    def next(self) -> Any:
        """The next line as strict JSON.

        Raises:
            NothingError: there is none, or it is none.
        """
        while b"\n" not in self._read:
            if len(self._read) > LONGEST:
                raise NothingError("The answers are longer than they may be.")
            self._connection.settimeout(max(0.01, self._due - time.monotonic()))
            try:
                more = self._connection.recv(PIPE)
            except TimeoutError:
                raise NothingError("It did not end in time.") from None
            except OSError:
                more = b""
            if not more:
                raise NothingError("It ended before it had given its answers.")
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return strict(line)

    def say(self, what: Any) -> None:
        """Send a line."""
        self._connection.settimeout(max(0.01, self._due - time.monotonic()))
        try:
            self._connection.sendall(json.dumps(what).encode() + b"\n")
        except OSError:
            raise NothingError("It ended before it had given its answers.") from None


def strict(line: bytes) -> Any:
    """What a line of JSON holds; NaN and its like are none, nor is anything too deep.

    Raises:
        NothingError: it is none.
    """
    try:
        return json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise NothingError("What it gave is no plain data.") from None


def _no_number(name: str) -> None:
    raise ValueError(name)


def _collected(
    process: subprocess.Popen[bytes],
    listening: socket.socket,
    wanted: Wanted,
    ids: Sequence[str],
    limits: Limits,
) -> Collected:
    due = time.monotonic() + limits.seconds
    said = bytearray()
    try:
        connection = _accepted(process, listening, due, limits, said)
        with connection:
            lines = _Lines(connection, due)
            lines.say(
                {
                    "values": list(wanted.values),
                    "calls": list(wanted.visible),
                    "call_s": limits.call_seconds,
                }
            )
            first = lines.next()
            values = {name: _one(first, "values", name) for name in wanted.values}
            visible = _results(first, wanted.visible)
            lines.say({"calls": list(wanted.hidden)})
            unseen = _results(lines.next(), wanted.hidden)
        return Collected(values, visible, unseen, cells=_failures(said, ids))
    except NothingError as nothing:
        again = process.poll() == jail.IMPOSSIBLE
        return Collected(problem=str(nothing), cells=_failures(said, ids), again=again)


def _accepted(
    process: subprocess.Popen[bytes],
    listening: socket.socket,
    due: float,
    limits: Limits,
    said: bytearray,
) -> socket.socket:
    """The connection that brings the answers; what pytest says until then goes into `said`."""
    assert process.stdout is not None  # noqa: S101 - piped
    while True:
        left = due - time.monotonic()
        if left <= 0:
            raise NothingError(f"It did not end within {limits.seconds} s. Is there a loop?")
        sources: list[Any] = [listening, process.stdout]
        ready, _, _ = select.select(sources, [], [], left)
        if process.stdout in ready:
            more = os.read(process.stdout.fileno(), PIPE)
            said += more
            del said[:-TAIL]
            if not more:
                _said_why(process, said)
        elif listening in ready:
            return listening.accept()[0]


def _said_why(process: subprocess.Popen[bytes], said: bytearray) -> None:
    """Raise the reason why nothing came."""
    status = process.wait()
    if status == jail.TOO_LARGE:
        raise NothingError("It took more memory than it may, or too many processes.")
    if status == jail.IMPOSSIBLE:
        words = said.decode(errors="replace").strip()
        raise NothingError(f"It could not be begun: {words}")
    raise NothingError("It ended before it had given its answers.")


def _failures(said: bytearray, ids: Sequence[str]) -> list[tuple[str, str]]:
    """What pytest said of cells; the learner's code may have written among it."""
    found: list[tuple[str, str]] = []
    for line in said.splitlines():
        with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
            told = json.loads(line)
            number, words = told["cell"], told["said"]
            if type(number) is int and 0 <= number < len(ids) and type(words) is str:
                found.append((ids[number], words))
    return found[:20]


def _one(answer: Any, part: str, name: str) -> dict[str, Any]:
    try:
        return _outcome(answer[part][name])
    except (LookupError, TypeError):
        raise NothingError("What it gave has not the form that was asked for.") from None


def _results(answer: Any, calls: Calls) -> list[dict[str, Any]]:
    """The results of calls, as many as were asked for.

    Raises:
        NothingError: they are not.
    """
    try:
        worlds = list(zip(calls, answer["results"], strict=True))
        return [
            {
                name: [_outcome(each) for _, each in zip(wanted, world[name], strict=True)]
                for name, wanted in asked.items()
            }
            for asked, world in worlds
        ]
    except (LookupError, TypeError, ValueError):
        raise NothingError("What it gave has not the form that was asked for.") from None


def _outcome(given: Any) -> dict[str, Any]:
    """A value or a problem, and nothing besides."""
    if "problem" in given:
        return {"problem": str(given["problem"])[:500]}
    try:
        return {"value": plain(given["value"])}
    except LabError as refused:
        return {"problem": str(refused)}
