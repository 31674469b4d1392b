"""How servers fail, and what clients and health checks see of it.

    how           a client                             HTTP check   string match   TCP check
    refused       goes on to its next address          at once      at once        at once
    black hole    goes on when its patience ends       4 s          4 s            10 s
    silent        is connected, and waits in vain      2 s          2 s            passes
    half          as silent, after half a head         2 s          2 s            passes
    closes        is connected, and gets half a body   passes       at once        passes
    slow          is served, if late                   by `delay`   by `delay`     passes
    5xx           is connected, and gets an error      at once      at once        passes
    wrong page    is connected, and gets the wrong one passes       at once        passes
    checks only   is connected, and gets an error      passes       passes         passes

The times are Route 53's: Developer Guide, "How Amazon Route 53 determines whether a health check is
healthy". A probe that waits passes where the server is back before its time-out: what was silent
answers then, and a connection is tried anew all the while. That it is tried only 1, 3 and 7 s after
the first time is not in this.
"""

from typing import Final, NamedTuple

from lab_engine.errors import Choice

CHECK_TYPES: Final = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
CONNECT: Final = (4.0, 10.0)  # seconds: of HTTP, and of TCP
RESPONSE: Final = 2.0  # seconds from the connection to the status; as many again to the string


class Failure(Choice):
    """How a server fails."""

    REFUSED = "refused"
    BLACK_HOLE = "black hole"
    """Packets to it vanish."""
    SILENT = "silent"
    """It takes connections and answers nothing: a process that is paused."""
    HALF = "half"
    """It begins the head of a response, and sends no more."""
    CLOSES = "closes"
    """It closes the connection in the middle of the body."""
    SLOW = "slow"
    ERRORS = "5xx"
    WRONG_PAGE = "wrong page"
    """It answers 200 with something else: a check for a string finds it out."""
    CHECKS_ONLY = "checks only"
    """What checks ask for is well, and nothing else: no check finds it out."""

    @property
    def serves(self) -> bool:
        """Whether clients are served all the same."""
        return self is Failure.SLOW

    @property
    def connects(self) -> bool:
        """Whether clients are connected, and so try no other address."""
        return self not in (Failure.REFUSED, Failure.BLACK_HOLE)

    @property
    def hangs(self) -> bool:
        """Whether nothing comes back, so that an open connection is given up only in time."""
        return self in (Failure.BLACK_HOLE, Failure.SILENT, Failure.HALF)


class Look(NamedTuple):
    """What a probe meets.

    Attributes:
        passes: whether it would pass, if nothing changed meanwhile.
        takes: seconds until that is known.
    """

    passes: bool
    takes: float = 0.0


WELL: Final = Look(passes=True)


def look(failure: Failure, delay: float, check: str, connect: float, response: float) -> Look:
    """What a probe meets at a server that fails so.

    Args:
        failure: how.
        delay: seconds that each answer of a slow one takes.
        check: one of `CHECK_TYPES`.
        connect: until the check gives up a connection, seconds.
        response: from then on until it gives up an answer, seconds.
    """
    if failure is Failure.BLACK_HOLE:
        return Look(passes=False, takes=connect)
    if failure is not Failure.REFUSED and check == "TCP":
        return WELL
    if failure.hangs:
        return Look(passes=False, takes=response)
    if failure is Failure.SLOW:
        return Look(delay <= response, min(delay, response))
    status = failure in (Failure.WRONG_PAGE, Failure.CLOSES) and "STR_MATCH" not in check
    return Look(passes=status or failure is Failure.CHECKS_ONLY)
