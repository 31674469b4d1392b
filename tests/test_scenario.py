"""Scenarios: one way in, and every bad value refused by name, rule and remedy."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.order import Order
from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.caches.resolver import CachedOrder
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario
from lab_engine.simulation.parts import Backend, Checkers, Layer, Place, ScheduledChange

ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 300),
        RRset.of("www", "AAAA", ["2001:db8::1"], 300),
        RRset.of("a.b", "A", "192.0.2.9", 30),
        RRset.of("@", "A", "192.0.2.7", 60),
    ],
)
SCENARIO = Scenario(ZONE, "www")


def test_set_gives_another_scenario_and_leaves_the_first():
    changed = SCENARIO.set("resolvers.count", 7).set("clients.os_cache", True)

    assert (changed.resolvers.count, changed.clients.os_cache) == (7, True)
    assert (SCENARIO.resolvers.count, SCENARIO.clients.os_cache) == (20, False)


def test_a_ttl_is_set_for_all_records_of_its_name_and_no_other():
    changed = SCENARIO.set("zone.www.ttl", 5)

    ttls = {(str(rr.name), rr.type.name): rr.ttl for rr in changed.zone}
    assert ttls["www.shop.example.", "A"] == ttls["www.shop.example.", "AAAA"] == 5
    assert (ttls["a.b.shop.example.", "A"], ttls["shop.example.", "A"]) == (30, 60)


def test_the_apex_keeps_the_ttl_of_its_soa_and_ns():
    changed = SCENARIO.set("zone.@.ttl", 5)

    ttls = {rr.type.name: rr.ttl for rr in changed.zone if rr.name == ZONE.origin}
    assert ttls == {"SOA": 900, "NS": 172800, "A": 5}


def test_names_of_several_labels_have_a_path():
    assert SCENARIO.set("zone.a.b.ttl", 5).get("zone.a.b.ttl") == 5


def test_orders_are_read_from_text():
    changed = SCENARIO.set("order", "cyclic").set("resolvers.order", "frozen")

    assert changed.order is Order.CYCLIC
    assert changed.resolvers.order is CachedOrder.FROZEN


@pytest.mark.parametrize("path", SCENARIO.paths())
def test_what_a_path_gives_can_be_set_there(path):
    again = SCENARIO.set(path, SCENARIO.get(path))

    assert again.get(path) == SCENARIO.get(path)


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("resolver.count", "resolvers.count"),
        ("zone.ww.ttl", "zone.www.ttl"),
        ("clients.os_cash", "clients.os_cache"),
        ("dwon", "down"),
    ],
)
def test_a_misspelt_path_is_told_the_nearest_one(misspelt, nearest):
    for act in (SCENARIO.get, lambda path: SCENARIO.set(path, 1)):
        with pytest.raises(ScenarioError, match=f"^{misspelt}: .*Did you mean {nearest}") as wrong:
            act(misspelt)

        assert wrong.value.value == misspelt


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *[("zone.www.ttl", bad) for bad in (-1, 2**31, 1.5, True, "60", None, math.nan)],
        *[("resolvers.count", bad) for bad in (0, -3, 10**7 + 1, 2.0, True, "20")],
        *[("resolvers.skew", bad) for bad in (-0.1, math.inf, math.nan, "1")],
        *[("resolvers.order", bad) for bad in ("rotated", None, 1)],
        *[("clients.count", bad) for bad in (0, -1, 1.0)],
        *[("clients.rate", bad) for bad in (0, -1, math.inf, math.nan, "1", True)],
        *[("clients.os_cache", bad) for bad in (1, "yes", None)],
        *[("clients.application_cache", bad) for bad in (-1, 0.5, math.nan, None)],
        *[("order", bad) for bad in ("random", 3)],
        *[("down", bad) for bad in ("192.0.2.1", ["192.0.2.3"], ["x"], [7], None)],
        *[("duration", bad) for bad in (0, -1, math.inf, math.nan, 8 * 86_400)],
        *[("bin", bad) for bad in (0, -1, 3601, 1e-9, math.nan)],
        *[("window", bad) for bad in (0, -1, math.inf)],
        *[("seed", bad) for bad in (-1, 1.5, None)],
        *[("name", bad) for bad in ("www.other.example.", "a..b", 7)],
        *[("type", bad) for bad in ("MX", "a", None)],
        *[("resolvers.profile", bad) for bad in ("bnid", {"bind": -1}, {"bind": 0}, {}, (), 3)],
        *[("resolvers.profile", bad) for bad in ((("bind",),), (([], 1),), ["bind"])],
        *[("resolvers.volumes", bad) for bad in ((0, 0), (1, -1), ("x",), 5, (math.inf,))],
        *[("clients.profile", bad) for bad in ("crome", {"jvm": math.nan}, None)],
        *[("clients.arrivals", bad) for bad in ("uniform", [], None)],
        *[("layers", bad) for bad in (None, ("a",), 3)],
        *[("places", bad) for bad in ((), ("a",), [Place(share=0)])],
        *[("backends", bad) for bad in (("192.0.2.1",), [Backend("192.0.2.77")])],
        *[("down", bad) for bad in ([{}], [[]])],
        *[("unhealthy", bad) for bad in ("hc", ["hc"], [[]], None)],
        *[("reachable", bad) for bad in (0, None, "no")],
        *[("checkers", bad) for bad in (30, {}, "on")],
        *[("schedule", bad) for bad in (None, (1,), [ScheduledChange(0, "down", ())])],
        *[
            ("schedule", [ScheduledChange(at, "down", ())])
            for at in (-1, 3600, math.nan, math.inf, "1")
        ],
        *[
            ("schedule", [ScheduledChange(1, path, 1)])
            for path in ("seed", "clients.rate", "dwon", "")
        ],
        ("schedule", [ScheduledChange(1, "zone.www.ttl", 2**31)]),
        ("schedule", [ScheduledChange(1, "down", ())] * 1001),
        ("zone", "shop.example"),
    ],
)
def test_a_bad_value_is_refused_with_value_rule_and_remedy(path, value):
    with pytest.raises(LabError) as wrong:
        SCENARIO.set(path, value)

    shown = value if path == "name" and isinstance(value, str) else repr(value)
    listed = isinstance(value, list | tuple) or path == "places"  # one of them is told
    assert shown in str(wrong.value) or listed or isinstance(value, dict)
    assert wrong.value.rule
    assert wrong.value.remedy.endswith((".", "?"))


@pytest.mark.parametrize(
    ("part", "given"),
    [
        (Layer, {"name": ""}),
        (Layer, {"name": "a", "profile": {"bind": 1}}),
        (Layer, {"name": "a", "profile": "bnid"}),
        (Layer, {"name": "a", "count": 0}),
        (Place, {"network": "192.0.2.1/24"}),
        (Place, {"network": 7}),
        (Place, {"egress": "192.0.2.0/24"}),
        (Place, {"egress": None}),
        (Place, {"share": -1}),
        (Place, {"resolver_ms": -1}),
        (Place, {"authority_ms": math.inf}),
        (Backend, {"address": 7}),
        (Backend, {"address": "192.0.2.1", "region": "eu-west-99"}),
        (Backend, {"address": "192.0.2.1", "region": []}),
        (Backend, {"address": "192.0.2.1", "capacity": 0}),
        (Backend, {"address": "192.0.2.1", "queue": -1}),
        (Checkers, {"interval": 0}),
        (Checkers, {"threshold": 11}),
        (Checkers, {"count": 0}),
        (Checkers, {"timeout": -1}),
        (Checkers, {"publication": math.inf}),
        (ScheduledChange, {"at": 1, "path": 7, "value": 1}),
    ],
)
def test_a_part_refuses_what_it_cannot_be(part, given):
    with pytest.raises(ScenarioError):
        part(**given)


def test_a_mix_is_kept_to_the_last_digit_when_it_is_set_again():
    mixed = SCENARIO.set("resolvers.profile", {"bind": 0.1, "unbound": 0.2, "knot": 0.4})

    again = mixed.set("resolvers.profile", mixed.resolvers.profile)
    assert again == mixed
    assert math.fsum(part for _, part in again.resolvers.profile) == pytest.approx(1)


def test_places_may_overlap_for_a_town_has_several_resolvers():
    places = (Place(egress="192.0.2.53"), Place(egress="203.0.113.53"))

    assert SCENARIO.set("places", places).places == places


# what changes while it is watched


NEW = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.66", 5)])


def test_steps_are_what_holds_from_when_on():
    changes = [
        ScheduledChange(60, "zone.www.ttl", 5),
        ScheduledChange(20, "down", ["192.0.2.1"]),
        ScheduledChange(60, "reachable", value=False),
    ]

    times, steps = zip(*SCENARIO.set("schedule", changes).steps, strict=True)
    assert times == (0, 20, 60)
    assert [step.down for step in steps] == [(), ("192.0.2.1",), ("192.0.2.1",)]
    assert [step.get("zone.www.ttl") for step in steps] == [300, 300, 5]
    assert [step.reachable for step in steps] == [True, True, False]


def test_a_server_may_stand_behind_an_address_that_comes_later():
    backends = (Backend("192.0.2.66"), Backend("192.0.2.1"))
    later = Scenario(ZONE, "www", backends=backends, schedule=(ScheduledChange(60, "zone", NEW),))

    assert [step.backends for _, step in later.steps] == [backends[1:], backends]
    assert later.backends == backends


def test_what_was_served_before_may_still_die():
    changes = (ScheduledChange(60, "zone", NEW), ScheduledChange(70, "down", ["192.0.2.1"]))

    assert Scenario(ZONE, "www", schedule=changes).steps[-1][1].down == ("192.0.2.1",)


def test_a_change_that_fails_is_told_with_its_time_and_path():
    with pytest.raises(
        ScenarioError, match=r"^schedule: at 60 s, down: down '192.0.2.66': is no a"
    ):
        Scenario(ZONE, "www", schedule=(ScheduledChange(60, "down", ["192.0.2.66"]),))


def test_a_thousand_changes_are_taken():
    changes = [ScheduledChange(at, "zone.www.ttl", at) for at in range(1, 1001)]

    assert len(SCENARIO.set("schedule", changes).steps) == 1001


@pytest.mark.parametrize("part", ["resolvers", "clients"])
def test_a_part_of_the_wrong_kind_is_refused(part):
    with pytest.raises(ScenarioError):
        Scenario(ZONE, "www", **{part: 20})


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.lists(st.text(max_size=9), max_size=3),
)


@given(st.sampled_from(SCENARIO.paths()) | st.text(max_size=20), JUNK)
def test_whatever_is_set_gives_a_scenario_or_a_lab_error(path, value):
    try:
        changed = SCENARIO.set(path, value)
    except LabError:
        return
    assert 1 <= changed.bins <= 100_000


@pytest.mark.parametrize("name", ["www", "www.shop.example", "www.shop.example."])
def test_a_name_may_be_relative_or_absolute(name):
    assert str(Scenario(ZONE, name).question) == "www.shop.example. A"


def test_a_scenario_is_equal_to_another_of_the_same_values():
    same = Scenario(ZONE, "www", resolvers=Resolvers(), clients=Clients())

    assert same == SCENARIO
    assert hash(same) == hash(SCENARIO)


def test_the_room_is_imported_without_numpy_and_simpy():
    command = "import sys, lab_engine.simulation; print({'numpy', 'simpy'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=False
    )

    assert done.stdout == "set()\n"
