"""Real programs: found, begun in a folder of their own, and ended with whoever began them.

A shell stands guard: it ends the program once our end of a pipe closes, however that comes about.
Not here: what a program is configured to do (`balancers`, `unbound`).
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab_engine.wire.ours import ours

PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 30.0  # seconds for a program to begin or to end
GUARD = '"$@" & child=$!; cat >/dev/null; kill "$child" 2>/dev/null; wait "$child"; rm -rf "$0"'


def found(program: str) -> str | None:
    """Where a program is; a plain user's PATH does not lead to where Debian keeps servers."""
    return shutil.which(program) or shutil.which(program, path=PLACES)


def begun(folder: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """The guard of a program that runs from now on; the folder goes with it."""
    with (Path(folder) / "output").open("wb") as log:
        guard = subprocess.Popen(  # noqa: S603  (a path we found, a file we wrote)
            ["/bin/sh", "-c", GUARD, folder, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C is for us to hear
        )
    if guard.stdin is not None:
        ours(guard.stdin)  # a child of ours would keep the pipe open
    return guard


def said(folder: str) -> str:
    """The last that a program printed."""
    return (Path(folder) / "output").read_text()[-500:]


def end(guard: subprocess.Popen[bytes]) -> None:
    """End a program, by the pipe that its guard reads; or the guard, if it does not hear."""
    if guard.stdin is not None:
        guard.stdin.close()
    try:
        guard.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()
