"""What is measured: the lab's server, its peers, and plain loops that only send something back.

Each is a process of its own on a loopback port, stopped by its own id. The lab's servers and the
loops are this file: `python -m benchmarks.targets KIND PORT`; a number is a kind, too: the lab's
server with a zone of so many record sets.
"""

import asyncio
import contextlib
import importlib.util
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab_engine import Zone

ROOT = Path(__file__).parents[1]
PLACES = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
ZONE = """\
$ORIGIN shop.example.
@ 900 IN SOA ns1 hostmaster 1 7200 900 1209600 86400
@ 900 IN NS ns1
ns1 900 IN A 192.0.2.53
""" + "".join(f"www 60 IN A {address}\n" for address in ADDRESSES)


def available(kind: str) -> bool:
    """Whether this target can be started here."""
    program = PEERS.get(kind)
    if program is not None:
        return shutil.which(program, path=PLACES) is not None
    return kind not in LIBRARIES or importlib.util.find_spec(LIBRARIES[kind]) is not None


@contextlib.contextmanager
def running(kind: str, folder: Path) -> Iterator[tuple[int, int]]:
    """The target's port and process id, while it runs."""
    port, place = _free_port(), folder / kind
    place.mkdir()
    program = PEERS.get(kind)
    if program is None:
        command = [sys.executable, "-m", "benchmarks.targets", kind, str(port)]
    else:
        path = shutil.which(program, path=PLACES) or program
        command = [path, *CONFIGURED[kind](place, port)]
    with (place / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT)
    try:
        _wait(process, port, place / "output")
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        stream.bind(("127.0.0.1", 0))
        datagrams.bind(stream.getsockname())
        port: int = stream.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Until it answers something."""
    from benchmarks.load import queries

    (wire,) = queries(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        for _ in range(100):
            with contextlib.suppress(OSError):
                client.sendto(wire, ("127.0.0.1", port))
                client.recv(4096)
                return
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer:\n{output.read_text()[-2000:]}")


# Other people's servers, with one worker where that can be said


def _zone_file(place: Path) -> Path:
    path = place / "shop.zone"
    path.write_text(ZONE)
    return path


def _knot(place: Path, port: int) -> list[str]:
    (place / "knot.conf").write_text(f"""
server:
    listen: 127.0.0.1@{port}
    rundir: {place}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {place}
template:
  - id: default
    storage: {place}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
  - domain: shop.example
    file: {_zone_file(place)}
""")
    return ["-c", str(place / "knot.conf")]


def _named(place: Path, port: int) -> list[str]:
    (place / "named.conf").write_text(f"""
options {{
    directory "{place}"; pid-file none; session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; minimal-responses yes;
}};
controls {{ }};
zone "shop.example" {{ type primary; file "{_zone_file(place)}"; }};
""")
    return ["-g", "-n", "1", "-c", str(place / "named.conf")]


def _pdns(place: Path, port: int) -> list[str]:
    (place / "bind.conf").write_text(
        f'zone "shop.example" {{ type native; file "{_zone_file(place)}"; }};\n'
    )
    (place / "pdns.conf").write_text(f"""
launch=bind
bind-config={place / "bind.conf"}
local-address=127.0.0.1
local-port={port}
socket-dir={place}
receiver-threads=1
distributor-threads=1
daemon=no
guardian=no
disable-syslog=yes
write-pid=no
loglevel=3
security-poll-suffix=
""")
    return [f"--config-dir={place}"]


def _gdnsd(place: Path, port: int) -> list[str]:
    (place / "zones").mkdir()
    _zone_file(place).rename(place / "zones" / "shop.example")
    (place / "state").mkdir()
    (place / "config").write_text(f"""
