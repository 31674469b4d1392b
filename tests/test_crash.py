"""A server that is killed at any moment: what was acknowledged is there afterwards.

Four clients change record sets of their own all the time, each batch making one and taking away the
tenth before it. So every request counts: a lost one or half a one leaves a gap. Snapshots are made
far more often than usual. LAB_LONG=1 does it ten times.
"""

import random
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from dns.rdatatype import TXT

from lab_engine.control.journal import Journal
from lab_engine.control.operations import replay
from tests.counts import LONG

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
MOMENTS = 20 if LONG else 5
SERVERS = 10 if LONG else 1
CLIENTS = ("a", "b", "c", "d")
KEPT = 10  # record sets of each client
ZONE = "Z1"
MASTER_FILE = """$ORIGIN shop.example.
@ 900 IN SOA ns1 hostmaster 1 7200 900 1209600 86400
@ 900 IN NS ns1.example.net.
"""
# `python -m lab_engine`, but for the snapshots
SERVER = """
from functools import partial
from lab_engine.__main__ import main
from lab_engine.control.journal import Journal
Journal.locked = partial(Journal.locked, least=1_000)
main()
"""
API = re.compile(r"API is at http://127\.0\.0\.1:(\d+)")


@pytest.mark.parametrize("seed", range(SERVERS))
def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path, seed):
    rng, path = random.Random(seed), tmp_path / "lab.state"
    (tmp_path / "zone.txt").write_text(MASTER_FILE)
    numbers, snapshots, unseen = dict.fromkeys(CLIENTS, 0), set(), 0

    for _ in range(MOMENTS):
        acknowledged = killed_while_clients_change(path, numbers, rng)
        found = kept(path, tmp_path / "copy")
        for client, number in acknowledged.items():
            in_flight = int(number in found[client])
            assert found[client] == [*range(number + in_flight)][-KEPT:]
            numbers[client] = number + in_flight
            unseen += in_flight
        if path.exists():
            snapshots.add(path.stat().st_ino)

    requests = sum(numbers.values())
    print(f"{MOMENTS} kills, {requests} requests, {unseen} of them before their answer was seen")
    assert requests > 10 * MOMENTS
    assert len(snapshots) > 1


def killed_while_clients_change(path, numbers, rng):
    """Let clients go on from their numbers, kill the server some time later.

    Returns the number of each client's first request that was not acknowledged.
    """
    numbers = dict(numbers)
    with serving(path) as server:
        if rng.random() < 0.2:  # perhaps while it starts
            time.sleep(rng.uniform(0, 0.6))
            return numbers
        port = int(next(found[1] for line in server.stdout if (found := API.search(line))))
        work = [threading.Thread(target=change, args=(port, numbers, each)) for each in CLIENTS]
        enough = sum(numbers.values()) + rng.randrange(60)
        for each in work:
            each.start()
        while sum(numbers.values()) < enough and any(each.is_alive() for each in work):
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))
    for each in work:
        each.join()
    return numbers


@contextmanager
def serving(path):
    """A server of its own process, which is killed in the end."""
    arguments = ["serve", path.with_name("zone.txt"), "--api-port", "0", "--zone-id", ZONE]
    command = [sys.executable, "-c", SERVER, *arguments, "--state", path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server
        finally:
            server.kill()
    assert server.returncode == -9


def change(port, numbers, client):
    """Make record sets one after another, until nobody answers; count those that were answered."""
    path = f"/2013-04-01/hostedzone/{ZONE}/rrset/"
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        while True:
            try:
                connection.request("POST", path, batch(client, numbers))
                response = connection.getresponse()
                text = response.read()
            except (OSError, HTTPException):
                return
            assert response.status == 200, text
            numbers[client] += 1


def batch(client, numbers):
    number = numbers[client]
    changes = one("CREATE", client, number)
    if number >= KEPT:
        changes += one("DELETE", client, number - KEPT)
    return (
        '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        f"<ChangeBatch><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    )


def one(action, client, number):
    values = f"<ResourceRecord><Value>&quot;{number}&quot;</Value></ResourceRecord>"
    return (
        f"<Change><Action>{action}</Action><ResourceRecordSet>"
        f"<Name>{client}-{number}.shop.example.</Name><Type>TXT</Type><TTL>60</TTL>"
        f"<ResourceRecords>{values}</ResourceRecords></ResourceRecordSet></Change>"
    )


def kept(path, copy):
    """The numbers that each client finds, from a copy: the next server gets the file as it is."""
    if not path.exists():  # killed before it had made one
        return {client: [] for client in CLIENTS}
    shutil.copy(path, copy)
    journal, account = Journal.open(copy, replay, lambda: pytest.fail("the file is empty"))
    journal.close()
    found = [
        each.name.labels[0].decode().split("-")
        for each in account.hosted_zones[ZONE].zone
        if each.type is TXT
    ]
    return {c: sorted(int(number) for client, number in found if client == c) for c in CLIENTS}
