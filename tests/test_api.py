"""The API over real sockets, asked by botocore and by hand."""

import asyncio
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError

from lab_engine.control.refusal import refused
from lab_engine.errors import LabError, ListenError
from lab_engine.wire.api import Api, client
from lab_engine.wire.endpoint import open_or_move
from lab_engine.wire.intake import Limits

ZONE = {"Id": "/hostedzone/Z1", "Name": "shop.example.", "CallerReference": "1"}
DELEGATION = {"NameServers": ["ns-1.example"]}
HOST = "127.0.0.1"
CHANGES = b"POST /2013-04-01/hostedzone/Z1/rrset/ HTTP/1.1\r\nHost: localhost\r\n"


class Fake:
    """Stands in for the service: remembers what was asked, and gives what it was told to."""

    def __init__(self):
        self.asked = []
        self.answers = {
            "GetHostedZone": {"HostedZone": ZONE, "DelegationSet": DELEGATION},
            "CreateHostedZone": {
                "HostedZone": ZONE,
                "ChangeInfo": {},
                "DelegationSet": DELEGATION,
                "Location": "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1",
            },
            "ChangeResourceRecordSets": {"ChangeInfo": {"Id": "/change/C1"}},
        }

    def __call__(self, operation, params):
        self.asked.append((operation, params))
        if operation not in self.answers:
            text = f"{operation} is not implemented in the lab"
            raise refused("NotImplemented", text, "See the list.", 501)
        answer = self.answers[operation]
        return answer(params) if callable(answer) else answer


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def api(fake):
    limits = Limits(body=100_000, header=4_000, idle=0.5, sending=1.0, connections=20)
    with Api(fake, limits=limits, seed=1).start() as running:
        yield running


@pytest.fixture
def lab(api):
    made = client(api.url)
    yield made
    made.close()


@contextlib.contextmanager
def connected(api):
    with socket.create_connection((HOST, api.port), timeout=10) as connection:
        yield connection


def read_all(connection):
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            data += piece
    return data


