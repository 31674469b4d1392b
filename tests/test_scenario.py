"""Scenarios: one way in, and every bad value refused by name, rule and remedy."""

import math
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.order import Order
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.caches.orders import SetOrder
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.caches.recursives import Limits
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, names, run
from lab_engine.simulation.parts import Backend, Checkers, Layer, Place, ScheduledChange
from tests import random_scenarios

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
OWN = SCENARIO.set(
    "profiles",
    {
        "mine": {"like": "unbound", "prefetch_share": 0.1, "cap": 3600, "ecs": [24, 56]},
        "app": {"like": "fixed", "lifetime": 5},
    },
)


def test_set_gives_another_scenario_and_leaves_the_first():
    changed = SCENARIO.set("resolvers.count", 7).set("clients.rate", 2)

    assert (changed.resolvers.count, changed.clients.rate) == (7, 2)
    assert (SCENARIO.resolvers.count, SCENARIO.clients.rate) == (20, 0.1)


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
    assert SCENARIO.set("order", "cyclic").order is Order.CYCLIC


@pytest.mark.parametrize("path", OWN.paths())
def test_what_a_path_gives_can_be_set_there(path):
    again = OWN.set(path, OWN.get(path))

    assert again.get(path) == OWN.get(path)
    assert again.profiles == OWN.profiles


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("resolver.count", "resolvers.count"),
        ("zone.ww.ttl", "zone.www.ttl"),
        ("clients.profle", "clients.profile"),
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
        *[("clients.count", bad) for bad in (0, -1, 1.0)],
        *[("clients.rate", bad) for bad in (0, -1, math.inf, math.nan, "1", True)],
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
        *[("layers", bad) for bad in (None, ("a",), 3, [Layer("a", "bnid")], [Layer("a", "jvm")])],
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
        (Layer, {"name": "a", "profile": 7}),
        (Clients, {"profile": "jvm/os-cache/os-cache"}),
        (Layer, {"name": "a", "count": 0}),
        (Layer, {"name": "a", "ms": -1}),
        (Layer, {"name": "a", "ms": math.inf}),
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
        (Checkers, {"threshold": 0}),
        (Checkers, {"connect_timeout": -1}),
        (Checkers, {"response_timeout": math.inf}),
        (Checkers, {"type": "CALCULATED"}),
        (Backend, {"address": "192.0.2.1", "fails": "slowly"}),
        (Backend, {"address": "192.0.2.1", "delay": -1}),
        (Backend, {"address": "192.0.2.1", "lasts": 0}),
        (Backend, {"address": "192.0.2.1", "recurs": 0}),
        (Backend, {"address": "192.0.2.1", "restart": math.inf}),
        (Backend, {"address": "192.0.2.1", "restart": 5}),
        (Backend, {"address": "192.0.2.1", "recurs": 5}),
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


# what caches do: profiles


def test_own_profiles_are_rows_with_some_fields_changed():
    mine, app = OWN.profiles

    assert mine == replace(
        RECURSIVES["unbound"],
        name="mine",
        limits=Limits(0, 3600, 3600),
        prefetch_share=0.1,
        ecs=(24, 56),
        source="none: a model",
        sureness="by definition",
        unverified=(),
    )
    assert app == replace(CLIENTS["fixed"], name="app", lifetime=5)


def test_a_field_of_an_own_profile_is_a_path_like_any_other():
    moved = OWN.set("profiles.app.lifetime", 60).set("profiles.mine.order", "frozen")

    assert moved.get("profiles.app.lifetime") == 60
    assert moved.get("profiles.mine.order") is SetOrder.FROZEN
    assert OWN.get("profiles.app.lifetime") == 5
    assert moved.get("profiles.mine.cap") == 3600


def test_own_profiles_may_be_named_wherever_others_are():
    named = OWN.set("resolvers.profile", {"mine": 1, "bind": 1}).set(
        "clients.profile", "app/os-cache"
    )

    assert [each.name for each in named.recursives] == ["mine", "bind"]
    assert [each.name for each in named.chains["app/os-cache"]] == ["app", "os-cache"]
    assert named.set("layers", [Layer("edge", "mine")]).layers[0].profile == "mine"


def test_a_profile_may_stand_in_the_place_of_its_name():
    named = SCENARIO.set("clients.profile", {CLIENTS["jvm"]: 1, "none": 3})

    assert named.clients.profile == (("jvm", 0.25), ("none", 0.75))


