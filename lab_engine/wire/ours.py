"""What this process has opened: its children do not keep it, and none but this process stops it.

A child of `fork`, such as a worker of a pool, has all that its parent had open. There it would keep
a port that was given back, and whatever is said to a socket or a selector there is said to the
parent's. So a child closes its copies as it begins, before anything else runs in it.

A process has one set of descriptors, and here is the list of those that are ours; it holds nothing.
"""

import os
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Protocol, TypeVar
from weakref import WeakSet


class Closable(Protocol):
    """Such as a socket."""

    def close(self) -> object:
        """Give it back; once is enough."""


C = TypeVar("C", bound=Closable)
_OPEN: WeakSet[Closable] = WeakSet()


def ours(opened: C) -> C:
    """The same, which children of this process close from now on."""
    _OPEN.add(opened)
    return opened


def is_ours(host: str, port: int) -> bool:
    """Whether a TCP socket of ours is bound to a port of an address on loopback."""
    place = (ip_address(host), port)
    return any(_place(each) == place for each in list(_OPEN) if isinstance(each, socket.socket))


def _place(each: socket.socket) -> object:
    try:
        host, port, *_ = each.getsockname()
        return each.type == socket.SOCK_STREAM and not _peer(each) and (ip_address(host), port)
    except (OSError, ValueError):  # it is closed, or of another family
        return None


def _peer(each: socket.socket) -> bool:
    with suppress(OSError):
        return bool(each.getpeername())
    return False


class Home:
    """The process in which something was started. It is true there, and false in its children."""

    def __init__(self) -> None:
        self._process = os.getpid()

    def __bool__(self) -> bool:
        return self._process == os.getpid()


def _leave() -> None:
    """In a child: it is the parent's."""
    for each in list(_OPEN):
        with suppress(OSError):
            each.close()
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave)
