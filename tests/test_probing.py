"""One probe against real servers on loopback, well-behaved and not."""

import asyncio
import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from dataclasses import replace
from random import Random

import pytest

from lab_engine.wire import probing
from lab_engine.wire.probing import LIMITS, Limits, ProbeResult, probe
from lab_engine.wire.targets import Target

from .loops import with_sockets

WEB = Target("127.0.0.1", 0, "/health", "www.example", "lab-engine-health-check (ref hc-1)")
HURRIED = Limits(connect=0.2, tcp=0.2, status=0.2, body=0.2)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PASSED = ProbeResult(True, "Success: HTTP Status Code 200, OK")


def asked(behave, target=WEB, limits=LIMITS, tls=None):
    """The outcome of one probe of a server that behaves so; every connection must then end."""
    with asyncio.Runner(loop_factory=with_sockets) as runner:
        return runner.run(_asked(behave, target, limits, tls))


async def _asked(behave, target, limits, tls=None):
    working = []

    async def handle(reader, writer):
        working.append(asyncio.current_task())
        try:
            await behave(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, target.host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    outcome = await asyncio.wait_for(probe(replace(target, port=port), limits), 20)
    server.close()
    await asyncio.wait_for(asyncio.gather(*working), 10)
    return outcome


def says(*parts, heads=None):
    """A server that reads the request, sends these bytes one after the other, and closes."""

    async def behave(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if heads is not None:
            heads.append(head)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return behave


def ok(body, *headers):
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("200 OK", PASSED),
        ("200 Fine", ProbeResult(True, "Success: HTTP Status Code 200, Fine")),
        ("204 ", ProbeResult(True, "Success: HTTP Status Code 204, No Content")),
        (
            "301 Moved Permanently",
            ProbeResult(True, "Success: HTTP Status Code 301, Moved Permanently"),
        ),
        ("399 ", ProbeResult(True, "Success: HTTP Status Code 399")),
        ("404 Not Found", ProbeResult(False, "Failure: HTTP Status Code 404, Not Found")),
        (
            "500 Internal Server Error",
            ProbeResult(False, "Failure: HTTP Status Code 500, Internal Server Error"),
        ),
    ],
)
def test_a_status_of_2xx_or_3xx_passes(line, outcome):
    reply = f"HTTP/1.1 {line}\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"

    assert asked(says(reply.encode())) == outcome