def asked(api, method, path, body=None, **headers):
    """Status, headers and body of one request that no SDK would make."""
    connection = http.client.HTTPConnection(HOST, api.port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def error(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    found = response["Error"]
    return found["Code"], found["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_client_gets_what_the_service_gives(lab, fake):
    response = lab.get_hosted_zone(Id="/hostedzone/Z1")

    assert response["HostedZone"] == ZONE
    assert response["DelegationSet"] == DELEGATION
    assert fake.asked == [("GetHostedZone", {"Id": "Z1"})]


def test_a_change_comes_through_whole(lab, fake):
    records = [{"Value": '"a & b"'}, {"Value": '"é \\052"'}]
    record_set = {"Name": "é.shop.example.", "Type": "TXT", "TTL": 60, "ResourceRecords": records}
    batch = {"Comment": "x\ny", "Changes": [{"Action": "UPSERT", "ResourceRecordSet": record_set}]}

    lab.change_resource_record_sets(HostedZoneId="Z1", ChangeBatch=batch)

    assert fake.asked == [
        ("ChangeResourceRecordSets", {"HostedZoneId": "Z1", "ChangeBatch": batch})
    ]


@pytest.mark.slow
def test_what_is_made_says_where(lab):
    response = lab.create_hosted_zone(Name="shop.example", CallerReference="1")

    assert response["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert response["Location"].endswith("/hostedzone/Z1")


def test_a_refusal_is_a_client_error(lab, fake):
    def unknown(params):
        raise refused("NoSuchHostedZone", "No hosted zone found with ID: Z9", "List them\u2014all.")

    fake.answers["GetHostedZone"] = unknown

    with pytest.raises(lab.exceptions.NoSuchHostedZone) as caught:
        lab.get_hosted_zone(Id="Z9")

    assert caught.value.response["Error"] == {
        "Type": "Sender",
        "Code": "NoSuchHostedZone",
        "Message": "No hosted zone found with ID: Z9",
    }
    metadata = caught.value.response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 404
    assert metadata["HTTPHeaders"]["x-lab-help"] == "List them?all."


@pytest.mark.slow
def test_what_the_lab_does_not_have_is_said_with_its_name(lab):
    assert error(lab.list_traffic_policies) == (
        "NotImplemented",
        "ListTrafficPolicies is not implemented in the lab",
        501,
    )


@pytest.mark.slow
def test_boto3_comes_as_far_as_the_server_with_a_weight_of_300(api):
    lab = boto3.client(
        "route53",
        region_name="us-east-1",
        endpoint_url=api.url,
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    record_set = {"Name": "a.example.", "Type": "A", "SetIdentifier": "a", "Weight": 300}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record_set}]}

    code, message, status = error(
        lab.change_resource_record_sets, HostedZoneId="Z1", ChangeBatch=batch
    )
    lab.close()
    assert (code, status) == ("InvalidInput", 400)
    assert "cvc-maxInclusive-valid: Value '300'" in message


def test_a_mistake_of_the_lab_is_counted_and_does_not_show_itself(api, lab, fake):
    fake.answers["GetHostedZone"] = lambda params: 1 // 0
    fake.answers["GetChange"] = {"NoSuchField": 1}

    status, _, body = asked(api, "GET", "/2013-04-01/hostedzone/Z1")
    asked(api, "GET", "/2013-04-01/change/C1")
    assert status == 500
    assert "<Type>Receiver</Type><Code>InternalError</Code>" in body
    assert "Zero" not in body
    assert api.failures == 2
    assert [entry.code for entry in api.log] == [
        "InternalError (ZeroDivisionError)",
        "InternalError (ValueError)",
    ]
    assert lab.create_hosted_zone(Name="a", CallerReference="1")["HostedZone"] == ZONE


def test_the_log_names_operations_and_outcomes_but_no_credentials(api, lab):
    lab.get_hosted_zone(Id="Z1")
    with pytest.raises(ClientError):
        lab.list_health_checks()
    asked(api, "GET", "/nowhere?X-Amz-Credential=secret", Authorization="secret")

    assert [(entry.operation, entry.status, entry.code) for entry in api.log] == [
        ("GetHostedZone", 200, ""),
        ("ListHealthChecks", 501, "NotImplemented"),
        ("GET /nowhere", 404, "UnknownOperationException"),
    ]
    assert str(api.log[0]).endswith(" GetHostedZone -> 200")
    assert "secret" not in repr(api.log) + repr(vars(api))


def test_request_ids_come_from_the_dice(fake):
    def first():
        with Api(fake, seed=7).start() as running:
            return asked(running, "GET", "/2013-04-01/hostedzone/Z1")[1]["x-amzn-RequestId"]

    one = first()

    assert one == first()
    assert len(one) == 36


def test_an_unknown_path_is_refused(api):
    status, headers, body = asked(api, "GET", "/2013-04-01/nothing")

    assert status == 404
    assert headers["Content-Type"] == "text/xml"
    assert "<Code>UnknownOperationException</Code>" in body
    assert headers["x-amzn-RequestId"] in body


def test_a_head_request_gets_no_body(api):
    status, _, body = asked(api, "HEAD", "/2013-04-01/hostedzone/Z1")

    assert (status, body) == (404, "")


def test_ten_megabytes_are_refused_with_their_limit(api, fake):
    status, headers, body = asked(api, "POST", "/2013-04-01/hostedzone", b"x" * 10_000_000)

    assert status == 413
    assert "<Code>RequestEntityTooLarge</Code>" in body
    assert "longer than 100000 octets" in body
    assert headers["Connection"] == "close"
    assert fake.asked == []


@pytest.mark.slow
def test_ten_megabytes_by_boto3_are_a_client_error(lab):
    batch = {"Comment": "", "Changes": []}
    change = {"Name": "a.example.", "Type": "TXT", "TTL": 1}
    change["ResourceRecords"] = [{"Value": "x" * 3_000} for _ in range(400)]
    batch["Changes"] = [{"Action": "CREATE", "ResourceRecordSet": change}] * 8

    found = error(lab.change_resource_record_sets, HostedZoneId="Z1", ChangeBatch=batch)
    assert (found[0], found[2]) == ("RequestEntityTooLarge", 413)


def test_chunked_bodies_are_counted_too(api):
    with connected(api) as connection:
        connection.sendall(CHANGES + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(200):
            connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        said = read_all(connection)

    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"longer than 100000 octets" in said


@pytest.mark.slow
def test_what_was_too_long_is_not_kept():
    """The memory that ten megabytes need is not taken."""
    script = """
import http.client, resource, sys
from lab_engine.wire.api import Api
with Api(lambda operation, params: {}).start() as api:
    connection = http.client.HTTPConnection("127.0.0.1", api.port)
    def send(size):
        connection.request("POST", "/2013-04-01/hostedzone", iter([b"x" * 65_536] * size),
                           {"Content-Length": str(65_536 * size)})
        assert connection.getresponse().read()
        connection.close()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    send(40)
    print(send(1600) - send(40))
"""
    command = [sys.executable, "-c", script]

    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 5_000  # kilobytes; 100 MB were sent


@pytest.mark.parametrize(
    "kind",
    [
        "text/xml",
        "application/xml; charset=utf-8",
        "Text/XML",
        "",
        "application/x-www-form-urlencoded",  # curl, and so acme.sh
        "text/plain",
        "json",
        "/",
    ],
)
def test_xml_is_accepted_by_whatever_name(api, kind, fake):
    body = b"<CreateHostedZoneRequest><Name>a</Name><CallerReference>1</CallerReference>"
    body += b"</CreateHostedZoneRequest>"

    status, _, _ = asked(api, "POST", "/2013-04-01/hostedzone", body, Content_Type=kind)
    assert status == 201
    assert fake.asked == [("CreateHostedZone", {"Name": "a", "CallerReference": "1"})]


@pytest.mark.parametrize(
    "body",
    [
        b"<ChangeResourceRecordSetsRequest>",
        b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><a>&b;</a>',
        b"\x00\xff",
    ],
)
def test_what_is_no_xml_is_refused(api, body, fake):
    status, _, said = asked(api, "POST", "/2013-04-01/hostedzone/Z1/rrset/", body)

    assert status == 400
    assert "<Code>MalformedInput</Code><Message>Could not parse XML</Message>" in said
    assert fake.asked == []


def test_a_mistake_of_the_lab_is_told_to_who_runs_it_and_kept_in_the_log(fake):
    said = []
    fake.answers["GetHostedZone"] = lambda params: 1 // 0

    with Api(fake, complain=said.append).start() as running:
        _, headers, body = asked(running, "GET", "/2013-04-01/hostedzone/Z1")
        asked(running, "GET", "/2013-04-01/change/C1")
    assert "GetHostedZone failed for a mistake of the lab" in body
    assert "try again" not in body
    assert "server.api.log[-1].trace" in headers["x-lab-help"]
    (line,) = said
    assert "GetHostedZone" in line
    assert "ZeroDivisionError: " in line
    assert " by zero (" in line
    assert "test_api.py:" in line
    assert running.log[0].trace.endswith(" by zero\n")
    assert running.log[1].trace == ""


def test_a_traceback_in_the_log_has_an_end(fake):
    def wrong(params):
        raise RuntimeError("x\n" * 50_000)

    said = []
    fake.answers["GetHostedZone"] = wrong

    with Api(fake, complain=said.append).start() as running:
        asked(running, "GET", "/2013-04-01/hostedzone/Z1")
    assert len(running.log[0].trace) == 8_000
    assert len(said[0]) < 1_000
    assert "\n" not in said[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "10.0.0.1",
        "localhost.evil.example",
        "[::1",
        "",
        "a b",
        "localhost:1",
        "127.0.0.1:80",
        "[::1]:1",
        "localhost:x",
        "evil.example@localhost:{port}",
        "localhost:{port}@evil.example",
        "@localhost",
        "localhost:{port}/x",
        "localhost?x",
        "localhost#x",
        "localhost,evil.example",
    ],
)
def test_another_host_than_this_machine_is_not_answered(api, fake, host):
    host = host.replace("{port}", str(api.port))

    status, _, body = asked(api, "GET", "/2013-04-01/hostedzone/Z1", Host=host)

    assert status == 403
    assert "<Code>AccessDenied</Code>" in body
    assert fake.asked == []


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}", "127.9.9.9", "[::1]:{port}", "[::1]"],
)
def test_this_machine_is_answered_by_its_names(api, host):
    host = host.replace("{port}", str(api.port))

    assert asked(api, "GET", "/2013-04-01/hostedzone/Z1", Host=host)[0] == 200


