"""The fixtures of the witnesses: real DNS software, which `programs` starts and stops."""

import contextlib
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from .programs import Peers, find, path_of

VERSIONS = {
    "dig": "-v",
    "kdig": "-V",
    "named": "-v",
    "knotd": "-V",
    "pdns_server": "--version",
    "gdnsd": "-V",
    "unbound": "-V",
    "pdns_recursor": "--version",
}


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


def pytest_terminal_summary(terminalreporter):
    """Laws of order and of clocks depend on versions: say which ones these tests have met."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    if any("tests/witnesses/" in report.nodeid for report in reports):
        found = (f"{program} {_version(program, option)}" for program, option in VERSIONS.items())
        terminalreporter.write_line("witnesses: " + ", ".join(found))


def _version(program, option):
    path = path_of(program)
    if path is None:
        return "not installed"
    done = subprocess.run([path, option], capture_output=True, text=True, timeout=30, check=False)
    number = re.search(r"\b\d+\.\d+[\w.~+-]*", done.stdout + done.stderr)
    return number[0] if number else "?"
