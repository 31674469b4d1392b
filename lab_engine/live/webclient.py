"""A web client for drills: one connection, kept open or not, and its cookies."""

import http.client
import time
from typing import NamedTuple, Self


class Got(NamedTuple):
    """What came of one request.

    Attributes:
        status: of HTTP; 0 where no whole response came.
        server: the address of the back end that answered; empty where none did.
        seconds: it took.
    """

    status: int
    server: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether the client got what it wanted: a page of one of ours."""
        return self.status == 200 and bool(self.server)


class WebClient:
    """Asks one address.

    Args:
        address: `127.0.0.1:port`.
        keeps: whether it keeps its connection open.
        timeout: seconds after which it gives up.
        source: the loopback address that it comes from.
    """

    def __init__(
        self, address: str, *, keeps: bool = True, timeout: float = 10.0, source: str = "127.0.0.1"
    ) -> None:
        host, _, port = address.rpartition(":")
        self._http = http.client.HTTPConnection(host, int(port), timeout, (source, 0))
        self._keeps = keeps
        self._cookie = ""

    def get(self, path: str = "/") -> Got:
        """One request."""
        began = time.monotonic()
        status, server = 0, ""
        try:
            headers = {"Cookie": self._cookie} if self._cookie else {}
            self._http.request("GET", path, headers=headers)
            response = self._http.getresponse()
            server = response.getheader("X-Server", "")
            self._cookie = response.getheader("Set-Cookie", self._cookie).partition(";")[0]
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            self.close()
        if not self._keeps:
            self.close()
        return Got(status, server, time.monotonic() - began)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
