"""The panel of places and what it is made of: cities, a MaxMind file, the first hour, its goals."""

from dataclasses import replace
from ipaddress import ip_network
from random import Random

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from lab_engine import LabError, Place, Question, RRset, Zone, cities, rtt_ms, run, world_map
from lab_engine.authority.records import Client
from lab_engine.authority.server import Authority
from lab_engine.caches.resolver import Resolver
from lab_engine.course.goals import PREDICATES
from lab_engine.simulation.sites import sites_from_maxmind
from lab_engine.views.kit.firsthour import MINUTE, first_hour
from lab_engine.views.kit.maps import mapped
from lab_engine.views.panel import KEPT
from tests.browser.world import SERVERS, by_continent

CONTROLS = ("sees", "resolver", "default", "ttl", "database")


@pytest.fixture
def panel():
    """All controls, one resolver for all."""
    return world_map(by_continent(), *CONTROLS, chosen="Paris")


def led(panel):
    """Which server each city is led to, by letter."""
    picture = panel.picture
    letters = "ABC"
    return "".join(
        letters[picture.number(max(user.now, key=lambda way: way.share).server)]
        if user.now[0].server
        else "-"
        for user in picture.users
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sees", "expected"),
    [
        ("the resolver's address", "BBBBBBBBBB"),
        ("client subnet /24 (ECS)", "AAAACCBBAA"),
        ("client subnet /20", "AAAACCBBAA"),
        ("client subnet /16", "AAAAAABBBB"),
        ("the client's whole address", "AAAACCBBAA"),
    ],
)
def test_what_the_authority_sees_decides_where_cities_are_led(panel, sees, expected):
    """With /16 the whole old world is Frankfurt's, and the new one New York's."""
    panel.set("resolvers.profile", sees)

    assert led(panel) == expected
    assert panel.status == ""


@pytest.mark.parametrize("kind", ["each city's own", "one for a continent, nearby"])
def test_a_resolver_nearby_is_as_good_as_subnets(panel, kind):
    panel.set("places", kind)

    assert led(panel) == "AAAACCBBAA"


@pytest.mark.slow
def test_another_default_leads_the_rest_elsewhere_and_keeps_the_ttl(panel):
    panel.set("resolvers.profile", "client subnet /24 (ECS)")
    panel.set("zone.www.ttl", 60)
    panel.set("zone", "as for AS")

    assert led(panel) == "AAACCCBBCC"
    assert panel.scenario.get("zone.www.ttl") == 60


@pytest.mark.slow
def test_every_panel_crosses_in_less_than_60_kilobytes(panel):
    for path, value in (
        ("places", "each city's own"),
        ("resolvers.profile", "client subnet /24 (ECS)"),
    ):
        panel.set(path, value)
    live = panel.picture.widget

    assert len(live._still) + len(live._frames) < 30_000


def test_no_such_control_and_no_such_records_are_said():
    with pytest.raises(LabError, match="is no control"):
        world_map(by_continent(), "weather")
    plain = by_continent().zone
    simple = [each for each in plain.record_sets if not each.set_identifier]
    with pytest.raises(LabError, match="no geolocation records"):
        world_map(_named(by_continent(), simple), "default")


def _named(scenario, sets):
    zone = Zone.of("shop.example", [*sets, RRset.of("www", "A", "192.0.2.1", 60)])
    return replace(scenario, zone=zone, backends=())


@pytest.fixture
def file(tmp_path):
    """A database that knows Paris and New York, and takes them for Japan."""
    writer = MMDBWriter(ip_version=4)
    record = {
        "country": {"iso_code": "JP"},
        "continent": {"code": "AS"},
        "location": {"latitude": 35.7, "longitude": 139.7},
    }
    writer.insert_network(IPSet(["198.18.1.0/24", "198.19.0.0/24"]), record)
    path = tmp_path / "mine.mmdb"
    writer.to_db_file(str(path))
    return path


@pytest.mark.slow
def test_a_file_of_ones_own_is_what_the_authority_believes(panel, file):
    """It takes the resolver for Japanese; round trips stay the true ones."""
    panel.set("atlas", str(file))
    paris = panel.picture.users[0]

    assert panel.status == ""
    assert paris.now[0].server == SERVERS["AS"]
    assert paris.now[0].rtt_ms == rtt_ms("198.18.1.0/24", "ap-southeast-1")
    panel.set("atlas", "")
    assert led(panel) == "BBBBBBBBBB"


def test_a_file_that_is_none_leaves_the_last_good_picture(panel, file, tmp_path):
    text = tmp_path / "text.mmdb"
    text.write_text("no database")
    empty = tmp_path / "empty.mmdb"
    MMDBWriter(ip_version=4).to_db_file(str(empty))
    before = panel.summary
    for wrong, why in (
        (text, "is not a MaxMind file"),
        (tmp_path / "nothing.mmdb", "there is no such file"),
        (tmp_path, "it is a folder"),
        (empty, "knows none of these networks"),
    ):
        panel.set("atlas", str(wrong))
        assert why in panel.status
        assert "Errno" not in panel.status
        assert KEPT in panel.status
        assert panel.summary == before


def test_only_the_blocks_that_are_asked_for_are_read(file):
    found = sites_from_maxmind(str(file), [ip_network("198.18.1.53/32"), ip_network("9.9.9.9/32")])

    assert [(site.network, site.country) for site in found] == [("198.18.1.0/24", "JP")]


