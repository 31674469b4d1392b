"""The control plane over HTTP: what `aws route53 --endpoint-url` talks to.

One thread with an event loop of its own reads requests and answers them one after another, each
before the next is looked at: so one zone changes at a time, and whoever lists sees no half change.
A request that takes long holds up the others.

Credentials and signatures are neither checked nor kept. In their place: the server listens on
loopback only, and refuses what a browser sends for a web page: it says its `Origin`, or the site
that fetches (W3C Fetch Metadata), or, where the page's name was made to lead here, a `Host` that is
not this machine at this port. Others on the machine are kept out by a token, where one is set.

Not here: what operations do; see `control`. Paths and XML; see `rest`.
"""

import asyncio
import hmac
import os
import re
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from lab_engine.control.account import Params, Response
from lab_engine.control.refusal import Refusal, refused
from lab_engine.errors import LabError
from lab_engine.wire import listener
from lab_engine.wire.accepting import event_loop
from lab_engine.wire.intake import Limits, Request, serving
from lab_engine.wire.ours import Home
from lab_engine.wire.rest import Answer, Rest, write_error
from lab_engine.wire.transport import address

Call = Callable[[str, Params], Response]
"""Carries out an operation, given its name and parameters; raises Refusal."""
LOG_LENGTH = 1_000
LONGEST_PATH = 80  # characters of an unknown path in the log
LONGEST_TRACE = 8_000  # characters of a traceback in the log: its end says most
LONGEST_COMPLAINT = 500
ANY_KEY = "lab"
TOKEN = re.compile(r"[\w.~-]{8,128}", re.ASCII)  # what an access key id can be, and a URL
KEY = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/")
OWN_SITES = ("none", "same-origin")  # typed by somebody, or a page of ours, of which there is none
APART: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with each response: what a page gets of it all the same, it can do nothing with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and how it ended.

    Attributes:
        operation: its name, or method and path where they name none.
        status: of the HTTP response.
        code: of the error; empty where there was none.
        trace: the traceback of a mistake of the lab; empty where there was none.
    """

    at: datetime
    operation: str
    status: int
    code: str = ""
    trace: str = ""

    def __str__(self) -> str:
        at = f"{self.at:%H:%M:%S.%f}"[:-3]
        return f"{at} {self.operation} -> {self.status} {self.code}".rstrip()


class Api:
    """Route 53's API on loopback. Use it in a `with`, or call `stop()`.

    Attributes:
        host, port: where it listens; `url` is both as clients want them.
        token: that every request must have; None where none is asked for.
        failures: how many requests failed for a mistake of the lab.
    """

    def __init__(  # noqa: PLR0913  (each is one thing a user may want to say)
        self,
        call: Call,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        limits: Limits | None = None,
        seed: int | None = None,
        complain: Callable[[str], object] | None = None,
        token: str | None = None,
    ) -> None:
        """Open the port.

        Args:
            call: carries out operations: `Service.call`.
            port: 0 takes a free one.
            host: a loopback address.
            limits: of what a client may use.
            seed: of the dice for request ids; None takes a new one.
            complain: called with a line for each mistake of the lab; the log has its traceback.
            token: to be sent as the access key id, as `Authorization: token …`, or as `?token=…`.

        Raises:
            ListenError: the port cannot be had, or the host is not loopback.
            LabError: a token that cannot be sent as an access key id.
        """
        if token is not None and not TOKEN.fullmatch(token):
            raise LabError(
                token, "is no token", "Use 8 to 128 letters, digits, '.', '_', '~', '-'."
            )
        self._rest = Rest()
        self._home = Home()
        self.token = token
        self._socket = listener.listening(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        self.failures = 0
        self._call, self._limits, self._rng = call, limits or Limits(), Random(seed)
        self._log: deque[Entry] = deque(maxlen=LOG_LENGTH)
        self._complain = complain
        try:
            self._loop = event_loop("The API")
        except BaseException:
            self._socket.close()
            raise
        self._stopping = asyncio.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name=f"api-{self.port}", daemon=True)

    @property
    def address(self) -> str:
        """`127.0.0.1:8053`, or `[::1]:8053`."""
        return address(self.host, self.port)

    @property
    def url(self) -> str:
        """What to give to `--endpoint-url`."""
        return f"http://{self.address}"

    @property
    def log(self) -> tuple[Entry, ...]:
        """The last requests, newest last."""
        return tuple(self._log)

    def about(self, hosted_zones: Sequence[str]) -> str:
        """What to type to reach it, ready to be pasted, down to a listing of each hosted zone."""
        what = "its token is the access key id" if self.token else "any credentials do"
        listing = "  aws route53 list-resource-record-sets --hosted-zone-id"
        lines = [
            f"Route 53's API is at {self.url}; {what}:",
            f"  export AWS_ENDPOINT_URL_ROUTE_53={self.url} AWS_DEFAULT_REGION=us-east-1",
            f"  export AWS_ACCESS_KEY_ID={self.token or ANY_KEY} AWS_SECRET_ACCESS_KEY=lab",
        ]
        return "\n".join([*lines, *(f"{listing} {each}" for each in hosted_zones)])

    def start(self) -> Self:
        """Begin to answer; returns at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, and free the port. Safe to call again, and in a child of this process."""
        if self._stopped or not self._home:
            return
        self._stopped = True
        if self._thread.ident is None:
            self._socket.close()
            self._loop.close()
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def answer(self, request: Request) -> Answer:
        """What is answered to a request."""
        request_id = str(UUID(int=self._rng.getrandbits(128), version=4))
        operation, code, trace = f"{request.method} {request.path[:LONGEST_PATH]}", "", ""
        try:
            self._check(request)
            operation, path = self._rest.route(request.method, request.path)
            params = self._rest.read(operation, path, request.query, request.body or b"")
            answer = self._rest.write(operation, self._call(operation, params))
        except Refusal as refusal:
            code, answer = refusal.code, write_error(refusal, request_id)
        except Exception as wrong:  # noqa: BLE001  (one bad request must not silence all others)
            self.failures += 1
            code = f"InternalError ({type(wrong).__name__})"
            trace = "".join(traceback.format_exception(wrong))[-LONGEST_TRACE:]
            answer = write_error(_failure(operation), request_id)
            if self._complain is not None:
                self._complain(_complaint(operation, wrong))
        self._log.append(Entry(datetime.now(UTC), operation, int(answer.status), code, trace))
        headers = {**answer.headers, **APART, "x-amzn-RequestId": request_id}
        return answer._replace(headers=headers)

    def __repr__(self) -> str:
        return f"<Api at {self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _check(self, request: Request) -> None:
        """Raises Refusal for what is not looked into."""
        if request.body is None:
            # unverified
            text = f"The body of the request is longer than {self._limits.body} octets."
            help_ = "A batch within Route 53's limits is much smaller; send several."
            too_large = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise refused("RequestEntityTooLarge", text, help_, too_large)
        if not _is_here(request.headers.get("Host", "localhost"), self.port):
            text = "Requests to other names than this machine's own and this port are not answered."
            raise _denied(text, f"Ask for localhost:{self.port}, or a loopback address.")
        if _is_foreign(request):
            text = "Requests of web pages are not answered."
            raise _denied(text, "Use the AWS CLI or an SDK; this server answers no web page.")
        if self.token and not hmac.compare_digest(_token(request).encode(), self.token.encode()):
            text = "The request does not have this server's token."
            raise _denied(text, "Set AWS_ACCESS_KEY_ID to the token that the server was given.")

    def _work(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        async with serving(self._socket, self.answer, self._limits):
            await self._stopping.wait()


def malformed() -> type[Exception]:
    """What a `client` raises, and does not send, where parameters have not the operation's form."""
    from botocore.exceptions import ParamValidationError  # noqa: PLC0415  (heavy)

    kind: type[Exception] = ParamValidationError
    return kind


