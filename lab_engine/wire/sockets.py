"""A client's side of UDP and TCP: one message out, one message back.

The datagram goes out over a connected socket. So nobody else's datagrams come in, and where nobody
listens the system says so at once, which it tells no other kind (udp(7)).
"""

import socket
import struct
import time

LENGTH = struct.Struct("!H")  # of a message on a stream: RFC 1035 section 4.2.2
LARGEST = 65_535


def carry(host: str, port: int, wire: bytes, *, stream: bool, timeout: float) -> bytes:
    """The response to a message, as a datagram or over a stream of its own.

    Args:
        host: whom to ask, an IP address.
        port: of UDP or TCP.
        wire: the message, without a stream's length.
        stream: whether over TCP.
        timeout: seconds for all of it.

    Raises:
        OSError: ConnectionRefusedError where nobody listens, TimeoutError where nobody answers.
    """
    if stream:
        return _over_stream(host, port, wire, timeout)
    try:
        return _as_datagram(host, port, wire, timeout)
    except ConnectionRefusedError:  # perhaps of a message that another sent from this very port
        return _as_datagram(host, port, wire, timeout)


def _as_datagram(host: str, port: int, wire: bytes, timeout: float) -> bytes:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(timeout)
        line.connect((host, port))
        line.send(wire)
        return line.recv(LARGEST)


def _over_stream(host: str, port: int, wire: bytes, timeout: float) -> bytes:
    deadline = time.monotonic() + timeout
    with socket.create_connection((host, port), timeout) as line:
        line.sendall(LENGTH.pack(len(wire)) + wire)
        (length,) = LENGTH.unpack(_exactly(line, LENGTH.size, deadline))
        return _exactly(line, length, deadline)


def _exactly(line: socket.socket, count: int, deadline: float) -> bytes:
    """So many octets of a stream."""
    received = bytearray()
    while len(received) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        line.settimeout(left)
        piece = line.recv(count - len(received))
        if not piece:
            raise ConnectionError("it hung up")
        received += piece
    return bytes(received)