def test_the_first_hour_is_what_the_resolvers_would_do():
    """Replayed by hand: the same answers wait for the same users, and the same entries are held."""
    scenario = by_continent("firm", "ecs")
    picture = mapped(scenario, run(scenario))
    hour = picture.hour
    authority = Authority(scenario.zone, Random(1))
    resolver = Resolver(
        lambda question, _now, told=None: authority.respond(question, told), Random(1), "ecs"
    )
    clients = [Client(ip_network(place.network)) for place in scenario.places]
    question = Question.of("www.shop.example", "A")

    for index, (now, user) in enumerate(zip(hour.times, hour.asked, strict=True)):
        reply = resolver.resolve(question, now, clients[user])
        held = {str(key.network) for key, _ in resolver.cache.live(now)}
        (drawer,) = hour.drawers
        rows = drawer.looks[index].rows
        assert {row.spot.network for row in rows} == held
        assert f"asks: {reply.addresses[0]}." in drawer.looks[index].said
        assert user in hour.known[index]


def test_a_cold_cache_begins_with_one_entry_and_asks_a_minute_apart():
    places = cities("own")
    hour = first_hour(by_continent("own"), places, range(10), [each.label for each in places])

    assert hour.times[:3] == (0.0, MINUTE, 2 * MINUTE)
    assert len(hour.known[0]) == 1
    assert [len(drawer.looks) for drawer in hour.drawers] == [60] * 10


def test_cities_behind_each_kind_of_resolver():
    own, firm, anycast = (cities(kind) for kind in ("own", "firm", "anycast"))

    assert len({each.peer for each in own}) == 10
    assert {each.peer for each in firm} == {Client.at("198.19.0.53")}
    assert len({each.resolver for each in anycast}) == 6
    assert sum(each.share for each in own) == pytest.approx(1)
    with pytest.raises(LabError, match="is no kind of resolver"):
        cities("near")


def test_round_trips_are_modelled_and_bad_places_are_said():
    assert rtt_ms("198.18.1.0/24", "eu-west-1") == pytest.approx(16.7, abs=0.1)
    for wrong in (("Paris", "eu-west-1"), ("198.18.1.0/24", "Dublin")):
        with pytest.raises(LabError):
            rtt_ms(*wrong)


def check(name, scenario, **target):
    """What a predicate says of a scenario's run."""
    return PREDICATES[name].check(scenario, run(scenario), **target).reached


@pytest.mark.slow
def test_paris_is_dark_only_where_nobody_answers_for_it():
    dark = {"place": "Paris", "share": 0.2}
    shared = by_continent("firm", "ecs").set("zone.www.ttl", 60)
    lacking = _without_default(shared)

    assert not check("dark", shared, **dark)
    assert check("dark", lacking, **dark)
    assert not check("dark", lacking.set("places", cities("own")), **dark)
    with pytest.raises(LabError, match="is no place here"):
        check("dark", shared, place="Rome", share=0.2)


def _without_default(scenario):
    gone = [each for each in scenario.zone.record_sets if each.set_identifier == "default"]
    return scenario.set("zone", scenario.zone.changed(gone, []))


@pytest.mark.slow
def test_far_counts_only_where_subnets_are_told():
    far = {"ms": 150, "share": 0.95}

    assert check("far_with_subnets", by_continent("firm", "ecs"), **far)
    assert not check("far_with_subnets", by_continent("firm", "ideal"), **far)
    assert not check("far_with_subnets", by_continent("firm", "ecs"), ms=200, share=0.95)


@pytest.mark.slow
def test_no_goal_of_the_lesson_is_reached_at_the_start_and_each_can_be():
    panel = world_map(by_continent(), *CONTROLS)
    dark, far = {"place": "Paris", "share": 0.2}, {"ms": 200, "share": 0.95}

    assert not check("dark", panel.scenario, **dark)
    assert not check("far_with_subnets", panel.scenario, **far)
    panel.set("resolvers.profile", "client subnet /24 (ECS)")
    panel.set("zone", "as for AS")
    assert check("far_with_subnets", panel.scenario, **far)
    panel.set("zone.www.ttl", 60)
    panel.set("zone", "none")
    assert check("dark", panel.scenario, **dark)


def test_a_place_may_be_called_by_its_network():
    """As scenarios of one's own may have it."""
    scenario = by_continent("own").set("places", (Place("198.18.1.0/24"), Place("198.18.32.0/24")))
    picture = mapped(scenario, run(scenario))

    assert [user.name for user in picture.users] == ["198.18.1.0/24", "198.18.32.0/24"]


def test_the_numbers_that_lesson_03_states():
    """17 and 98 ms from Paris; half within 103 ms without subnets, 63 ms with; seven blocks."""
    silent, told = (by_continent("firm", kind) for kind in ("ideal", "ecs"))
    authority = Authority(told.zone, Random(1))
    networks = [ip_network(each.network) for each in told.places]
    scopes = [authority.plan(told.question, Client(net, "ecs")).scope for net in networks]
    blocks = {net.supernet(new_prefix=bits) for net, bits in zip(networks, scopes, strict=True)}
    rest = sum(e.share for e in told.places if e.name in ("Cape Town", "São Paulo", "Sydney"))

    assert round(rtt_ms("198.18.1.0/24", "eu-west-1")) == 17
    assert round(rtt_ms("198.18.1.0/24", "us-east-1")) == 98
    assert round(rtt_ms("198.18.33.0/24", "ap-southeast-1")) == 63
    assert [round(run(each).rtt_ms(0.5)[0]) for each in (silent, told)] == [103, 63]
    assert len(blocks) == 7
    assert rest < 1 / 6
    assert authority.plan(told.question, Client.at("198.19.0.53")).scope == 23
