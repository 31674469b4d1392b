"""HTTP/1.1 requests from connections, by tornado, within limits. What is answered: see `api`.

A body that is too long is read to its end and thrown away. Were the connection closed at once, the
system would take back the answer that says why, together with what was still to be read.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream

from lab_engine.wire.accepting import Accepting
from lab_engine.wire.descriptors import REQUESTS, share
from lab_engine.wire.rest import Answer

ENDLESS = 1 << 62  # octets: tornado has no answer for a long body, so the counting is done here


@dataclass(frozen=True)
class Limits:
    """What one client may use up.

    Attributes:
        body: octets; 32,000 characters of values, ten times over, in their XML.
        header: octets of a request line and its header fields.
        idle: seconds that a connection may be without a whole header.
        sending: seconds that a body may take to come.
        connections: at a time, or fewer where few descriptors are to be had (`room`); one more
            closes the one that was heard least lately.
    """

    body: int = 2 << 20
    header: int = 1 << 16
    idle: float = 60.0
    sending: float = 30.0
    connections: int = 100


@dataclass(frozen=True)
class Request:
    """A request as it came; a body that is too long is None."""

    method: str
    target: str
    headers: HTTPHeaders
    body: bytes | None

    @property
    def path(self) -> str:
        """The target without its query, in which a presigned request has its credentials."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What stands behind the first question mark."""
        return self.target.partition("?")[2]


@contextlib.asynccontextmanager
async def serving(
    listening: socket.socket, answer: Callable[[Request], Answer], limits: Limits
) -> AsyncIterator[None]:
    """Answer requests of connections to a listening socket; in the end close all of them."""
    door = _Door(answer, limits)
    server = HTTPServer(
        door,
        max_header_size=limits.header,
        idle_connection_timeout=limits.idle,
        body_timeout=limits.sending,
        max_body_size=ENDLESS,
    )
    accepting = Accepting(listening, lambda *each: server.handle_stream(IOStream(each[0]), each[1]))
    try:
        yield
    finally:
        accepting.close()
        door.hang_up()
        await server.close_all_connections()


class _Door(HTTPServerConnectionDelegate):
    """Lets connections in, up to their limit."""

    def __init__(self, answer: Callable[[Request], Answer], limits: Limits) -> None:
        self._answer = answer
        self._limits = limits
        self._most = share(REQUESTS, limits.connections)
        self._open: list[IOStream] = []

    def hang_up(self) -> None:
        """Tell all clients, even where a child of this process has their connection, too."""
        for each in [each for each in self._open if not each.closed()]:
            with contextlib.suppress(OSError):
                each.socket.shutdown(socket.SHUT_RDWR)

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        stream = cast("HTTP1ServerConnection", server_conn).stream
        others = [each for each in self._open if each is not stream and not each.closed()]
        if len(others) >= self._most:
            others.pop(0).close()
        self._open = [*others, stream]
        return _Reading(self._answer, self._limits.body, request_conn, stream)


class _Reading(HTTPMessageDelegate):
    """One request while it comes in."""

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        longest: int,
        connection: HTTPConnection,
        stream: IOStream,
    ) -> None:
        self._answer, self._longest = answer, longest
        self._connection, self._stream = connection, stream
        self._body = bytearray()
        self._size = 0

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None]:
        """Let others have their turn: a client may send a thousand requests at once."""
        self._line, self._headers = cast("RequestStartLine", start_line), headers
        return asyncio.sleep(0)

    def data_received(self, chunk: bytes) -> None:
        """Keep what is within the limit. The rest is read too, or the answer would be lost."""
        self._size += len(chunk)
        if self._size > self._longest:
            self._body.clear()
        else:
            self._body += chunk

    def finish(self) -> None:
        whole = self._size <= self._longest
        body = bytes(self._body) if whole else None
        answer = self._answer(Request(self._line.method, self._line.path, self._headers, body))
        headers = HTTPHeaders(answer.headers)
        headers["Content-Type"] = "text/xml"
        headers["Content-Length"] = str(len(answer.body))
        if not whole:
            headers["Connection"] = "close"
        line = ResponseStartLine("HTTP/1.1", answer.status, HTTPStatus(answer.status).phrase)
        content = None if self._line.method == "HEAD" else answer.body
        sent = self._connection.write_headers(line, headers, content)
        self._connection.finish()
        if not whole:
            sent.add_done_callback(lambda _: self._stream.close())

    def on_connection_close(self) -> None:
        self._body.clear()
