"""A design: what it refuses, what it compiles to, and how a panel moves it."""

import pytest

from lab_engine import Client, Design, LabError, Question, State, plan, replies, serve
from lab_engine.simulation.designs import POOLS, Limits, Pool
from lab_engine.views import designs as panels

WWW = Question.of("www.shop.example", "A")
PARIS, TOKYO, CAPE_TOWN = (Client.at(f"198.18.{net}.7") for net in (1, 32, 16))


def pools_of(design, client, *unhealthy):
    """The pools whose addresses are answered."""
    owner = {each: pool.name for pool in design.used for each in design.addresses(pool)}
    found = plan(design.zone, WWW, client, State().with_unhealthy(*unhealthy))
    return {owner[reply.addresses[0]] for _, reply in replies(found)}


def checks(design, name):
    return design.pool(name).servers


REFUSED = [
    ("europe.servers", 0, "Servers in Europe 0", "a pool without members"),
    ("europe.servers", -1, "Servers in Europe -1", "from 1 to 9"),
    ("europe.servers", 10**12, "Servers in Europe 1000000000000", "from 1 to 9"),
    ("europe.servers", "4", "Servers in Europe '4'", "from 1 to 9"),
    ("europe.weights", 5, "Weights in Europe 5", "is no list"),
    ("regions", "europe", "Regions 'europe'", "is no list"),
    ("pools", ("europe",), "Pools 'europe'", "is no Pool"),
    ("europe.servers", 1, "Servers in Europe 1", "its own clients ask 440"),
    ("rest.servers", 12, "Servers in Rest 12", "from 1 to 9"),
    ("asia.weights", (0, 0, 0), "Weights in Asia (0, 0, 0)", "all zero"),
    ("asia.weights", (1, -1, 1), "Weights in Asia -1", "from 0 to 255"),
    ("asia.region", "mars-1", "Asia's Region 'mars-1'", "no AWS Region"),
    ("asia.region", ["eu-west-1"], "Asia's Region ['eu-west-1']", "no AWS Region"),
    ("asia.unchecked", (4,), "Unchecked in Asia 4", "from 1 to 3"),
    ("regions", ("europe", "atlantis", "rest"), "Regions 'atlantis'", "none of the pools"),
    ("regions", (["europe"], "rest"), "Regions ['europe']", "none of the pools"),
    ("regions", ("rest", "asia", "asia"), "Regions 'asia'", "is there twice"),
    ("regions", ("europe", "asia"), "Regions 'europe, asia'", "leave out the default pool, rest"),
    ("regions", (), "Regions ''", "leave out the default pool, rest"),
    ("default", "nowhere", "Default pool 'nowhere'", "none of the pools"),
    ("default", "europe", "Continent of Rest ''", "for nobody, since the default pool is europe"),
    ("asia.continent", "EU", "Continent of Asia 'EU'", "is Europe's already"),
    ("asia.continent", "XX", "Continent of Asia 'XX'", "is no continent's code"),
    ("asia.name", "europe", "Pools 'europe'", "is there twice"),
    ("asia.name", "a.b", "Name of a pool 'a.b'", "is no name that records can have"),
    ("asia.name", "www", "Name of a pool 'www'", "is no name that records can have"),
    ("asia.name", "rest-pool", "Name of a pool 'rest-pool'", "is no name that records can have"),
    ("asia.name", 5, "Name of a pool 5", "is no name that records can have"),
    ("pools", (), "Number of pools 0", "from 1 to 24"),
    (
        "pools",
        (*POOLS, *(Pool(f"p{i}", "us-east-1", (1,)) for i in range(21))),
        "Number",
        "1 to 24",
    ),
    ("limits", 5, "Limits 5", "are no Limits"),
    ("europe.canary", 256, "Weight of Europe's last 256", "from 0 to 255"),
    ("drills", "calm", "Drills 'calm'", "is no list"),
    ("dark", "moon", "Goes dark 'moon'", "none of the pools"),
    ("ttl", 300, "TTL 300", "above the SLA, 120 s"),
    ("ttl", -1, "TTL -1", "from 0 to 86400"),
    ("ttl", 0.5, "TTL 0.5", "not a whole number"),
    ("interval", 15, "Checked every 15", "is no interval"),
    ("threshold", 0, "Failures in a row 0", "from 1 to 10"),
    ("capacity", 50, "Servers in Europe 4", "serve 200 requests/s"),
    ("capacity", -1, "Capacity -1", "from 1 to"),
    ("ecs", "yes", "Client subnets 'yes'", "no switch"),
]


@pytest.mark.parametrize(("path", "value", "named", "rule"), REFUSED)
def test_a_contradiction_is_said_with_the_field_as_the_learner_sees_it(path, value, named, rule):
    with pytest.raises(LabError) as caught:
        Design().set(path, value)

    assert str(caught.value).startswith(named)
    assert rule in caught.value.rule


def test_a_promise_must_be_a_number_above_zero():
    with pytest.raises(LabError, match=r"Limit of bill 0: is not a number"):
        Limits(bill=0)


@pytest.mark.parametrize("path", ["tll", "europe.sevrers", "atlantis.servers", 5])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(LabError):
        Design().set(path, 1)
    with pytest.raises(LabError):
        Design().get(path)


