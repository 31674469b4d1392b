"""Takes connections on an event loop; where no descriptor is left, it waits before it asks again.

A listening socket with somebody at the door is ready all the time. To ask it again at once, as
event loops do, would take the whole processor, and a traceback each time.
"""

import asyncio
import contextlib
import selectors
import socket
from collections.abc import Callable

from lab_engine.wire.descriptors import NO_ROOM, PAUSE, lacking
from lab_engine.wire.ours import ours
from lab_engine.wire.transport import Source


class Accepting:
    """A listening socket and who is let in, from now until `close`. On a loop that runs."""

    def __init__(
        self, listening: socket.socket, welcome: Callable[[socket.socket, Source], object]
    ) -> None:
        listening.setblocking(False)
        self._listening, self._welcome = listening, welcome
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Let nobody in, and close the socket. Safe to call again."""
        if self._later is not None:
            self._later.cancel()
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening)
            self._listening.close()

    def _listen(self) -> None:
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        try:
            connection, source = self._listening.accept()
        except OSError as wrong:
            if wrong.errno in NO_ROOM:
                self._loop.remove_reader(self._listening)
                self._later = self._loop.call_later(PAUSE, self._listen)
            return
        connection.setblocking(False)
        self._welcome(ours(connection), source)


def event_loop(whose: str) -> asyncio.AbstractEventLoop:
    """A new event loop. Raises ListenError where no descriptor is left for it."""
    with contextlib.ExitStack() as undo:
        try:
            selector = undo.enter_context(selectors.DefaultSelector())
            for each in socket.socketpair():  # what a loop needs: one that lacks it is half made,
                each.close()  # and complains when it is collected
            loop = asyncio.SelectorEventLoop(selector)
        except OSError as wrong:
            raise lacking(whose, wrong) from wrong
        undo.pop_all()
    return loop
