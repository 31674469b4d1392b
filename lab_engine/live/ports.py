"""Ports that are held for somebody who listens later, or again.

A port that was free a moment ago may by now be another's, who wanted any. One that is bound, and
does not listen, is given to nobody, and refuses connections; whoever sets SO_REUSEADDR before it
binds, as servers do, may listen there all the same.
"""

import socket

from lab_engine.wire.ours import ours


def held(host: str = "127.0.0.1") -> socket.socket:
    """A TCP socket that holds a free port of `host` until it is closed."""
    holding = socket.socket()
    holding.bind((host, 0))
    holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return ours(holding)


def number(holding: socket.socket) -> int:
    """Which port it holds."""
    return int(holding.getsockname()[1])