options => {{
    listen => 127.0.0.1:{port}
    run_dir => {place}
    state_dir => {place / "state"}
    udp_threads => 1
    tcp_threads => 1
}}
""")
    return ["-c", str(place), "start"]


LIBRARIES = {"twisted": "twisted", "dnslib": "dnslib"}
PEERS = {"knot": "knotd", "bind": "named", "powerdns": "pdns_server", "gdnsd": "gdnsd"}
CONFIGURED = {"knot": _knot, "bind": _named, "powerdns": _pdns, "gdnsd": _gdnsd}


# Loops that know no DNS, and the straightforward way to know some


def _echo(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        while True:
            wire, source = server.recvfrom(65_535)
            server.sendto(wire[:2] + b"\x84\0" + wire[4:], source)


def _asyncio_echo(port: int) -> None:
    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(data[:2] + b"\x84\0" + data[4:], addr)

    async def forever() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", port))
        await asyncio.Event().wait()

    asyncio.run(forever())


def _epoll(port: int) -> None:
    """Prepared bytes by what follows the id, UDP and TCP watched together, with a log."""
    kept: dict[bytes, bytes] = {}
    log: deque[tuple[float, Any]] = deque(maxlen=1_000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket() as accepting:
        server.bind(("127.0.0.1", port))
        accepting.bind(("127.0.0.1", port))
        accepting.listen()
        server.setblocking(False)
        watch = selectors.DefaultSelector()
        for each in (server, accepting):
            watch.register(each, selectors.EVENT_READ)
        while True:
            watch.select()
            with contextlib.suppress(BlockingIOError):
                while True:
                    wire, source = server.recvfrom(65_535)
                    tail = wire[2:]
                    answer = kept.get(tail) or kept.setdefault(tail, b"\x84\0" + wire[4:])
                    log.append((time.time(), source))
                    server.sendto(wire[:2] + answer, source)


def _dnslib(port: int) -> None:
    from dnslib import RR
    from dnslib.server import BaseResolver, DNSLogger, DNSServer

    class Resolver(BaseResolver):  # type: ignore[misc]
        def resolve(self, request: Any, _handler: Any) -> Any:
            reply = request.reply()
            for address in ADDRESSES:
                reply.add_answer(*RR.fromZone(f"www.shop.example. 60 A {address}"))
            return reply

    DNSServer(
        Resolver(), "127.0.0.1", port, logger=DNSLogger("-recv,-send,-request,-reply")
    ).start()


def _twisted(port: int) -> None:
    from twisted.internet import reactor
    from twisted.names import dns as names
    from twisted.names.common import ResolverBase
    from twisted.names.server import DNSServerFactory

    class Resolver(ResolverBase):  # type: ignore[misc]
        def _lookup(self, name: bytes, _cls: int, _type: int, _timeout: Any) -> Any:
            from twisted.internet.defer import succeed

            records = [names.Record_A(address, 60) for address in ADDRESSES]
            found = [names.RRHeader(name, names.A, names.IN, 60, r, auth=True) for r in records]
            return succeed((found, [], []))

    reactor.listenUDP(
        port, names.DNSDatagramProtocol(DNSServerFactory(clients=[Resolver()])), "127.0.0.1"
    )
    reactor.run()


def _dnspython(port: int) -> None:
    import dns.flags
    import dns.message
    import dns.rrset

    answer = dns.rrset.from_text("www.shop.example.", 60, "IN", "A", *ADDRESSES)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        while True:
            wire, source = server.recvfrom(65_535)
            response = dns.message.make_response(dns.message.from_wire(wire))
            response.flags |= dns.flags.AA
            response.answer.append(answer)
            server.sendto(response.to_wire(), source)


# The lab's own server, with its log on as always


def _lab(kind: str, port: int) -> None:
    from lab_engine import RRset, Zone, serve
    from lab_engine.authority.policies import Geolocation, Weighted
    from lab_engine.authority.recordset import RecordSet

    def members(policies: list[Any]) -> list[RecordSet]:
        return [
            RecordSet.of("www", "A", address, 60, policy=policy, set_identifier=address)
            for address, policy in zip(ADDRESSES, policies, strict=True)
        ]

    records: dict[str, list[Any]] = {
        "single": [RRset.of("www", "A", ADDRESSES[0], 60)],
        "simple": [RRset.of("www", "A", ADDRESSES, 60)],
        "weighted": members([Weighted(50), Weighted(30), Weighted(20)]),
        "geo": members(
            [Geolocation(code) for code in ("EU", "NA")] + [Geolocation(CountryCode="*")]
        ),
    }
    zone = Zone.of("shop.example", records[kind]) if kind in records else hosts(int(kind))
    stopped = Stopped()
    with serve(zone, port, seed=1) as server:
        if server.port != port:
            raise RuntimeError(f"port {port} was taken")
        stopped.wait()


def hosts(sets: int) -> "Zone":
    """A zone of so many record sets: SOA, NS and `host-000000` onwards, each with an address."""
    from lab_engine import RRset, Zone

    addresses = (str(IPv4Address("10.0.0.0") + number) for number in range(sets - 2))
    return Zone.of(
        "shop.example",
        [RRset.of(f"host-{n:06d}", "A", address, 60) for n, address in enumerate(addresses)],
    )


class Stopped:
    """Waits for the signal to end."""

    def __init__(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: None)

    def wait(self) -> None:
        """Return when the signal has come."""
        signal.pause()


LOOPS = {
    "echo": _echo,
    "epoll": _epoll,
    "asyncio": _asyncio_echo,
    "twisted": _twisted,
    "dnslib": _dnslib,
    "dnspython": _dnspython,
}


if __name__ == "__main__":
    if sys.argv[1] in LOOPS:
        LOOPS[sys.argv[1]](int(sys.argv[2]))
    else:
        _lab(sys.argv[1], int(sys.argv[2]))
