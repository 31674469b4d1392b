"""The client of a live drill: requests at a steady rate, each by way of the cache, with time-outs.

One thread says when the next one begins, a few others make them, so that one that hangs delays no
other. Each looks its address up anew, and tries the next one where it is not connected.
"""

import http.client
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import Random

from lab_engine.live.record import Record, Request
from lab_engine.live.serving import look_up
from lab_engine.live.settings import Settings
from lab_engine.live.stage import Stage

OK = 200
MOST = 64  # threads; more requests than these do not hang at once


class Visitor:
    """Makes requests from `start` to `stop`.

    Args:
        stage: what it asks for.
        cache: where it looks that up, `127.0.0.1:port`.
        table: where addresses really are.
        how: how often, and with how much patience.
        record: where it notes what came of each.
        now: the clock.
        rng: its dice.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (all that a client is made of)
        self,
        stage: Stage,
        cache: str,
        table: Mapping[str, tuple[str, int]],
        how: Settings,
        record: Record,
        now: Callable[[], float],
        rng: Random,
    ) -> None:
        self._stage, self._cache, self._table, self._how = stage, cache, table, how
        self._record, self._now, self._rng = record, now, rng
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._visit, name="visitor", daemon=True)
        hanging = how.rate * how.patience * 2 * len(stage.addresses)
        self._hands = ThreadPoolExecutor(min(MOST, 4 + int(hanging)), "request")

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Make no more, and wait for those under way: as long as their patience lasts."""
        self._leaving.set()
        if self._thread.is_alive():
            self._thread.join()
        self._hands.shutdown(cancel_futures=True)

    def _visit(self) -> None:
        gap, number = self._how.gap, 0
        while True:
            at = (number + self._rng.random()) * gap
            if self._leaving.wait(max(0.0, at - self._now())):
                return
            try:
                self._hands.submit(self._request)
            except RuntimeError:  # the interpreter is ending, and nobody has stopped us
                return
            number = max(number + 1, int(self._now() / gap))  # a machine that slept makes up none

    def _request(self) -> None:
        began = self._now()
        told = look_up(self._stage, self._cache, self._how.patience)
        expires = self._now() + told.ttl
        tried: list[str] = []
        server = ""
        for address in told.addresses:
            tried.append(address)
            connected, server = self._fetched(address)
            if connected or self._leaving.is_set():
                break
        self._record.requests.append(
            Request(began, told.addresses, expires, tuple(tried), server, self._now())
        )

    def _fetched(self, address: str) -> tuple[bool, str]:
        """Whether it connected, and the server whose whole page it got."""
        place = self._table.get(address)
        if place is None:
            return False, ""
        web = http.client.HTTPConnection(*place, timeout=self._how.patience)
        try:
            web.connect()
        except OSError:
            web.close()
            return False, ""
        with closing(web):
            return True, address if self._served(web, address) else ""

    def _served(self, web: http.client.HTTPConnection, address: str) -> bool:
        """Whether it is given the whole of the right page."""
        try:
            web.request("GET", "/", headers={"Host": str(self._stage.question.name)})
            response = web.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return False
        return response.status == OK and response.getheader("X-Server") == address