def test_one_request_is_sent_and_a_redirect_is_not_followed():
    heads = []

    asked(says(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n", heads=heads))

    assert [head.decode().split("\r\n") for head in heads] == [
        [
            "GET /health HTTP/1.1",
            "Host: www.example",
            "User-Agent: lab-engine-health-check (ref hc-1)",
            "Accept: */*",
            "Connection: close",
            "",
            "",
        ]
    ]


def test_a_status_passes_before_the_body_has_come():
    async def behave(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        await reader.read()  # until the connection ends
        await reader.read()

    assert asked(behave) == PASSED


@pytest.mark.slow
@pytest.mark.parametrize("body", [b"zz\r\nwell", b"ff\r\nwell", b"1\r\nx\r\n" * 100_000])
def test_a_body_that_nobody_wants_may_be_anything(body):
    assert asked(says(CHUNKED, body)) == PASSED


def test_interim_responses_are_passed_over():
    assert asked(says(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", ok(b""))) == PASSED


@pytest.mark.parametrize(
    "parts",
    [
        (ok(b"all is well"),),
        (ok(b"x" * 5116 + b"well"),),
        (ok(b"x" * 5116 + b"well" + b"x" * 10**6),),
        (ok(b"x" * 2000)[:-1000], b"x" * 990 + b"we", b"ll" + b"x" * 6),
        (CHUNKED, b"2\r\nwe\r\n", b"2\r\nll\r\n", b"0\r\n\r\n"),
        (CHUNKED, *(b"1\r\n%c\r\n" % letter for letter in b"xxxxwell")),
        (b"HTTP/1.0 200 OK\r\n\r\n", b"all is we", b"ll"),
        (b"HTTP/1.1 303 See Other\r\nContent-Length: 4\r\n\r\nwell",),
    ],
)
def test_a_string_within_the_first_5120_bytes_is_found(parts):
    assert asked(says(*parts), replace(WEB, search=b"well")).passed


@pytest.mark.parametrize(
    "parts",
    [
        (ok(b""),),
        (ok(b"all is Well"),),
        (ok(b"x" * 5117 + b"well"),),
        (ok(b"x" * 5120 + b"well"),),
        (ok(b"all is fine", "X-State: well"),),
        (CHUNKED, b"1400\r\n", b"x" * 5120, b"\r\n4\r\nwell\r\n0\r\n\r\n"),
        (b"HTTP/1.0 200 OK\r\n\r\n", b"all is we"),
    ],
)
def test_a_string_that_ends_later_or_is_not_there_is_not_found(parts):
    outcome = asked(says(*parts), replace(WEB, search=b"well"))

    assert outcome == ProbeResult(False, probing.NOT_FOUND)


def test_a_string_does_not_make_up_for_a_status():
    reply = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nwell"

    outcome = asked(says(reply), replace(WEB, search=b"well"))

    assert outcome == ProbeResult(False, "Failure: HTTP Status Code 503, Service Unavailable")


def test_nothing_but_the_whole_of_a_response_passes():
    """Cut off after any byte, it is a failure."""
    whole = ok(b"well")

    async def cut():
        search = replace(WEB, search=b"well")
        return [await _asked(says(whole[:end]), search, LIMITS) for end in range(len(whole))]

    outcomes = asyncio.run(cut())

    assert {outcome.passed for outcome in outcomes} == {False}
    assert {outcome.status for outcome in outcomes} == {probing.CLOSED, probing.MALFORMED}
    assert asked(says(whole), replace(WEB, search=b"well")) == PASSED


@pytest.mark.parametrize(
    "reply",
    [
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"\0" * 200_000,
        Random(1).randbytes(200_000),
    ],
)
def test_what_is_not_http_fails(reply):
    assert asked(says(reply)) == ProbeResult(False, probing.MALFORMED)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK", b"220 mail.example ESMTP\r\n"])
def test_a_connection_that_ends_before_the_headers_do_was_closed(reply):
    assert asked(says(reply)) == ProbeResult(False, probing.CLOSED)


def test_a_broken_chunk_fails():
    outcome = asked(says(CHUNKED, b"zz\r\nwell\r\n"), replace(WEB, search=b"well"))

    assert outcome == ProbeResult(False, probing.MALFORMED)


def test_an_endless_body_is_read_only_as_far_as_it_is_searched():
    sent = 0

    async def behave(reader, writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    outcome = asked(behave, replace(WEB, search=b"well"))

    assert outcome == ProbeResult(False, probing.NOT_FOUND)
    assert sent < 50_000_000  # what the buffers of both ends take


@pytest.mark.parametrize(
    ("beginning", "search", "status"),
    [
        (b"", None, probing.NO_STATUS),
        (b"HTTP/1.1 200 OK\r\n", None, probing.NO_STATUS),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", None, probing.NO_STATUS),
        (b"HTTP/1.1 200 OK\r\n\r\nwel", b"well", probing.NO_BODY),
    ],
)
def test_a_server_that_falls_silent_fails_in_time(beginning, search, status):
    async def behave(reader, writer):
        writer.write(beginning)
        while await reader.read(65_536):
            pass

    assert asked(behave, replace(WEB, search=search), HURRIED) == ProbeResult(False, status)


@pytest.mark.parametrize(
    ("beginning", "drop", "search", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n", None, probing.NO_STATUS),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", None, probing.NO_STATUS),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x", b"well", probing.NO_BODY),
    ],
)
def test_a_server_that_only_drips_fails_in_time(beginning, drop, search, status):
    async def behave(reader, writer):
        writer.write(beginning)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)

    assert asked(behave, replace(WEB, search=search), HURRIED) == ProbeResult(False, status)


def test_the_body_has_its_time_from_the_status_on():
    """Status and body may each take most of their time, more together than either has."""

    async def behave(reader, writer):
        await asyncio.sleep(1.2)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.sleep(1.2)
        writer.write(b"well")

    assert asked(behave, replace(WEB, search=b"well")) == PASSED


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_the_endpoint_ends_fails(reset):
    async def behave(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if reset:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    assert asked(behave) == ProbeResult(False, probing.CLOSED)


@pytest.fixture
def closed_port():
    """A port that is taken, so that nobody else listens there, and does not listen."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def black_hole():
    """A port whose backlog is full: it neither accepts nor refuses."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        yield address[1]
        for each in waiting:
            each.close()


async def _nothing(reader, writer):
    pass


def test_a_tcp_probe_passes_when_it_is_connected():
    assert asked(_nothing, Target("127.0.0.1", 0)) == ProbeResult(True, probing.CONNECTED)


@pytest.mark.parametrize("path", [None, "/"])
def test_a_refused_connection_fails(closed_port, path):
    outcome = asyncio.run(probe(replace(WEB, port=closed_port, path=path)))

    assert outcome == ProbeResult(False, probing.REFUSED)


@pytest.mark.parametrize(
    ("path", "limits"),
    [(None, Limits(connect=60, tcp=0.2)), ("/", Limits(connect=0.2, tcp=60))],
)
def test_a_black_hole_fails_when_the_time_to_connect_is_over(black_hole, path, limits):
    outcome = asyncio.run(probe(replace(WEB, port=black_hole, path=path), limits))

    assert outcome == ProbeResult(False, probing.NO_CONNECTION)


def test_the_time_to_connect_is_route_53s():
    assert Limits() == Limits(connect=4, tcp=10, status=2, body=2)


@pytest.mark.parametrize("path", [None, "/"])
def test_ipv6_loopback_can_be_asked(path):
    assert asked(says(ok(b"")) if path else _nothing, replace(WEB, host="::1", path=path)).passed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for a name that nobody asks for, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    named = ["-subj", "/CN=nobody.example", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run([*command.split(), *named], check=True, capture_output=True)
    return files


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.names = []
    context.set_servername_callback(lambda connection, name, own: context.names.append(name))
    return context


SECURE = replace(WEB, tls=True)


def test_https_takes_any_certificate(tls):
    target = replace(SECURE, search=b"well", server_name="www.example")

    assert asked(says(ok(b"all is well")), target, tls=tls) == PASSED


@pytest.mark.parametrize(("server_name", "seen"), [("www.example", "www.example"), ("", None)])
def test_the_server_name_is_said_only_with_sni(tls, server_name, seen):
    asked(says(ok(b"")), replace(SECURE, server_name=server_name), tls=tls)

    assert tls.names == [seen]


def test_a_server_that_wants_sni_fails_without_it(tls):
    """The server is no asyncio one: those hang up without the alert."""
    tls.set_servername_callback(lambda *_: ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE)

    def refuse(listening):
        connection, _ = listening.accept()
        with connection, contextlib.suppress(ssl.SSLError):
            tls.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=refuse, args=[listening])
        serving.start()
        outcome = asyncio.run(probe(replace(SECURE, port=listening.getsockname()[1])))
        serving.join()

    assert outcome == ProbeResult(False, probing.HANDSHAKE)


def test_https_fails_where_http_is_spoken():
    outcome = asked(says(ok(b"")), SECURE, HURRIED)
    assert not outcome.passed

    async def behave(reader, writer):
        writer.write(ok(b""))
        await reader.read()

    assert asked(behave, SECURE) == ProbeResult(False, "Failure: SSL error WRONG_VERSION_NUMBER")


def test_a_handshake_that_never_comes_counts_as_no_status():
    async def behave(reader, writer):
        while await reader.read(65_536):
            pass

    assert asked(behave, SECURE, HURRIED) == ProbeResult(False, probing.NO_STATUS)


def test_a_silent_server_behind_tls_fails_in_time(tls):
    async def behave(reader, writer):
        while await reader.read(65_536):
            pass

    assert asked(behave, SECURE, Limits(status=0.5), tls=tls) == ProbeResult(
        False, probing.NO_STATUS
    )
