"""Back ends for drills: small HTTP servers on loopback that say who they are, and fail as told.

Each stands for an address of a zone and has a port of its own; `table` maps one to the other. All
run in one thread. A request is answered with the server's address, after its service time; servers
work on all requests at once, unless they have one worker. h11 reads and writes.

How they fail is `simulation.failing`'s list. One that vanishes listens and lets nobody in: its
queue is full, so the kernel drops who knocks, as a broken network would.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

import h11

from lab_engine.errors import LabError
from lab_engine.live import ports
from lab_engine.live.settings import HEALTH
from lab_engine.simulation.failing import Failure
from lab_engine.wire.accepting import Accepting
from lab_engine.wire.interrupts import Entered, Unbroken, opened
from lab_engine.wire.ours import Home, ours
from lab_engine.wire.transport import Source

HOST = "127.0.0.1"
READ = 65_536
BACKLOG = 128
CALLERS = 4  # more than a queue of none has room for
BODY = 1_000  # octets that one which fails in the midst of them promises
WELL = "is well"
"""What a page says of its server, and a check may look for."""
LATE = 5.0  # seconds that a slow one takes besides, unless it is told otherwise
SOON = 30.0  # seconds in which the thread does what it is told, or never will


class Hit(NamedTuple):
    """A request that a server was sent.

    Attributes:
        at: seconds since the servers began.
        path: asked for.
    """

    at: float
    path: str


class Webserver:
    """One of them.

    Attributes:
        address: that it stands for.
        port: at 127.0.0.1.
        failure: how it fails; None for one that is well.
        seconds: that each answer takes.
        delay: seconds that it takes besides while it is slow, checks included.
        hits: what it was asked, checks left out.
    """

    def __init__(self, address: str, seconds: float, clock: Callable[[], float]) -> None:
        self.address = address
        self.port = 0
        self.failure: Failure | None = None
        self.seconds = seconds
        self.delay = LATE
        self.hits: list[Hit] = []
        self._clock = clock
        self._held: socket.socket | None = None
        self._listener: Accepting | socket.socket | None = None
        self._callers: list[socket.socket] = []
        self._coming: set[asyncio.Task[None]] = set()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    async def listen(self) -> None:
        """Take connections, at the port it had before."""
        if self._held is None:
            self._held = ports.held(HOST)
            self.port = ports.number(self._held)
        if self._callers:
            self._hang_up()
        if self._listener is None:
            listening = ours(socket.create_server((HOST, self.port), backlog=BACKLOG))
            self._listener = Accepting(listening, self._accept)

    async def vanish(self) -> None:
        """Let nobody in, and answer nobody who is: callers of our own fill the queue.

        Who is connected meanwhile waits for answers that do not come.
        """
        self._hang_up()
        self._listener = ours(socket.create_server((HOST, self.port), backlog=0))
        for _ in range(CALLERS):
            caller = ours(socket.socket())
            caller.setblocking(False)
            caller.connect_ex((HOST, self.port))
            self._callers.append(caller)

    def _hang_up(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        while self._callers:
            self._callers.pop().close()

    async def close(self) -> None:
        """Take none, and break those there are."""
        self._hang_up()
        await asyncio.gather(*self._coming, return_exceptions=True)
        open_now, self._open = self._open, {}
        for writer, talk in open_now.items():
            writer.transport.abort()
            talk.cancel()
        await asyncio.gather(*open_now.values(), return_exceptions=True)

    async def end(self) -> None:
        """Close, and give the port back."""
        await self.close()
        if self._held is not None:
            self._held.close()
            self._held = None

    def _accept(self, connection: socket.socket, _source: Source) -> None:
        """One connection. asyncio's own servers forget one that comes while they are closed."""
        task = asyncio.get_running_loop().create_task(self._welcome(connection))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._connected)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, connection)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Known from its first moment, so that it is closed even where nobody has spoken yet."""
        self._open[writer] = asyncio.get_running_loop().create_task(self._talk(reader, writer))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, h11.ProtocolError):
            connection = h11.Connection(h11.SERVER)
            while await self._answered(connection, reader, writer):
                connection.start_next_cycle()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self._open.pop(writer, None)

    async def _answered(
        self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; whether another may come."""
        path = await _asked(http, reader)
        if path is None:
            return False
        check = path == HEALTH
        if not check:
            self.hits.append(Hit(self._clock(), path))
        whole = await self._respond(http, writer, check=check)
        return whole and http.our_state is h11.DONE and http.their_state is h11.DONE

    async def _respond(
        self, http: h11.Connection, writer: asyncio.StreamWriter, *, check: bool
    ) -> bool:
        """Send what it answers now; whether that was a whole response."""
        failure = self.failure
        late = self.delay if failure is Failure.SLOW else 0.0
        await asyncio.sleep(late + (0.0 if check else self.seconds))
        if failure is Failure.HALF:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        if failure is not None and failure.hangs:
            await asyncio.sleep(3600)
            return False
        closes = failure is Failure.CLOSES
        body, own = self._page(check=check)
        headers = [("Content-Length", str(BODY if closes else len(body))), *own]
        sick = failure is Failure.ERRORS or (failure is Failure.CHECKS_ONLY and not check)
        head = h11.Response(status_code=500 if sick else 200, headers=headers)
        writer.write((http.send(head) or b"") + (http.send(h11.Data(data=body)) or b""))
        if not closes:
            writer.write(http.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return not closes

    def _page(self, *, check: bool) -> tuple[bytes, list[tuple[str, str]]]:
        """What it says now, and the header that says who it is; another's page has none."""
        if self.failure is Failure.WRONG_PAGE:
            return b"somebody else's page\n", []
        sound = self.failure is None or self.failure is Failure.SLOW
        well = sound or (check and self.failure is Failure.CHECKS_ONLY)
        text = f"{self.address} {WELL}\n" if well else f"{self.address}\n"
        return text.encode(), [("X-Server", self.address)]


async def _asked(http: h11.Connection, reader: asyncio.StreamReader) -> str | None:
    """The path of the next request, when all of it is there; None where none comes."""
    path = None
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(READ))
        elif isinstance(event, h11.Request):
            path = event.target.decode("ascii", "replace").partition("?")[0]
        elif isinstance(event, h11.EndOfMessage):
            return path
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return None


