"""Paths of scenarios: what each moves, and that to move it costs the same in any zone."""

import sys
from functools import cache

import pytest

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Scenario
from lab_engine.simulation.parts import Backend, Layer, Place, ScheduledChange

ADDRESSES = ("192.0.2.1", "192.0.2.2")


def weighted(name, identifier, address):
    return RecordSet.of(name, "A", [address], 60, policy=Weighted(3), set_identifier=identifier)


@cache
def zone(others):
    """A weighted name among so many others."""
    sets = [RRset.of(f"host-{number}", "A", "192.0.2.9") for number in range(others)]
    sets += [weighted("www", name, each) for name, each in zip("ab", ADDRESSES, strict=True)]
    return Zone.of("shop.example", sets)


def scenario(others=0, **fields):
    return Scenario(zone(others), "www", **fields)


def instructions(act):
    """How many bytecode instructions it takes: a count, where seconds would be luck."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


SLIDERS = [
    ("clients.rate", 0.3),
    ("zone.www.ttl", 5),
    ("zone.www.a.weight", 7),
    ("places.198.18.1.0/24.share", 2),
    ("layers.router.count", 9),
    ("backends.192.0.2.1.capacity", 50),
    ("down", ["192.0.2.2"]),
    ("seed", 9),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "value"), SLIDERS)
def test_a_move_of_a_slider_costs_the_same_in_a_zone_of_10_000_names(path, value):
    """`get` and `set`, with servers down and something scheduled; within 1 %."""
    fields = {
        "down": ["192.0.2.1"],
        "backends": [Backend("192.0.2.1")],
        "layers": [Layer("router")],
        "schedule": [ScheduledChange(60, "zone.www.ttl", 20)],
    }
    costs = []
    for others in (10, 10_000):
        base = scenario(others, **fields)
        base.get(path)
        base.set(path, value)  # what is known of a zone is found out once
        costs.append(
            instructions(lambda: base.get(path))  # noqa: B023
            + instructions(lambda: base.set(path, value))  # noqa: B023
        )

    small, large = costs
    assert small > 50
    assert large <= 1.01 * small


@pytest.mark.parametrize(("path", "value"), SLIDERS)
def test_what_is_set_is_there_and_the_rest_as_it_was(path, value):
    base = scenario(3, backends=[Backend("192.0.2.1")], layers=[Layer("router")])

    moved = base.set(path, value)
    assert moved.get(path) in (value, tuple(value) if isinstance(value, list) else value)
    others = [each for each in base.paths() if each not in (path, path.partition(".")[0])]
    assert [moved.get(each) for each in others] == [base.get(each) for each in others]


@pytest.mark.parametrize(
    ("name", "identifier"), [("www", "blue"), ("a.b", "blue"), ("www", "v1.2"), ("a.b", "c.d")]
)
def test_names_and_identifiers_may_have_dots(name, identifier):
    one = Zone.of("shop.example", [weighted(name, identifier, "192.0.2.1")])
    path = f"zone.{name}.{identifier}.weight"

    assert Scenario(one, name).set(path, 9).get(path) == 9


def test_a_path_moves_every_record_set_that_it_may_mean():
    """`a` with the identifier `b.c`, and `a.b` with `c`, have one path."""
    sets = [weighted("a", "b.c", "192.0.2.1"), weighted("a.b", "c", "192.0.2.2")]
    base = Scenario(Zone.of("shop.example", sets), "a")

    moved = base.set("zone.a.b.c.weight", 9).zone
    assert [each.policy.Weight for each in moved if isinstance(each.policy, Weighted)] == [9, 9]


def test_places_are_called_by_their_names_or_networks():
    places = [Place(name="paris"), Place("203.0.113.0/24", 2)]
    base = scenario(places=places)

    moved = base.set("places.paris.share", 5).set("places.203.0.113.0/24.resolver_ms", 1.5)
    assert [each.share for each in moved.places] == [5, 2]
    assert [each.resolver_ms for each in moved.places] == [10, 1.5]


def test_a_place_that_is_called_like_another_has_no_path():
    base = scenario(places=[Place(), Place(egress="192.0.2.9")])

    with pytest.raises(ScenarioError, match=r"several places that are called 198.18.1.0/24"):
        base.set("places.198.18.1.0/24.share", 2)
    assert not [path for path in base.paths() if path.startswith("places.")]


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("places.pari.share", "places.paris.share"),
        ("places.paris.shares", "places.paris.share"),
        ("layers.router.profil", "layers.router.profile"),
        ("backends.192.0.2.3.queue", "backends.192.0.2.1.queue"),
        ("zone.www.c.weight", r"zone.www.[ab].weight"),
        ("zone.www..ttl", "zone.www.ttl"),
    ],
)
def test_a_misspelt_path_is_told_the_nearest_one(misspelt, nearest):
    base = scenario(
        places=[Place(name="paris")], layers=[Layer("router")], backends=[Backend("192.0.2.1")]
    )

    with pytest.raises(ScenarioError, match=rf"Did you mean {nearest}\?"):
        base.get(misspelt)
