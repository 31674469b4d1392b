"""What the tests of real clients share: a server with its API, and an environment leading to it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import boto3
import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from lab_engine.authority.policies import Multivalue, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account
from lab_engine.control.health_config import loaded
from lab_engine.wire.server import serve

ZONE_ID = "Z0123456789ABCDEFGHIJ"
CHECK_ID = "11111111-2222-3333-4444-555555555555"
CHECK = {"Type": "HTTP", "IPAddress": "192.0.2.1", "ResourcePath": "/health"}


def member(name, rdtype, value, policy, identifier):
    return RecordSet.of(name, rdtype, value, 60, policy=policy, set_identifier=identifier)


ZONE = Zone.of(
    "example.com",
    [
        RecordSet.of("www", "A", ["192.0.2.1", "192.0.2.2"], 300),
        RecordSet.of("mail", "CNAME", "www.example.com."),
        member("w", "A", "192.0.2.3", Weighted(1), "a"),
        member("w", "A", "192.0.2.4", Weighted(2), "b"),
        member("many", "A", "192.0.2.5", Multivalue(), "m"),
        *(
            member("full", "CNAME", f"target{n}.example.net.", Weighted(1), str(n))
            for n in range(100)
        ),
    ],
)


@pytest.fixture
def server(monkeypatch):
    """Serves example.com, whose hosted zone and health check have fixed ids."""
    checks = loaded({"HealthChecks": [{"Id": CHECK_ID, "HealthCheckConfig": CHECK}]})
    account = Account.of(ZONE, ids={"example.com": ZONE_ID}, checks=checks)
    with serve(account, seed=1, api=True) as running:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in environment(running).items():
            monkeypatch.setenv(name, value)
        yield running


def environment(server):
    """What a learner exports, and what keeps the tests apart from their machine's settings."""
    return {
        "AWS_ENDPOINT_URL_ROUTE_53": server.api.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_CONFIG_FILE": "/nonexistent/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
    }


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """What it printed, of a command that did not fail."""
        assert self.status == 0, self.err
        return json.loads(self.out)


@pytest.fixture(scope="session")
def cli():
    """The AWS CLI, loaded once."""
    command = [sys.executable, str(Path(__file__).with_name("cli.py"))]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def aws(server, cli):
    """Runs a command of `aws route53`, in a process that has run others before."""

    def run(*arguments):
        given = ["route53", *map(str, arguments)]
        command = {"arguments": given, "environment": environment(server)}
        print(json.dumps(command), file=cli.stdin, flush=True)
        return Done(*json.loads(cli.stdout.readline()))

    return run


@pytest.fixture
def program(server):
    """Runs a command of `aws route53` as a process, as learners do."""

    def run(*arguments):
        command = [sys.executable, "-m", "awscli", "route53", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def route53(server):
    """A client of boto3, made as every script makes it."""
    client = boto3.client("route53")
    yield client
    client.close()


@pytest.fixture
def dig(server):
    """What is answered now: the rcode and the values, in their order of text."""

    def ask(name, rdtype="A", subnet=None):
        options = [dns.edns.ECSOption(*subnet)] if subnet else []
        query = dns.message.make_query(name, rdtype, use_edns=0, options=options)
        response = dns.query.udp(query, server.host, 5, server.port)
        found = sorted(value.to_text() for rrset in response.answer for value in rrset)
        return dns.rcode.to_text(response.rcode()), found

    return ask
