"""Strips of what was seen: real packets with and without a cache between, and a trace."""

from collections.abc import Iterator

import pytest

from lab_engine import Server, Zone, forward, serve
from lab_engine.errors import LabError
from lab_engine.live.clock import Clock
from lab_engine.simulation import run
from lab_engine.views.kit.strip import Arrow, Bar, Dot, Strip
from lab_engine.views.kit.strips import packets, traced

from .browser.caches import ZONE, shop

NAME = "www.shop.example"


@pytest.fixture
def server() -> Iterator[Server]:
    """The shop's authority, which moves its set on at each answer."""
    with serve(Zone.from_text(ZONE), order="cyclic") as server:
        yield server


def of(strip: Strip, kind: type, lane: str) -> list:
    """The marks of a kind in a lane, in the order of time."""
    found = [m for m in strip.marks if isinstance(m, kind) and m.lane == lane]
    return sorted(found, key=lambda mark: mark.span)


def test_five_questions_to_an_authority(server: Server) -> None:
    """Ten arrows; each client connects to the first address of its answer."""
    strip = packets([server.ask(NAME) for _ in range(5)])
    goes_to = [bar.look for bar in of(strip, Bar, "connects to")]

    assert [lane.name for lane in strip.lanes] == ["connects to", "client", "authority"]
    assert len(of(strip, Arrow, "client")) == len(of(strip, Arrow, "authority")) == 5
    assert goes_to == [f"192.0.2.{n}" for n in (1, 2, 3, 1, 2)]
    assert strip.hint == "A 192.0.2.1, B 192.0.2.2, C 192.0.2.3"


def test_an_answer_can_be_read_as_dig_prints_it(server: Server) -> None:
    """On its arrow, and on the bar that it led to."""
    exchange = server.ask(NAME)
    (arrow,) = of(packets([exchange]), Arrow, "authority")

    assert arrow.words == str(exchange)
    assert arrow.label == "TTL 300"


def test_the_same_questions_through_a_cache(server: Server) -> None:
    """The authority is asked when there is no copy, and only then, however fast they follow."""
    clock = Clock()
    with forward(server, profile="frozen", clock=clock) as cache:
        exchanges = [cache.ask(NAME)]
        for pause in (100, 100, 99, 1):
            clock.wait(pause)
            exchanges.append(cache.ask(NAME))
    strip = packets(exchanges, log=server.log, through="cache")
    asked = [arrow.start // 1 for arrow in of(strip, Arrow, "cache") if arrow.to == "authority"]
    copies = of(strip, Bar, "cache")

    assert asked == [0, 4]
    assert [bar.look for bar in copies] == ["192.0.2.1", "192.0.2.2"]
    assert strip.sentence == (
        "5 questions to the cache, which asked the authority twice; first: 192.0.2.1, 192.0.2.1, "
        "192.0.2.1, 192.0.2.1, 192.0.2.2."
    )


def test_a_copy_handed_on_in_turn_is_no_one_address(server: Server) -> None:
    """A cache that rotates holds the whole set."""
    with forward(server, profile="ideal", seed=1) as cache:
        strip = packets([cache.ask(NAME) for _ in range(6)], log=server.log, through="cache")

    assert [(bar.look, bar.label) for bar in of(strip, Bar, "cache")] == [
        ("plain", "whole set held")
    ]


def test_an_answer_without_addresses_is_told_by_its_code(server: Server) -> None:
    """Nobody connects anywhere."""
    (bar,) = of(packets([server.ask("nobody.shop.example")]), Bar, "connects to")

    assert (bar.look, bar.label) == ("bad", "NXDOMAIN")


def test_no_packets_make_no_strip() -> None:
    """It is said."""
    with pytest.raises(LabError, match="Ask at least once"):
        packets([])


def test_two_runs_of_the_same_questions_look_alike(server: Server) -> None:
    """Ids, ports and times are in the packets' words and nowhere else."""
    one = packets([server.ask(NAME) for _ in range(3)])
    other = packets([server.ask(NAME) for _ in range(3)])

    assert one.svg() == other.svg()


def test_a_trace_is_replayed() -> None:
    """Each request of the resolver is a dot, each question a tick, each copy a bar for its TTL."""
    scenario = shop(2, 20).set("clients.count", 40).set("duration", 120)
    outcome = run(scenario, trace=True)
    strip = traced(outcome, "resolver 1", between=(0, 120))
    mine = [event for event in outcome.trace if "resolver 1" in event.who]
    bars = of(strip, Bar, "resolver 1")

    assert len(of(strip, Dot, "requests")) == sum(event.kind == "connect" for event in mine)
    assert len(of(strip, Dot, "authority")) == sum(event.kind == "query" for event in mine)
    assert [bar.end - bar.start for bar in bars[:-1]] == pytest.approx([20] * (len(bars) - 1))
    assert [bar.look for bar in bars] == [
        event.detail.split()[0] for event in mine if event.kind == "fill"
    ]


def test_a_resolver_that_did_nothing_is_told() -> None:
    """With those that did something."""
    outcome = run(shop(2, 20).set("duration", 60), trace=True)

    with pytest.raises(LabError, match=r"resolver 7: did nothing.*resolver 0, resolver 1"):
        traced(outcome, "resolver 7")
