"""The command line as tests call it: in a process of its own, or in this one, which is cheaper.

What a command prints and its status are the same in both. A process of its own is for what only
such a one has: signals, terminals, encodings, and that nothing but the package is needed.
"""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

from lab_engine.__main__ import main

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "lab_engine"]
PATHS = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
ENVIRONMENT = os.environ | {"PYTHONPATH": PATHS, "PYTHONUNBUFFERED": "1"}


def apart(*arguments, folder, environment=None):
    """Run a command in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=ENVIRONMENT | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert "Traceback" not in done.stderr
    return done


def here(*arguments, folder):
    """Run a command in this process; an exception that nobody catches comes out of it."""
    words, printed, complained = [*map(str, arguments)], io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complained),
    ):
        try:
            status = main(words)
        except SystemExit as misused:
            status = misused.code
    return subprocess.CompletedProcess(words, status, printed.getvalue(), complained.getvalue())