def test_an_api_shows_where_it_is(fake):
    with Api(fake).start() as running:
        assert repr(running) == f"<Api at {running.url}>"


def test_web_pages_are_not_answered(api, fake):
    status, _, _ = asked(api, "POST", "/2013-04-01/hostedzone", b"", Origin="https://a.example")

    assert status == 403
    assert fake.asked == []


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("x", 403), ("none", 200), ("same-origin", 200)],
)
def test_what_a_browser_fetches_for_another_site_is_not_answered(api, site, status):
    """An image or a form of a page says no Origin, but this (W3C Fetch Metadata)."""
    assert asked(api, "GET", "/2013-04-01/hostedzone/Z1", Sec_Fetch_Site=site)[0] == status


@pytest.mark.parametrize("path", ["/2013-04-01/hostedzone/Z1", "/nowhere", "/2013-04-01/change/C1"])
def test_pages_can_do_nothing_with_a_response(api, fake, path):
    fake.answers["GetChange"] = lambda params: 1 // 0

    _, headers, _ = asked(api, "GET", path)

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


TOKEN = "a-token_of-32.letters~and-others"
AWS = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/route53/aws4_request, SignedHeaders=host"


@pytest.fixture
def closed_door(fake):
    with Api(fake, seed=1, token=TOKEN).start() as running:
        yield running


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", f"token {TOKEN}"),
        ("", f"Token  {TOKEN}"),
        ("", f"Bearer {TOKEN}"),
        ("", AWS.format(TOKEN)),
        (f"?token={TOKEN}", ""),
    ],
)
def test_who_has_the_token_is_answered(closed_door, query, said):
    path = f"/2013-04-01/hostedzone/Z1{query}"

    assert asked(closed_door, "GET", path, Authorization=said)[0] == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", ""),
        ("", "token"),
        ("", f"token {TOKEN[:-1]}"),
        ("", f"token {TOKEN}x"),
        ("", f"Basic {TOKEN}"),
        ("", TOKEN),
        ("", AWS.format("lab")),
        ("", AWS.format(TOKEN).replace("Credential", "Signature")),
        ("?token=", ""),
        ("?token=é", ""),
        (f"?token=x&token={TOKEN}", ""),
    ],
)
def test_who_has_not_is_refused(closed_door, fake, query, said):
    path = f"/2013-04-01/hostedzone/Z1{query}".replace("é", "%C3%A9")

    status, headers, body = asked(closed_door, "GET", path, Authorization=said)

    assert status == 403
    assert "does not have this server's token" in body
    assert "AWS_ACCESS_KEY_ID" in headers["x-lab-help"]
    assert TOKEN not in body + str(headers) + str(closed_door.log)
    assert fake.asked == []


