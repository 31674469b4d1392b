"""A port for who must know it before listening there, as others' programs must."""

import contextlib
import random
import socket


def free_port():
    """A port that is free for UDP and TCP now, and that nobody is given who wants any port."""
    while True:
        port = random.randrange(10_000, 30_000)  # no fixed seed: several choose at once
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        ):
            stream.bind(("127.0.0.1", port))
            datagrams.bind(("127.0.0.1", port))
            return port
