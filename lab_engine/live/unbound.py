"""Unbound as the cache of a drill: the real one, as Debian has it, on loopback only.

It asks one upstream about one zone and nobody about anything else. It ends at `stop`, or when this
process ends, however that comes about. Its clock has whole seconds, so that a copy may live up to a
second longer than its TTL (up to version 1.24.2).
"""

import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from lab_engine.errors import LabError, ListenError
from lab_engine.live import ports, programs
from lab_engine.live.programs import PATIENCE
from lab_engine.wire.client import ask
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.ours import Home

PROGRAM = "unbound"
HOST = "127.0.0.1"


def configuration(folder: str, port: int, upstream: str, zone: str) -> str:
    """The text of its file.

    Args:
        folder: that it works in.
        port: of 127.0.0.1, where clients ask.
        upstream: whom it asks, `127.0.0.1:port`.
        zone: what it asks about.
    """
    host, _, at = upstream.rpartition(":")
    return f"""\
server:
    interface: {HOST}@{port}
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
    forward-addr: {host}@{at}
remote-control:
    control-enable: no
"""


class Unbound:
    """One at work, from `start` to `stop`.

    Attributes:
        address: `127.0.0.1:port`, where clients ask.
        configuration: the text it was given.

    Raises:
        LabError: it is not installed.
    """

    def __init__(self, upstream: str, zone: str) -> None:
        path = programs.found(PROGRAM)
        if path is None:
            remedy = "On Debian or Ubuntu: sudo apt-get install unbound. The lab's own needs none."
            raise LabError(PROGRAM, "is not installed", remedy)
        self._held = ports.held()
        port = ports.number(self._held)
        self.address = f"{HOST}:{port}"
        self._folder = TemporaryDirectory(prefix="lab-")
        self._guard: subprocess.Popen[bytes] | None = None
        self._home = Home()
        file = Path(self._folder.name) / "unbound.conf"
        self.configuration = configuration(self._folder.name, port, upstream, zone)
        file.write_text(self.configuration)
        self._run = [path, "-d", "-p", "-c", str(file)]
        self._zone = zone

    def start(self) -> Self:
        """Start it, and wait until it answers."""
        self._guard = programs.begun(self._folder.name, self._run)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.ask("probe.invalid", "A", timeout=0.2)
            except ListenError:
                time.sleep(0.02)
            else:
                return self
        said = programs.said(self._folder.name)
        raise LabError(PROGRAM, f"did not begin in {PATIENCE:g} s: {said}", "Try again.")

    def ask(self, name: str, rdtype: str = "A", *, timeout: float = 2.0) -> Exchange:
        """Ask it one question, as a client does."""
        return ask(name, rdtype, self.address, recurse=True, timeout=timeout)

    def stop(self) -> None:
        """End it; once is enough."""
        if not self._home:
            return
        if self._guard is not None:
            guard, self._guard = self._guard, None
            programs.end(guard)
        self._held.close()
        self._folder.cleanup()

    def __repr__(self) -> str:
        return f"Unbound at {self.address}, before {self._zone}"