def test_what_is_set_can_be_got():
    moved = Design().set("europe.servers", 5).set("europe.canary", 7).set("ttl", 30)

    assert moved.get("europe.servers") == 5
    assert moved.get("europe.canary") == 7
    assert moved.get("europe.weights") == (100, 100, 100, 100, 7)
    assert moved.get("ttl") == 30


@pytest.mark.parametrize(
    ("client", "pool"), [(PARIS, "europe"), (TOKYO, "asia"), (CAPE_TOWN, "rest")]
)
def test_place_decides_while_all_are_well(client, pool):
    assert pools_of(Design(), client) == {pool}


def test_health_decides_next():
    """One healthy server keeps its pool; none of them, and the default pool is second."""
    design = Design()

    assert pools_of(design, TOKYO, "asia-1", "asia-2") == {"asia"}
    assert pools_of(design, TOKYO, *checks(design, "asia")) == {"rest"}


def test_the_default_pool_has_a_second_too():
    """The first other one in its Region."""
    design = Design()

    assert pools_of(design, CAPE_TOWN, *checks(design, "rest")) == {"america"}


def test_a_branch_with_nobody_healthy_is_left_for_that_of_everybody():
    design = Design()
    sick = (*checks(design, "asia"), *checks(design, "rest"))

    assert pools_of(design, TOKYO, *sick) == {"america"}


def test_weights_decide_last():
    design = Design().set("europe.weights", (100, 100, 100, 5))
    found = plan(design.zone, WWW, PARIS)
    shares = sorted(probability for probability, _ in replies(found))

    assert shares == pytest.approx([5 / 305, *[100 / 305] * 3])


def test_a_record_without_a_check_keeps_a_dead_branch():
    design = Design().set("asia.unchecked", (3,))

    assert "asia-3" not in design.zone.check_ids
    assert pools_of(design, TOKYO, "asia-1", "asia-2") == {"asia"}


def test_without_checks_no_record_names_one():
    assert Design(interval=0).zone.check_ids == frozenset()


def test_a_pool_alone_has_no_second():
    design = Design().set("rest.servers", 9).set("regions", ("rest",))

    assert pools_of(design, PARIS, *checks(design, "rest")) == {"rest"}


def test_the_default_pool_is_asked_by_those_whose_pool_is_not_in_use():
    design = Design().set("rest.servers", 4).set("regions", ("europe", "america", "rest"))

    assert design.needs(design.pool("rest")) == 380
    assert pools_of(design, TOKYO) == {"rest"}


@pytest.mark.slow
def test_its_batch_makes_its_zone_through_the_api():
    """Answered alike, by an authority that was made from nothing."""
    from lab_engine import RRset, Zone

    design = Design()
    empty = Zone.of("shop.example", [RRset.of("old", "A", "192.0.2.9", 60)])
    with serve(empty, api=True, seed=1) as made:
        client = made.client()
        zone_id = client.list_hosted_zones()["HostedZones"][0]["Id"].removeprefix("/hostedzone/")
        ids = {}
        for check in sorted(design.zone.check_ids):
            config = {"Type": "HTTP", "FullyQualifiedDomainName": f"{check}.example"}
            answer = client.create_health_check(CallerReference=check, HealthCheckConfig=config)
            ids[check] = answer["HealthCheck"]["Id"]
        batch = design.batch(zone_id, ids)
        client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)
        made.state = State().with_unhealthy(*(ids[each] for each in checks(design, "asia")))
        asked = made.ask("www.shop.example", subnet="198.18.32.0/24").values[0]

    assert asked in design.addresses(design.pool("rest"))
    assert len(batch["Changes"]) == 23


@pytest.mark.slow
def test_the_panel_keeps_the_last_good_picture_when_a_pool_loses_all_members():
    panel = panels.designed(Design(drills=("region",)), "rest", "regions")
    before = panel.summary
    panel.set("rest.servers", 0)

    assert panel.status.startswith("Servers in Rest 0: leaves a pool without members")
    assert panel.summary == before
    panel.set("rest.servers", 2)
    panel.set("regions", "Europe, America, Asia, no default")
    assert panel.status.startswith("Regions 'europe, america, asia': leave out the default pool")
    assert panel.summary == before


def test_every_label_of_a_control_names_what_is_refused():
    """The servers of each pool, as its slider calls them."""
    labels = {each.label for each in panels.DESIGN.values()}

    assert {f"Servers in {pool.name.capitalize()}" for pool in POOLS} <= labels
    assert {"TTL", "Regions", "Checked every", "Goes dark", "Client subnets (ECS)"} <= labels
    assert {"Asia's Region", "Weight of Europe's last", "Failures in a row"} <= labels


def test_a_pool_left_with_a_last_one_of_no_weight_is_refused_by_what_was_moved():
    with pytest.raises(LabError, match=r"^Servers in Europe 1: leaves nobody but the last one"):
        Design().set("europe.canary", 0).set("europe.servers", 1)
    with pytest.raises(LabError, match=r"^Weight of Europe's last 0: leaves nobody in the pool"):
        Design().set("capacity", 500).set("europe.servers", 1).set("europe.canary", 0)


def test_a_pool_is_made_of_servers_in_a_region():
    with pytest.raises(LabError, match="no AWS Region"):
        Pool("europe", "", (100,))
