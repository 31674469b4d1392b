"""The drill with sockets: what real servers, probes, packets and requests make of it."""

import socket
import threading
import time
from ipaddress import ip_address

import psutil
import pytest

from lab_engine import LabError, RecordSet, Zone, ask, drill, drill_strip
from lab_engine.authority.policies import Failover

from .test_drillstrip import looks
from .test_twin import NAME, A, B, account, first, law, pair

pytestmark = pytest.mark.waits


def live(zone=None, **given):
    return drill(zone or pair(), **{"interval": 0.4, "ttl": 1, "seed": 1, **given})


def listening():
    """The ports at which this process listens."""
    return {each.laddr for each in psutil.Process().net_connections() if each.status == "LISTEN"}


def left():
    """Threads, descriptors and ports."""
    return threading.active_count(), psutil.Process().num_fds(), listening()


@pytest.fixture(scope="module")
def played():
    """One with the lessons' clocks, in which the primary died and came back."""
    with drill(pair("hc-2"), seed=4) as d:
        d.run(2)
        d.kill("primary")
        d.until("recovered", within=30)
        d.hits = d._world._webs[B].hits[:1]
        d.heal("primary")
        d.run(1)
    return d


def test_an_outage_is_within_what_the_law_allows(played):
    found = first(played)

    assert law(played).least - 0.5 <= found.seconds <= law(played).most + 1
    assert found.over


def test_its_parts_sum_to_what_the_secondary_saw(played):
    """Its web server noted the first request of a client, by a clock of its own."""
    (hit,) = played.hits

    began = first(played).event.at
    assert sum(first(played).parts) == pytest.approx(hit.at - began, abs=0.1)
    assert min(first(played).parts) >= 0


def test_each_part_has_its_witness(played):
    record = played.result().record
    down = next(each for each in record.noticed if not each.healthy)

    assert down.at - first(played).event.at == first(played).parts.detection
    assert len({each.checker for each in record.minds if not each.healthy}) >= 14


def test_its_strip_is_that_of_its_twin(played):
    """The same lanes, and in each the same things in the same order; only the times differ."""
    with drill(pair("hc-2"), seed=4, virtual=True) as d:
        d.run(2)
        d.kill("primary")
        d.until("recovered")
        d.heal("primary")
        d.run(1)
    live, twin = drill_strip(played.result()), drill_strip(d.result())

    assert live.lanes == twin.lanes
    for lane in ("answer", "verdict", "requests"):
        assert looks(live, lane) == looks(twin, lane)


def test_ipv6_is_drilled_as_well():
    zone = Zone.of(
        "shop.example",
        [
            RecordSet.of("www", "AAAA", at, 60, policy=Failover(role), set_identifier=role, **check)
            for role, at, check in (
                ("PRIMARY", "2001:db8::1", {"health_check_id": "hc-1"}),
                ("SECONDARY", "2001:db8::2", {}),
            )
        ],
    )
    with live(zone, type="AAAA") as d:
        d.kill("primary")
        d.until("recovered", within=20)

        assert d.server.ask(NAME, "AAAA").values == ("2001:db8::2",)


def test_anybody_may_ask_what_is_served_and_what_is_cached():
    with live(ttl=30) as d:
        d.kill("primary")
        d.until("published")

        assert ask(NAME, "A", d.server.address).values == (B,)
        assert ask(NAME, "A", d.cache.address, recurse=True).values == (A,)


@pytest.mark.parametrize("failure", ["silent", "half", "5xx"])
def test_sick_back_ends_are_found_out(failure):
    """Silence takes each of two probes two seconds."""
    with live(patience=0.2) as d:
        d.fail("primary", failure)
        d.until("recovered", within=20)

    assert law(d).least - 0.5 <= first(d).seconds <= law(d).most + 1


@pytest.mark.parametrize("failure", ["closes", "checks only"])
def test_who_is_well_for_checks_alone_is_not(failure):
    with live() as d:
        d.fail("primary", failure)
        d.run(3)

        assert d.server.ask(NAME).values == (A,)
        assert not d.record.requests[-1].good


def test_a_slow_one_is_lost_where_clients_are_not_patient():
    with live(patience=1.5) as d:
        d.slow("primary", 0.1)
        d.run(1)
        patient = [each.good for each in d.record.requests]
        d.slow("primary", 3)
        d.until("recovered", within=20)

    assert all(patient)
    assert first(d).seconds == 0
    assert d.result().measured[1].noticed > 2


def test_all_dead_is_primary():
    with live(pair("hc-2")) as d:
        d.kill("secondary")
        d.kill("primary")
        d.until("noticed")
        d.run(1)

        assert d.server.ask(NAME).values == (A,)


def test_a_check_at_the_wrong_port_is_refused_there():
    with live(account({"Port": 8080})) as d:
        d.run(2)

        assert d.server.ask(NAME).values == (B,)


def test_a_port_that_is_taken_is_replaced_and_said():
    said = []
    with live() as d:
        taken = d.server.port
        with live(port=taken, say=said.append) as other:
            assert other.server.port != taken

    assert str(taken) in said[0]


def test_a_black_hole_lets_nobody_in_and_refuses_nobody():
    with live() as d:
        d.fail("primary", "black hole")

        with socket.socket() as probe:
            probe.settimeout(0.3)
            with pytest.raises(TimeoutError):
                probe.connect(d._world.table[A])


def test_a_publication_that_takes_its_time_is_waited_for():
    with live(publication=0.5) as d:
        d.kill("primary")
        d.until("published")

    assert first(d).published - first(d).noticed >= 0.5


def test_all_of_it_is_on_loopback():
    with live():
        assert all(ip_address(each.ip).is_loopback for each in listening())


def test_nothing_is_left_of_it():
    with live():
        pass  # what is imported and opened once for all
    before = left()

    with live() as d:
        d.fail("primary", "silent")
        d.run(0.5)
        assert left() != before

    assert left() == before


def test_nothing_is_left_of_one_that_an_error_ends():
    before = left()

    with pytest.raises(LabError), live() as d:
        d.kill("nobody")

    assert left() == before


def test_it_ends_whatever_hangs():
    """Servers that are silent would be so for an hour."""
    with live(patience=1.0) as d:
        d.fail("primary", "silent")
        d.run(0.5)
        began = time.monotonic()

    assert time.monotonic() - began < 10
