"""A real balancer before real back ends: HAProxy or nginx, as Debian has them, on loopback only.

The lab writes the configuration from the `Balancer` of a scenario, so what is simulated and what is
real are one value. The program runs in a folder of its own and ends with the `with`, at `stop`, or
when this process ends, however that comes about: its shell waits for our end of a pipe to close.
"""

import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from lab_engine.errors import LabError
from lab_engine.live import haproxy, nginx, ports, programs
from lab_engine.live.programs import PATIENCE
from lab_engine.simulation.balancer import Balancer
from lab_engine.wire.interrupts import Entered, Unbroken, opened
from lab_engine.wire.ours import Home

PROGRAMS = ("haproxy", "nginx")


class RealBalancer(Entered):
    """A program that balances.

    Attributes:
        program: `haproxy` or `nginx`.
        address: `127.0.0.1:port`, where clients come.
        configuration: the text it was given.
    """

    def __init__(
        self, balancer: Balancer, table: Mapping[str, tuple[str, int]], program: str
    ) -> None:
        path = found(program)
        self._held = ports.held()
        port = ports.number(self._held)
        self.program = program
        self.address = f"127.0.0.1:{port}"
        self._folder = TemporaryDirectory(prefix="lab-")  # short: a socket's path has 100 octets
        self._guard: subprocess.Popen[bytes] | None = None
        self._home = Home()
        folder = Path(self._folder.name)
        file = folder / "configuration"
        self._admin = folder / "admin"
        if program == "haproxy":
            self.configuration = haproxy.configuration(balancer, table, port, str(self._admin))
            self._run, self._test = [path, "-db", "-f", str(file)], [path, "-c", "-f", str(file)]
        else:
            self.configuration = nginx.configuration(balancer, table, port, folder)
            self._run = [path, "-p", str(folder), "-c", str(file)]
            self._test = [*self._run, "-t"]
        file.write_text(self.configuration)
        self._draining = balancer.draining
        self._port = port

    def start(self) -> None:
        """Start the program, and wait until it takes connections."""
        tried = subprocess.run(  # noqa: S603  (a path we found, a file we wrote)
            self._test, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if tried.returncode:
            said = (tried.stderr or tried.stdout).strip()
            raise LabError(self.program, f"refuses its configuration: {said}", "Report this.")
        self._guard = programs.begun(self._folder.name, self._run)
        self._wait()
        for address in self._draining if self.program == "haproxy" else ():
            self.drain(address)

    def drain(self, address: str) -> None:
        """Let a target have nothing new, from now on. Only HAProxy can be told."""
        self._tell(address, "drain")

    def ready(self, address: str) -> None:
        """Let it have something again."""
        self._tell(address, "ready")

    def stop(self) -> None:
        """End it; once is enough."""
        if not self._home:
            return
        if self._guard is not None:
            guard, self._guard = self._guard, None
            programs.end(guard)
        self._held.close()
        self._folder.cleanup()

    def _tell(self, address: str, state: str) -> None:
        if self.program != "haproxy":
            raise LabError(self.program, "cannot be told while it runs", "Take haproxy.")
        sections = [
            line.split()[1]
            for line in self.configuration.splitlines()
            if line.startswith("backend")
        ]
        for section in sections:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.settimeout(PATIENCE)
                admin.connect(str(self._admin))
                admin.sendall(f"set server {section}/{address} state {state}\n".encode())
                said = admin.recv(1000).decode().strip()
            if said and "No such server" not in said:
                raise LabError(address, f"is refused by haproxy: {said}", "Name a back end.")

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.02)
        said = programs.said(self._folder.name)
        raise LabError(self.program, f"did not begin in {PATIENCE:g} s: {said}", "Try again.")

    def __exit__(self, *_: object) -> None:
        self.stop()


def found(program: str) -> str:
    """The path of a balancer's program.

    Raises:
        LabError: it is not one the lab can drive, or it is not installed.
    """
    if program not in PROGRAMS:
        raise LabError(program, "is no balancer the lab can drive", "Take haproxy or nginx.")
    path = programs.found(program)
    if path is None:
        remedy = f"On Debian or Ubuntu: sudo apt-get install {program}. Simulated ones need none."
        raise LabError(program, "is not installed", remedy)
    return path


def balance(
    balancer: Balancer,
    table: Mapping[str, tuple[str, int]],
    *,
    program: str = "haproxy",
) -> RealBalancer:
    """Start a real balancer on loopback.

    Args:
        balancer: of a scenario; what the program cannot do is refused.
        table: from the addresses it stands before to where they really listen:
            `webservers(addresses).table`.
        program: `haproxy`, or `nginx` for requests without checks.

    Raises:
        LabError: the program is not installed, or cannot do this; an address is not in the table.
    """
    for address in sorted(balancer.named):
        if address not in table:
            raise LabError(address, "is not in the table", f"Choose of {', '.join(table)}.")
    for host, _ in table.values():
        if host != "127.0.0.1":
            raise LabError(host, "is not on loopback", "Send traffic to 127.0.0.1 only.")

    def running(undo: ExitStack) -> RealBalancer:
        with Unbroken():
            made = RealBalancer(balancer, table, program)
            undo.callback(made.stop)
            made.start()
        return made

    return opened(running)