def client(url: str, key: str = ANY_KEY) -> Any:
    """botocore's Route 53 client for an Api, as `boto3.client("route53")` would give it.

    `key` is the access key id: the token, where the Api has one; else any is accepted.

    It takes nothing from the user's AWS configuration, environment or proxies: neither profiles nor
    credentials can get in the way, and none is sent.
    """
    from botocore.config import Config  # noqa: PLC0415  (heavy)
    from botocore.session import Session  # noqa: PLC0415

    ignored = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}
    session = Session({name: (None, None, value, None) for name, value in ignored.items()})
    return session.create_client(
        "route53",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key="lab",  # noqa: S106  (any is accepted)
        config=Config(
            retries={"max_attempts": 1, "mode": "standard"},
            proxies={},
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        ),
    )


def _is_foreign(request: Request) -> bool:
    """Whether a browser sends it for a page that is not ours."""
    return "Origin" in request.headers or (
        request.headers.get("Sec-Fetch-Site", OWN_SITES[0]) not in OWN_SITES
    )


def _is_here(host: str, port: int) -> bool:
    """Whether a Host header names this machine: `localhost:8053`, or an address on loopback."""
    try:
        parts = urlsplit(f"//{host}")
        name, asked = parts.hostname or "", parts.port
        if parts.netloc != host or "@" in host or asked not in (None, port):
            return False
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _token(request: Request) -> str:
    """The token that a request has, wherever a client could put it."""
    said = request.headers.get("Authorization", "")
    kind, _, rest = said.partition(" ")
    if kind.lower() in ("token", "bearer"):
        return rest.strip()
    key = KEY.match(said)
    return key[1] if key else parse_qs(request.query).get("token", [""])[0]


def _denied(text: str, help_: str) -> Refusal:
    return refused("AccessDenied", text, help_, HTTPStatus.FORBIDDEN)


def _failure(operation: str) -> Refusal:
    text = f"{operation} failed for a mistake of the lab, not of the request."
    help_ = "The traceback is in the log of the server's API: server.api.log[-1].trace."
    return refused("InternalError", text, help_, HTTPStatus.INTERNAL_SERVER_ERROR)


def _complaint(operation: str, wrong: Exception) -> str:
    """One line for whoever runs the server."""
    last = traceback.extract_tb(wrong.__traceback__)[-1]
    what = " ".join(f"{type(wrong).__name__}: {wrong}".split())[:LONGEST_COMPLAINT]
    return f"{operation} failed for a mistake of the lab: {what} ({last.filename}:{last.lineno})"
