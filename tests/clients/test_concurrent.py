"""Eight clients at once: what belongs together is seen together, and nothing is lost.

No value is ever used twice, so that whoever sees one knows which batch it is from.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import boto3
import pytest

from .batches import change
from .conftest import ZONE_ID

pytestmark = pytest.mark.clients
CLIENTS = 8
BATCHES = 12  # of each client
LOOKS = 100
GROUP = "group.example.com"
REFUSED = change("CREATE", "example.com", "CNAME")


@pytest.fixture
def clients(server):
    """As many clients of boto3, each with connections of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(boto3.client("route53"))) for _ in range(CLIENTS)]


def send(client, *changes):
    """Whether the batch was acknowledged; where it was not, it was refused as a whole."""
    try:
        client.change_resource_record_sets(
            HostedZoneId=ZONE_ID, ChangeBatch={"Changes": list(changes)}
        )
    except client.exceptions.InvalidChangeBatch:
        return False
    return True


def all_at_once(clients, work):
    """What each client's work gives; they begin together."""
    start = threading.Barrier(len(clients))

    def begin(number, client):
        start.wait()
        return work(number, client)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(begin, range(len(clients)), clients))


def values_of(client, name):
    """The values of a name, in one page, and so of one moment."""
    page = client.list_resource_record_sets(
        HostedZoneId=ZONE_ID, StartRecordName=name, MaxItems="10"
    )
    found = (each for each in page["ResourceRecordSets"] if each["Name"] == f"{name}.")
    return [value["Value"] for each in found for value in each["ResourceRecords"]]


def together(client, batch):
    """Three members of a multivalue group, which one answer shows."""
    return [
        change(
            "UPSERT",
            GROUP,
            "AAAA",
            [f"2001:db8:{client:x}:{batch:x}::{place}"],
            SetIdentifier=str(place),
            MultiValueAnswer=True,
        )
        for place in (1, 2, 3)
    ]


def batch_of(addresses):
    """The one batch that these addresses are from."""
    assert [address[-3:] for address in addresses] == ["::1", "::2", "::3"]
    (batch,) = {address[:-3] for address in addresses}
    return batch


def test_what_belongs_together_is_never_seen_apart(clients, route53, dig):
    send(route53, *together(CLIENTS + 1, 1))
    done = threading.Event()

    def write(number, client):
        batch = 0
        while not done.is_set():
            batch += 1
            assert send(client, *together(number, batch))
            assert not send(client, *together(number + 100, batch), REFUSED)
        return [f"2001:db8:{number:x}:{each:x}" for each in range(1, batch + 1)]

    def watch(look):
        found = [batch_of(look()) for _ in range(LOOKS)]
        while len(set(found)) < 2:  # nobody has had a turn to write yet
            found.append(batch_of(look()))
        return set(found)

    def listed():
        return values_of(route53, GROUP)

    def answered():
        return dig(GROUP, "AAAA")[1]

    with ThreadPoolExecutor(CLIENTS + 2) as pool:
        writers = [pool.submit(write, *each) for each in enumerate(clients, 1)]
        try:
            seen = set().union(*pool.map(watch, (listed, answered)))
        finally:
            done.set()
    acknowledged = [each.result() for each in writers]

    assert len(seen) > 1
    assert seen <= {f"2001:db8:{CLIENTS + 1:x}:1"}.union(*acknowledged)
    assert batch_of(listed()) == batch_of(answered())
    assert batch_of(listed()) in {batches[-1] for batches in acknowledged}


def test_all_that_is_acknowledged_is_there_and_nothing_that_is_refused(clients, dig):
    def write(number, client):
        acknowledged = []
        for batch in range(BATCHES):
            names = [f"{kind}{number}-{batch}.example.com" for kind in "ab"]
            made = [change("CREATE", name) for name in names]
            bad = [REFUSED] if batch % 2 else []
            assert send(client, *made, *bad) is not bool(bad)
            assert {dig(name)[0] for name in names} == {"NXDOMAIN" if bad else "NOERROR"}
            acknowledged += [] if bad else names
        return acknowledged

    expected = {f"{name}." for names in all_at_once(clients, write) for name in names}

    pages = clients[0].get_paginator("list_resource_record_sets").paginate(HostedZoneId=ZONE_ID)
    found = {each["Name"] for page in pages for each in page["ResourceRecordSets"]}
    assert len(expected) == CLIENTS * BATCHES
    assert {name for name in found if "-" in name} == expected


def test_batches_take_effect_one_after_another(clients):
    """Who deletes what was there and creates another has seen the very last: one chain of all."""
    name = "chain.example.com"
    send(clients[0], change("CREATE", name, values=["10.99.0.0"]))

    def swap(number, client):
        """Swaps that were acknowledged, from old to new; a refused one is tried again."""
        swapped = []
        while len(swapped) < BATCHES:
            (old,) = values_of(client, name)
            new = f"10.{number}.0.{len(swapped)}"
            gone, made = change("DELETE", name, values=[old]), change("CREATE", name, values=[new])
            if send(client, gone, made):
                swapped.append((old, new))
        return swapped

    swaps = [pair for pairs in all_at_once(clients, swap) for pair in pairs]

    onward, value, length = dict(swaps), "10.99.0.0", 0
    while value in onward:
        value, length = onward[value], length + 1
    assert length == len(onward) == CLIENTS * BATCHES
    assert values_of(clients[0], name) == [value]