def test_what_serves_many_or_polls_is_a_layer_too():
    for name, profile in CLIENTS.items():
        if profile.alone:
            assert SCENARIO.set("layers", [Layer("edge", name)]).layers[0].profile == name


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("clients.profile", "jvm/os-cache/os-cache", "is a chain of 3. Name an application over"),
        (
            "clients.profile",
            "nginx/os-cache",
            "has nginx, which serves many clients and stands alo",
        ),
        ("clients.profile", "haproxy/os-cache", "has haproxy, which asks at times of its own"),
        ("clients.profile", "jvm/nginx", "has nginx, which serves many clients"),
        ("clients.profile", "jvm/curl", "has curl for a system, which only remembers and sorts"),
        ("clients.profile", "none/os-cache", "has none, which does nothing. Write os-cache"),
        ("clients.profile", "jvm/os-cach", "holds 'os-cach', which is no client profile. Did you"),
        ("clients.profile", "unbound", "is a resolver's profile, and no client's"),
        ("clients.profile", "nodelocal", "is a resolver's profile, .* or make it a layer"),
        ("resolvers.profile", "jvm", "is a client's profile, and no resolver's"),
        ("clients.profile", replace(CLIENTS["jvm"], lifetime=9), "differs .* that name: lifetime"),
        ("clients.profile", replace(CLIENTS["jvm"], name="mine"), "the name of no known profile"),
        ("profiles", {"jvm": {"like": "fixed"}}, "name of a profile that everybody knows"),
        ("profiles", [CLIENTS["jvm"]], "name of a profile that everybody knows"),
        ("profiles", {"a/b": {"like": "fixed"}}, "is not a name"),
        ("profiles", {"a.b": {"like": "fixed"}}, "is not a name"),
        ("profiles", {"mine": {"lifetime": 5}}, "is like nothing"),
        ("profiles", {"mine": {"like": "fxed"}}, "Did you mean fixed?"),
        ("profiles", {"mine": {"like": "fixed", "lifetme": 5}}, "Did you mean lifetime?"),
        ("profiles", {"mine": {"like": "fixed", "lifetime": -5}}, "is not a number from 0"),
        ("profiles", {"mine": {"like": "fixed", "shared": 1}}, "is no switch"),
        ("profiles", {"mine": {"like": "fixed", "floor": 9, "cap": 5}}, "a floor above its cap"),
        ("profiles", {"mine": {"like": "bind", "ecs": 24}}, "are no prefix lengths"),
        ("profiles", {"mine": {"like": "bind", "order": "sorted"}}, "is no SetOrder"),
        ("profiles", {"mine": {"like": "glibc", "happy_eyeballs": 1}}, "is no switch"),
        ("profiles", 3, "are no profiles"),
        ("profiles.app.lifetime", "5", "profiles.app.lifetime '5': is not a number"),
        ("profiles.app.shared", True, "app/os-cache.* has app, which serves many"),
    ],
)
def test_profiles_that_cannot_be_are_refused_with_the_rule(path, value, said):
    with pytest.raises(ScenarioError, match=said):
        OWN.set("clients.profile", "app/os-cache").set(path, value)


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wwww", r"^name 'wwww': is no name that shop.example. has. Did you mean www\?"),
        ("wwww.shop.example.", r"is no name that shop.example. has. Did you mean www\?"),
        ("c.b", r"Did you mean a.b\?"),
        ("x.www", r"Did you mean www\?"),
    ],
)
def test_a_name_that_the_zone_has_not_is_told_the_nearest(name, said):
    with pytest.raises(ScenarioError, match=said):
        Scenario(ZONE, name)


def test_the_nearest_name_has_an_address():
    zone = Zone.of(
        "shop.example", [RRset.of("wwx", "TXT", '"a"'), RRset.of("web", "A", "192.0.2.1")]
    )

    with pytest.raises(ScenarioError, match=r"Did you mean web\?"):
        Scenario(zone, "wwx1")


@pytest.mark.parametrize("owner", ["api", "*", "*.b"])
def test_a_name_may_come_with_the_schedule_also_by_a_wildcard(owner):
    name = "api.b" if owner == "*.b" else "api"
    later = Zone.of("shop.example", [RRset.of(owner, "A", "192.0.2.66", 5)])
    change = ScheduledChange(60, "zone", later)

    coming = Scenario(ZONE, name, schedule=(change,))
    assert [names.has(step.zone, coming.question.name) for _, step in coming.steps] == [False, True]
    assert Scenario(ZONE, "www", schedule=(change,)).bins == 60  # and it may go


def test_a_name_that_comes_never_is_refused_in_all_its_zones():
    later = Zone.of("b.shop.example", [RRset.of("www", "A", "192.0.2.66", 5)])

    with pytest.raises(ScenarioError, match=r"no name that shop.example. or b.shop.example. has"):
        Scenario(ZONE, "x.b", schedule=(ScheduledChange(60, "zone", later),))


def test_names_may_be_wildcards_aliases_and_not_hold_an_address_yet():
    zone = Zone.of(
        "shop.example",
        [
            RRset.of("*.any", "A", "192.0.2.1"),
            RRset.of("x.y", "A", "192.0.2.2"),
            RecordSet.alias_to("al", "A", "x.y.shop.example."),
        ],
    )

    for name in ("q.any", "y", "al"):
        assert Scenario(zone, name).name == name


ONE_NAME = {
    "Changes": [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": "www.eu.shop.example.",
                "Type": "A",
                "TTL": 60,
                "ResourceRecords": [{"Value": "192.0.2.1"}],
            },
        }
    ]
}


@pytest.mark.parametrize(
    ("name", "origin"), [("www", "eu.shop.example."), ("www.eu", "shop.example.")]
)
def test_json_of_one_name_asks_for_its_origin(name, origin):
    zone = Zone.from_json(ONE_NAME)

    with pytest.raises(ScenarioError, match=rf"no name that www.eu.* origin = \"{origin}\""):
        Scenario(zone, name)
    assert (
        str(Scenario(Zone.from_json(ONE_NAME, origin), name).question) == "www.eu.shop.example. A"
    )


def test_a_scenario_is_equal_to_another_of_the_same_values():
    same = Scenario(ZONE, "www", resolvers=Resolvers(), clients=Clients())

    assert same == SCENARIO
    assert hash(same) == hash(SCENARIO)


@pytest.mark.slow
def test_the_room_is_imported_without_numpy_and_simpy():
    command = "import sys, lab_engine.simulation; print({'numpy', 'simpy'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=False
    )

    assert done.stdout == "set()\n"


@pytest.mark.parametrize("number", range(12))
def test_other_dice_change_nothing_else(number):
    """However a scenario comes by them: its steps are those of one that was made with them."""
    usual = random_scenarios.scenario(number)
    given = usual.set("seed", 77)
    made = replace(usual, seed=77)

    assert given == made
    assert given.set("seed", usual.seed) == usual
    assert [at for at, _ in given.steps] == [at for at, _ in made.steps]
    assert {step.seed for _, step in given.steps} == {77}
    assert run(given, "population") == run(made, "population")
