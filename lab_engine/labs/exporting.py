"""The last cell of a notebook that is run for a grade: hands the answers over as plain data.

It talks with the grader over a socket, a line of JSON each: the grader says what is asked for; what
the answers come to in the visible worlds goes back; only then come the arguments of the calls in
hidden worlds, so that nothing given before can depend on them. Each call has a process of its own.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .lab import Result
from .plain import plain
from .trying import called

Calls = Sequence[Mapping[str, Sequence[Any]]]  # for each world: the function's name -> arguments

PIPE: Final = 1 << 16
LONGEST: Final = 1 << 21  # octets of one result


def export(names: Mapping[str, Any], path: str) -> None:
    """Give what was asked for to whoever listens at the path.

    Args:
        names: the variables of the notebook.
        path: of a socket.
    """
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
        contextlib.closing(_connected(connection, path)) as lines,
    ):
        asked = json.loads(lines.readline())
        values = {name: _value(names, name) for name in asked["values"]}
        _say(lines, {"values": values, "results": _results(names, asked["calls"], asked["call_s"])})
        hidden = json.loads(lines.readline())
        _say(lines, {"results": _results(names, hidden["calls"], asked["call_s"])})


def _connected(connection: socket.socket, path: str) -> Any:
    connection.connect(path)
    return connection.makefile("rw", encoding="utf-8", newline="\n")


def _say(lines: Any, what: Any) -> None:
    lines.write(json.dumps(what) + "\n")
    lines.flush()


def _value(names: Mapping[str, Any], name: str) -> dict[str, Any]:
    if name not in names:
        return {"problem": f"{name}: is not set. Set it in its answer cell."}
    return _said(called(lambda: names[name], ()))


def _results(names: Mapping[str, Any], calls: Calls, seconds: float) -> list[dict[str, Any]]:
    return [
        {
            name: [apart(names.get(name), arguments, seconds) for arguments in each]
            for name, each in world.items()
        }
        for world in calls
    ]


def apart(function: Any, arguments: Sequence[Any], seconds: float) -> dict[str, Any]:
    """What a function gives back in a process of its own, where it finds everything as it was.

    Args:
        function: whatever stands in the answer.
        arguments: plain data.
        seconds: until it is given up, by the clock.
    """
    if not callable(function):
        return {"problem": f"{type(function).__name__}: is no function. Write one with `def`."}
    receiving, sending = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the kernel has threads: the copy uses none of them
        child = os.fork()
    if child == 0:
        _call(function, arguments, sending)
    os.close(sending)
    try:
        return _read(receiving, seconds)
    finally:
        os.close(receiving)
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _call(function: Any, arguments: Sequence[Any], sending: int) -> None:
    try:
        os.setpgid(0, 0)
        # The kernel's own streams hand what is printed to threads that are not here.
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        line = json.dumps(_said(called(function, tuple(arguments)))).encode() + b"\n"
        while line:
            line = line[os.write(sending, line) :]
    finally:
        os._exit(0)


def _read(receiving: int, seconds: float) -> dict[str, Any]:
    line, due = b"", time.monotonic() + seconds
    while not line.endswith(b"\n") and len(line) < LONGEST:
        ready, _, _ = select.select([receiving], [], [], max(0.0, due - time.monotonic()))
        if not ready:
            return {"problem": f"It gave nothing back within {seconds:g} s. Is there a loop?"}
        more = os.read(receiving, PIPE)
        if not more:
            return {"problem": "It ended its process. Let it return."}
        line += more
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"problem": "It wrote where it should not. Let it return."}
    return found


def _said(result: Result) -> dict[str, Any]:
    return {"problem": result.problem} if result.problem else {"value": plain(result.value)}
