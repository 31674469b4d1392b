"""How much of what a process may have open one server takes, and what it means that none is left.

Each part of a server takes its share of the limit (RLIMIT_NOFILE: 256 on macOS, 1,024 or more on
Linux) and leaves a quarter to everybody else in the process. The limit is whoever started the
process's to raise.
"""

import errno
import sys

from lab_engine.errors import ListenError

PROBES = 2  # half of all
STREAMS = REQUESTS = 8  # an eighth each
ASSUMED = 512  # where nobody says: sockets that Windows can wait for
PAUSE = 0.2  # seconds until one asks again whether there is room
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the system says where we could not try at all."""
NO_PLACE = frozenset({errno.EADDRNOTAVAIL, errno.EADDRINUSE})
"""Likewise, of one who wants to connect: no port of our own is left."""


def lacking(what: str, wrong: OSError) -> ListenError:
    """That something cannot be opened for want of descriptors, or the like."""
    rule = f"cannot be opened: {wrong.strerror}"
    return ListenError(what, rule, "Close what is not needed, or raise the limit: ulimit -n.")


def share(part: int, most: int) -> int:
    """How many descriptors something may have: that part of the limit, and no more than `most`."""
    return max(1, min(most, limit() // part))


def limit() -> int:
    """How many descriptors this process may have."""
    if sys.platform == "win32":
        return ASSUMED
    try:
        import resource  # noqa: PLC0415  (a browser has none)
    except ImportError:
        return ASSUMED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
