"""One probe: connect, ask, and say in Route 53's words what came of it.

An HTTP probe passes with a status of 2xx or 3xx, which is not followed, and where a string is
looked for, if that lies wholly within the first 5,120 bytes of the body; no more is read. TLS is
spoken, and no certificate is looked at. A TCP probe passes when it is connected. Whatever an
endpoint does or leaves undone is an outcome, in bounded time and memory.

HTTP is h11's to parse. HTTP clients do not fit: they follow other clocks than "connected within
four seconds, a status within two more", always send SNI, and fail a body that is long rather than
read its beginning.

Source: the Route 53 Developer Guide, "How Amazon Route 53 determines whether a health check is
healthy". Where TLS belongs is open: [design] in the time for the status.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http.client import responses
from typing import NamedTuple

import h11

from lab_engine.wire.descriptors import NO_PLACE, NO_ROOM
from lab_engine.wire.targets import Target

SEARCHED = 5_120  # bytes of the body
READ = 4_096  # bytes at once
MAX_HEAD = 65_536  # [design] bytes of a status line with its headers
MANNERS = 0.1  # [design] seconds: many a server complains loudly of those who hang up at the status
MAX_HEARD = 65_536  # [design] bytes of a body that nobody wants
REASON_LENGTH = 100  # [design] characters of the endpoint's own words that are kept

CONNECTED = "Success: TCP connection established"  # unverified: text
NO_CONNECTION = (
    "Failure: The health checker could not establish a connection within the timeout limit."
)
REFUSED = "Failure: Connection refused"  # unverified: text
CLOSED = "Failure: The connection was closed by the endpoint."
HANDSHAKE = "Failure: SSL alert handshake_failure"
# unverified: these texts
NO_STATUS = (
    "Failure: The endpoint did not respond with an HTTP status code within the timeout limit."
)
NO_BODY = "Failure: The endpoint did not send the response body within the timeout limit."
NOT_FOUND = (
    "Failure: The search string was not found in the first 5,120 bytes of the response body."
)
MALFORMED = "Failure: The endpoint's response is not valid HTTP."
WORDS = (
    (TimeoutError, NO_CONNECTION),
    (ConnectionRefusedError, REFUSED),
    (ConnectionError, CLOSED),
    (h11.ProtocolError, MALFORMED),
)


class Limits(NamedTuple):
    """Seconds that an endpoint has.

    Attributes:
        connect: for the TCP connection of an HTTP or HTTPS probe.
        tcp: for that of a TCP probe.
        status: from then until the status code.
        body: from then until the string is found.
    """

    connect: float = 4.0
    tcp: float = 10.0
    status: float = 2.0
    body: float = 2.0


LIMITS = Limits()


class ProbeResult(NamedTuple):
    """What came of a probe: whether it passed, and Route 53's words for it."""

    passed: bool
    status: str


async def probe(target: Target, limits: Limits = LIMITS) -> ProbeResult | None:
    """Ask once. Raises nothing: whatever goes wrong there is a failure.

    None where it could not be tried for want of something of ours, such as a descriptor: that says
    nothing of the endpoint.
    """
    try:
        with socket.socket(_family(target), socket.SOCK_STREAM) as connection:
            await _connect(connection, target, limits)
            if target.path is None:
                return ProbeResult(True, CONNECTED)
            return await _ask(connection, target, limits)
    except (OSError, ValueError, h11.ProtocolError) as wrong:
        if isinstance(wrong, OSError) and wrong.errno in NO_ROOM | NO_PLACE:
            return None
        return ProbeResult(False, _words(wrong))


def _family(target: Target) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in target.host else socket.AF_INET


async def _connect(connection: socket.socket, target: Target, limits: Limits) -> None:
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(limits.tcp if target.path is None else limits.connect):
        await loop.sock_connect(connection, (target.host, target.port))


