"""Real DNS software from Debian, started on loopback from files written here.

Each server gets a folder and a port of its own and is stopped by its own process id. Where a
program is missing the test is skipped and reported, unless LAB_REQUIRE_PEERS=1 makes it a failure.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from lab_engine import LabError
from lab_engine.wire.client import ask

PLACES = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"


def find(program):
    """The path of a program, or a skip, or where peers are required a failure."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + os.pathsep + PLACES)
    if path is None:
        reason = f"{program} is not installed; Debian has it"
        (pytest.fail if os.environ.get("LAB_REQUIRE_PEERS") == "1" else pytest.skip)(reason)
    return path


def free_port():
    """A port that is free for UDP and TCP now."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        stream.bind(("127.0.0.1", 0))
        datagrams.bind(stream.getsockname())
        return stream.getsockname()[1]


def wait_until_it_answers(process, address, log, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"{process.args[0]} ended:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(LabError):
            ask("ready.invalid", "A", address, timeout=0.3)
            return
        time.sleep(0.05)
    pytest.fail(f"{process.args[0]} did not answer in {seconds} s:\n{log.read_text()[-2000:]}")


class Peers:
    """Starts resolvers in front of an upstream on loopback; `resolver("unbound", server)`."""

    def __init__(self, folder, stack):
        self._folder = folder
        self._stack = stack

    def resolver(self, program, upstream, zone="shop.example"):
        """The address of a running resolver that asks `upstream` about `zone`."""
        path, port = find(program), free_port()
        folder = self._folder / f"{program}-{port}"
        folder.mkdir()
        write = {"named": _named, "unbound": _unbound, "pdns_recursor": _pdns_recursor}[program]
        return self._start([path, *write(folder, port, upstream, zone)], folder, port)

    def _start(self, arguments, folder, port):
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=output, cwd=folder)
        self._stack.callback(_stop, process)
        wait_until_it_answers(process, f"127.0.0.1:{port}", log)
        return f"127.0.0.1:{port}"


def _stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _named(folder, port, upstream, zone):
    (folder / "named.conf").write_text(f"""
options {{
    directory "{folder}"; pid-file none; session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion yes; allow-query {{ 127.0.0.1; }}; dnssec-validation no; empty-zones-enable no;
}};
controls {{ }};
zone "." {{ type hint; file "/dev/null"; }};
zone "{zone}" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {upstream.port}; }}; }};
""")
    return ["-g", "-n", "1", "-c", str(folder / "named.conf")]


def _unbound(folder, port, upstream, zone):
    (folder / "unbound.conf").write_text(f"""
server:
    interface: 127.0.0.1@{port}
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: "{folder}/pid"
    use-syslog: no
    do-daemonize: no
    do-not-query-localhost: no
    do-ip6: no
    module-config: "iterator"
    num-threads: 1
    local-zone: "invalid." static
forward-zone:
    name: "{zone}"
    forward-addr: 127.0.0.1@{upstream.port}
remote-control:
    control-enable: no
""")
    return ["-d", "-p", "-c", str(folder / "unbound.conf")]


def _pdns_recursor(folder, port, upstream, zone):
    (folder / "hints").write_text(". 3600 NS a.invalid.\na.invalid. 3600 A 127.0.0.1\n")
    (folder / "recursor.conf").write_text(f"""
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
forward-zones={zone}=127.0.0.1:{upstream.port}
hint-file={folder}/hints
dnssec=off
daemon=no
write-pid=no
threads=1
disable-syslog=yes
security-poll-suffix=
""")
    return [f"--config-dir={folder}"]


@pytest.fixture
def peers():
    """Resolvers of other makes, stopped when the test ends."""
    # a short folder: a UNIX socket's path has some 100 octets
    with tempfile.TemporaryDirectory(prefix="lab-") as folder, contextlib.ExitStack() as stack:
        yield Peers(Path(folder), stack)


@pytest.fixture
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


VERSIONS = {
    "dig": "-v",
    "kdig": "-V",
    "named": "-v",
    "unbound": "-V",
    "pdns_recursor": "--version",
}


@pytest.fixture(scope="session", autouse=True)
def _print_versions(request):
    """Laws of order and of clocks depend on versions (validation of each claim names them)."""
    lines = []
    for program, option in VERSIONS.items():
        path = shutil.which(program, path=os.environ.get("PATH", "") + os.pathsep + PLACES)
        if path:
            done = subprocess.run(
                [path, option], capture_output=True, text=True, timeout=30, check=False
            )
            text = (done.stdout + done.stderr).strip().splitlines()
            lines.append(f"{program}: {text[0] if text else '?'}")
        else:
            lines.append(f"{program}: not installed")
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter:
        reporter.write_line("\nwitnesses: " + "; ".join(lines))
