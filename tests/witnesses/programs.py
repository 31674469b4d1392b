"""Real DNS software from Debian, started on loopback from files written by a test.

Each server gets a folder and a port of its own and is stopped by its own process id. Where a
program is missing the test is skipped and reported, unless LAB_REQUIRE_PEERS=1 makes it a failure.
"""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lab_engine import LabError
from lab_engine.wire.client import ask
from tests.ports import free_port

from . import authorities, resolvers

# Packages of their own in Debian, below /usr/lib/<architecture>/.
MODULES = {
    "knotd": ("knot/modules-*/geoip.so",),
    "pdns_server": ("pdns/libbindbackend.so", "pdns/libgeoipbackend.so"),
}
PLACES = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"


def path_of(program):
    """Where a program is, or None."""
    return shutil.which(program, path=os.environ.get("PATH", "") + os.pathsep + PLACES)


def lacking(what):
    """A skip, or where peers are required a failure."""
    reason = f"{what} is not installed; Debian has it"
    (pytest.fail if os.environ.get("LAB_REQUIRE_PEERS") == "1" else pytest.skip)(reason)


def find(program):
    """The path of a program with its modules, or a skip, or where required a failure."""
    path = path_of(program) or lacking(program)
    for module in MODULES.get(program, ()):
        if not any(Path("/usr/lib").glob(f"*/{module}")):
            lacking(f"{program}'s module {Path(module).name}")
    return path


class Address(str):
    """`127.0.0.1:port`; a peer can be another's upstream, as the lab's servers can."""

    __slots__ = ()

    @property
    def port(self):
        return int(self.rpartition(":")[2])


class Peers:
    """Starts other people's servers in a folder of its own; `stack` stops them."""

    def __init__(self, folder, stack):
        self.folder = folder
        self.stack = stack

    def resolver(self, program, upstream, zone="shop.example", **options):
        """The address of a running resolver that asks `upstream` about `zone`."""
        write = getattr(resolvers, program)
        return self._serve(program, write, upstream, zone, **options)

    def authority(self, program, *given, **options):
        """The address of a running authority; what it is given is told in `authorities`."""
        return self._serve(program, getattr(authorities, program), *given, **options)

    def _serve(self, program, write, *given, **options):
        path, port = find(program), free_port()
        folder = self.folder / f"{program}-{port}"
        folder.mkdir()
        return self._start([path, *write(folder, port, *given, **options)], folder, port)

    def _start(self, arguments, folder, port):
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=output, cwd=folder)
        self.stack.callback(_stop, process)
        _wait_until_it_answers(process, f"127.0.0.1:{port}", log)
        return Address(f"127.0.0.1:{port}")


def _wait_until_it_answers(process, address, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"{process.args[0]} ended:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(LabError):
            ask("ready.invalid", "A", address, timeout=0.3)
            return
        time.sleep(0.05)
    pytest.fail(f"{process.args[0]} did not answer in {seconds} s:\n{log.read_text()[-2000:]}")


def _stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