async def _ask(connection: socket.socket, target: Target, limits: Limits) -> ProbeResult:
    """Request the path of a target that is connected; the clock starts anew with the status."""
    late = ProbeResult(False, NO_STATUS)
    try:
        async with asyncio.timeout(limits.status) as deadline, _open(connection, target) as http:
            outcome = _of_status(await http.response())
            search = target.search if outcome.passed else None
            late = outcome if search is None else ProbeResult(False, NO_BODY)
            patience = MANNERS if search is None else limits.body
            deadline.reschedule(asyncio.get_running_loop().time() + patience)
            if search is None:
                await http.rest()
                return outcome
            return outcome if await http.finds(search) else ProbeResult(False, NOT_FOUND)
    except TimeoutError:
        return late


@asynccontextmanager
async def _open(connection: socket.socket, target: Target) -> AsyncIterator["_Http"]:
    """The connection with TLS, if that is wanted, and with the request sent."""
    reader, writer = await asyncio.open_connection(
        sock=connection,
        ssl=_lenient() if target.tls else None,
        server_hostname=target.server_name if target.tls else None,
    )
    try:
        http = _Http(reader)
        writer.write(http.request(target))
        yield http
    finally:
        writer.transport.abort()  # no farewell: an endpoint may never answer one
        with suppress(OSError):
            await writer.wait_closed()


def _lenient() -> ssl.SSLContext:
    """TLS that takes any certificate, as health checkers do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Http:
    """One request and its response."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._parser = h11.Connection(h11.CLIENT, MAX_HEAD)

    def request(self, target: Target) -> bytes:
        """What is sent."""
        headers = [
            ("Host", target.authority),
            ("User-Agent", target.agent),
            ("Accept", "*/*"),
            ("Connection", "close"),
        ]
        head = h11.Request(method="GET", target=target.path or "/", headers=headers)
        return (self._parser.send(head) or b"") + (self._parser.send(h11.EndOfMessage()) or b"")

    async def response(self) -> h11.Response:
        """The final status and its headers; what comes before them, such as 103, is passed over."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                return event

    async def finds(self, search: bytes) -> bool:
        """Whether the beginning of the body has these bytes; reads no further than it must."""
        body = b""
        while len(body) < SEARCHED and (data := await self._data()):
            body += data
            if search in body[:SEARCHED]:
                return True
        return False

    async def rest(self) -> None:
        """Hear a body out that is not long, be it well-formed or not."""
        left = MAX_HEARD
        with suppress(OSError, h11.ProtocolError):
            while left > 0 and (data := await self._data()):
                left -= len(data)

    async def _data(self) -> bytes:
        """The next piece of the body; nothing at its end."""
        event = await self._event()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def _event(self) -> object:
        event = self._parser.next_event()
        while event is h11.NEED_DATA:
            data = await self._reader.read(READ)
            if not data and self._parser.their_state is h11.SEND_RESPONSE:
                raise ConnectionResetError
            self._parser.receive_data(data)
            event = self._parser.next_event()
        return event


def _of_status(response: h11.Response) -> ProbeResult:
    """Whether a status passes, with the endpoint's own words for it or else the usual ones."""
    code = response.status_code
    reason = response.reason.decode("latin-1")[:REASON_LENGTH] or responses.get(code, "")
    said = f"HTTP Status Code {code}, {reason}" if reason else f"HTTP Status Code {code}"
    if 200 <= code < 400:
        return ProbeResult(True, f"Success: {said}")
    return ProbeResult(False, f"Failure: {said}")


def _words(wrong: Exception) -> str:
    """The status text of what went wrong."""
    if isinstance(wrong, ssl.SSLError):
        handshake = (wrong.reason or "").endswith("ALERT_HANDSHAKE_FAILURE")
        return HANDSHAKE if handshake else f"Failure: SSL error {wrong.reason}"  # unverified: text
    known = (text for kind, text in WORDS if isinstance(wrong, kind))
    return next(known, f"Failure: {wrong}"[:REASON_LENGTH])  # unverified: text
