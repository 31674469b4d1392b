"""The fixtures of the witnesses: real DNS software, which `programs` starts and stops."""

import contextlib
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest

from .programs import Peers, find
from .versions import OPTIONS, version


@contextlib.contextmanager
def _peers():
    # a short folder: a UNIX socket's path has some 100 octets
    with tempfile.TemporaryDirectory(prefix="lab-") as folder, contextlib.ExitStack() as stack:
        yield Peers(Path(folder), stack)


@pytest.fixture
def peers():
    """Servers of other makes, stopped when the test ends."""
    with _peers() as started:
        yield started


@pytest.fixture(scope="module")
def shared_peers():
    """Servers of other makes, stopped when the last test of the file has ended."""
    with _peers() as started:
        yield started


@pytest.fixture(scope="session")
def run():
    """Run one program to its end and return what it printed."""

    def running(program, *arguments):
        done = subprocess.run(
            [find(program), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout

    return running


@pytest.fixture
def tell(record_property):
    """Takes a line for the summary at the end: what was measured, and what was expected."""
    return partial(record_property, "told")


@pytest.fixture(autouse=True)
def _versions(tell):
    """Laws of order and of clocks depend on versions: the summary names those that were met."""
    tell("witnesses: " + ", ".join(f"{program} {version(program)}" for program in OPTIONS))