class Webservers(Entered):
    """Several, in a thread of their own, until they are stopped; a `with` stops them at its end."""

    def __init__(self, addresses: Iterable[str], seconds: float) -> None:
        began = time.monotonic()
        self._home = Home()
        self._servers = {
            each: Webserver(each, seconds, lambda: time.monotonic() - began) for each in addresses
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def table(self) -> dict[str, tuple[str, int]]:
        """Addresses, and where they really listen."""
        return {address: (HOST, each.port) for address, each in self._servers.items()}

    def __getitem__(self, address: str) -> Webserver:
        if address not in self._servers:
            raise LabError(address, "is no back end", f"Choose of {', '.join(self._servers)}.")
        return self._servers[address]

    def start(self) -> None:
        """Listen, each at a free port."""
        self._thread.start()
        for server in self._servers.values():
            self._do(server.listen)

    def fail(
        self,
        address: str,
        failure: Failure | str | None = Failure.REFUSED,
        *,
        delay: float = LATE,
    ) -> None:
        """Let one fail from now on; None heals it.

        Args:
            address: that it stands for.
            failure: how.
            delay: seconds more that each answer of a slow one takes.

        Raises:
            LabError: an unknown one, an unknown way, or a delay that is none.
        """
        if not 0 <= delay <= 3600:
            raise LabError(delay, "is no time to be late by", "Take 0 to 3,600 seconds.")
        server = self[address]
        how = None if failure is None else Failure(failure)
        server.failure, server.delay = how, delay
        turns = {Failure.REFUSED: server.close, Failure.BLACK_HOLE: server.vanish}
        turn = server.listen if how is None else turns.get(how, server.listen)
        self._do(turn)

    def heal(self, address: str) -> None:
        """Let one be well from now on."""
        self.fail(address, None)

    def hits(self) -> dict[str, int]:
        """How many requests each was sent, checks left out."""
        return {address: len(server.hits) for address, server in self._servers.items()}

    def stop(self) -> None:
        """Close all; once is enough."""
        if self._loop.is_closed() or not self._home:
            return
        with Unbroken():  # half stopped it could not be stopped again
            self._do(lambda: _ended(self._servers.values()))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(SOON)
            self._loop.close()

    def _do(self, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # A coroutine that was made and given to nobody complains; and who is broken off while they
        # wait for its result may leave that locked, and the thread waits for it for ever.
        with Unbroken():
            asyncio.run_coroutine_threadsafe(what(), self._loop).result(SOON)

    def __exit__(self, *_: object) -> None:
        self.stop()


async def _ended(servers: Iterable[Webserver]) -> None:
    """Close all servers, and see their sockets closed: that takes the loop a turn or two."""
    for server in servers:
        await server.end()
    await asyncio.sleep(0.01)


def webservers(addresses: Iterable[str], seconds: float = 0.0) -> Webservers:
    """Start HTTP back ends on loopback, one for each address.

    Args:
        addresses: that they stand for: those of a zone.
        seconds: that each answer takes.

    Raises:
        LabError: there is no address, or the seconds are none.
    """
    listed = tuple(dict.fromkeys(addresses))
    if not listed or isinstance(addresses, str):
        raise LabError(addresses, "are no addresses", 'Give some: ["192.0.2.1", "192.0.2.2"].')
    if not 0 <= seconds <= 3600:
        raise LabError(seconds, "is no time to serve a request", "Take 0 to 3,600 seconds.")

    def listening(undo: ExitStack) -> Webservers:
        with Unbroken():
            made = Webservers(listed, seconds)
            undo.callback(made.stop)
            made.start()
        return made

    return opened(listening)