@pytest.mark.slow
def test_a_client_gives_the_token_as_its_access_key_id(closed_door):
    lab = client(closed_door.url, TOKEN)
    zone = lab.get_hosted_zone(Id="Z1")["HostedZone"]
    lab.close()

    assert zone == ZONE


@pytest.mark.parametrize(
    "token", ["", "short", "with a space", "a/slash-in-it", "x" * 129, "é" * 9]
)
def test_a_token_that_is_no_access_key_id_is_refused(fake, token):
    with pytest.raises(LabError, match="is no token"):
        Api(fake, token=token)


@pytest.mark.slow
def test_a_thousand_requests_at_once_let_others_in_between(api, fake):
    """Each connection has one answered in its turn, however many it has sent."""
    one = b"GET /2013-04-01/hostedzone/Z1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    told = threading.Event()

    def answer(params):
        told.set()
        return {"HostedZone": ZONE, "DelegationSet": DELEGATION}

    fake.answers["GetHostedZone"] = answer
    with connected(api) as greedy:
        greedy.sendall(one * 900)
        told.wait(30)
        assert asked(api, "GET", "/2013-04-01/change/C1")[0] == 501
        operations = [operation for operation, _ in fake.asked]

    assert operations.index("GetChange") < 900 - 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /%ff%fe%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /2013-04-01/hostedzone/%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 5_000 + b"\r\n\r\n",
        b"a" * 100_000,
    ],
)
def test_garbage_is_survived(api, lab, data):
    with connected(api) as connection, contextlib.suppress(OSError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        read_all(connection)

    assert lab.get_hosted_zone(Id="Z1")["HostedZone"] == ZONE
    assert api.failures == 0


def drips(api, head, drop):
    """Seconds until the server closes a connection to which something comes now and then."""
    begun = time.monotonic()
    with connected(api) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(head)
        connection.settimeout(0.05)
        while time.monotonic() < begun + 60:
            connection.sendall(drop)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    break
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        (CHANGES + b"Content-Length: 1000\r\n\r\n", b"x"),
        (CHANGES + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_client_that_never_ends_is_let_go(api, head, drop):
    assert drips(api, head, drop) < 30


@pytest.mark.slow
def test_slow_clients_do_not_hold_up_the_others(api, lab):
    with contextlib.ExitStack() as held:
        for _ in range(10):
            held.enter_context(connected(api)).sendall(CHANGES + b"Content-Length: 9\r\n\r\n")

        assert lab.get_hosted_zone(Id="Z1")["HostedZone"] == ZONE


@pytest.mark.slow
def test_one_connection_too_many_closes_the_oldest(api):
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(connected(api)) for _ in range(20)]
        connections[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connections[0].recv(9) == b"HTTP/1.1 "
        one_more = held.enter_context(connected(api))
        one_more.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert one_more.recv(9) == b"HTTP/1.1 "

        assert connections[1].recv(1) == b""
        connections[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"404" in connections[0].recv(65_536)


def test_a_connection_is_kept(api):
    connection = http.client.HTTPConnection(HOST, api.port)
    ports = set()
    for _ in range(3):
        connection.request("GET", "/2013-04-01/hostedzone/Z1")
        ports.add(connection.sock.getsockname()[1])
        assert connection.getresponse().read().startswith(b"<?xml")

    connection.close()
    assert len(ports) == 1


@pytest.mark.slow
def test_eight_clients_are_answered_one_at_a_time(api, lab, fake):
    inside = []

    def slowly(params):
        inside.append(1)
        assert len(inside) == 1
        time.sleep(0.001)
        inside.pop()
        return {"ChangeInfo": {"Id": f"/change/{params['Id']}"}}

    fake.answers["GetChange"] = slowly

    def ask(number):
        ids = [f"C{number}X{i}" for i in range(20)]
        found = [lab.get_change(Id=each)["ChangeInfo"]["Id"] for each in ids]
        return found == [f"/change/{each}" for each in ids]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))
    assert (len(fake.asked), api.failures) == (160, 0)


def test_stopping_frees_the_port_and_leaves_no_thread(fake):
    before = set(threading.enumerate())
    running = Api(fake).start()
    with connected(running) as idle:
        asked(running, "GET", "/2013-04-01/hostedzone/Z1")
        running.stop()
        running.stop()

        assert idle.recv(1) == b""
    assert set(threading.enumerate()) == before
    with Api(fake, running.port).start() as again:
        assert asked(again, "GET", "/2013-04-01/hostedzone/Z1")[0] == 200


def test_an_api_that_never_started_can_be_stopped(fake):
    Api(fake).stop()


def test_it_can_be_stopped_where_another_loop_runs(fake):
    async def notebook():
        Api(fake).stop()
        Api(fake).start().stop()

    asyncio.run(notebook())


def test_a_taken_port_is_replaced_and_said(api, fake):
    said = []

    with open_or_move(lambda port: Api(fake, port), api.port, said.append).start() as second:
        assert asked(second, "GET", "/2013-04-01/hostedzone/Z1")[0] == 200
        assert said == [f"port {api.port} is taken; listening on {second.address} instead."]


def test_only_loopback_is_listened_on(fake):
    with pytest.raises(ListenError, match=r"0\.0\.0\.0: is not a loopback address"):
        Api(fake, host="0.0.0.0")


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(fake, port):
    with pytest.raises(ListenError, match=f"{port}: is not a port"):
        Api(fake, port)


@pytest.mark.slow
def test_ipv6_is_written_in_brackets(fake):
    with Api(fake, host="::1").start() as running:
        lab = client(running.url)
        zone = lab.get_hosted_zone(Id="Z1")["HostedZone"]
        lab.close()

    assert running.url == f"http://[::1]:{running.port}"
    assert zone == ZONE


def test_the_client_looks_at_nothing_of_the_users(api, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = moon\nendpoint_url = http://127.0.0.1:9\n")
    surroundings = {
        "AWS_PROFILE": "no-such-profile",
        "AWS_DEFAULT_PROFILE": "no-such-profile",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_RETRY_MODE": "adaptive",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)

    lab = client(api.url)
    zone = lab.get_hosted_zone(Id="Z1")["HostedZone"]
    lab.close()
    assert zone == ZONE


@pytest.mark.slow
def test_importing_the_api_leaves_botocore_alone():
    script = "import sys, lab_engine.wire.api; print('botocore' in sys.modules)"
    command = [sys.executable, "-c", script]

    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "False"
