"""The map, the flow and the rows of round trips tell what the run was, in every one of them."""

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from lab_engine import (
    Backend,
    Clients,
    Ghost,
    LabError,
    Place,
    RecordSet,
    Resolvers,
    Scenario,
    Site,
    Zone,
    run,
)
from lab_engine.authority.geo import LESSON_PLACES, REGIONS, Point
from lab_engine.authority.policies import Geolocation
from lab_engine.simulation.travel import apart as distance
from lab_engine.views.kit.flow import BINS, DOTS, quantile
from lab_engine.views.kit.land import HEIGHT, WIDTH, apart, outlines, project
from lab_engine.views.kit.map import APART, FARTHEST_MS, Map, Stop, User
from lab_engine.views.kit.maps import mapped

SERVERS = {"EU": "192.0.2.1", "NA": "192.0.2.2", "AS": "192.0.2.3"}
REGION = {
    "192.0.2.1": "eu-west-1",
    "192.0.2.2": "us-east-1",
    "192.0.2.3": "ap-southeast-1",
}
CITIES = {
    "Paris": ("198.18.1.0/24", 4),
    "Cape Town": ("198.18.16.0/24", 1),
    "Tokyo": ("198.18.32.0/24", 3),
    "New York": ("198.19.0.0/24", 2),
}


def zone(*, default: bool = True) -> Zone:
    """By continent, and Europe for the rest of the world."""
    sets = [
        RecordSet.of("www", "A", address, 60, policy=Geolocation(code), set_identifier=code)
        for code, address in SERVERS.items()
    ]
    rest = Geolocation(CountryCode="*")
    last = RecordSet.of("www", "A", SERVERS["EU"], 60, policy=rest, set_identifier="rest")
    return Zone.of("shop.example", [*sets, last] if default else sets)


def world(profile: str = "ecs", *, shared: bool = True, default: bool = True) -> Scenario:
    """Four cities, behind one resolver in Virginia or each with its own."""
    firm = {"resolver": "Virginia", "egress": "198.19.0.53"} if shared else {}
    return Scenario(
        zone(default=default),
        "www",
        clients=Clients(200, rate=0.01),
        resolvers=Resolvers(4, profile=profile),
        places=tuple(Place(net, share, name=name, **firm) for name, (net, share) in CITIES.items()),
        backends=tuple(Backend(address, region) for address, region in REGION.items()),
    )


@pytest.fixture(scope="module")
def led() -> tuple[Scenario, Map]:
    """With client subnets, and before without."""
    scenario = world()
    return scenario, mapped(scenario, run(scenario), before="before", chosen="Tokyo")


@pytest.mark.slow
def test_every_user_goes_where_the_run_led_it_and_as_far(led):
    scenario, picture = led
    outcome = run(scenario)

    for user, place in zip(picture.users, scenario.places, strict=True):
        (journey,) = user.now
        (trip,) = (each for each in outcome.trips if each.place == user.name)
        assert (journey.server, journey.share) == (trip.server, 1)
        assert journey.rtt_ms == distance(place, REGION[trip.server], scenario.state.atlas)[1]


def test_shares_and_whereabouts_are_the_scenarios(led):
    _, picture = led

    assert [user.share for user in picture.users] == pytest.approx([0.4, 0.1, 0.3, 0.2])
    assert [user.at for user in picture.users] == [
        LESSON_PLACES[net].point for net, _ in CITIES.values()
    ]
    assert [stop.at for stop in picture.servers] == [REGIONS[each] for each in REGION.values()]
    assert [(stop.name, stop.at) for stop in picture.resolvers] == [
        ("Virginia", LESSON_PLACES["198.19.0.0/24"].point)
    ]


def test_one_resolver_without_subnets_leads_all_to_its_own_server(led):
    _, picture = led

    outcome = run(world("ideal"))
    reached = {each.place: each for each in outcome.trips}

    assert {way.server for user in picture.users for way in user.before} == {SERVERS["NA"]}
    for user in picture.users:
        assert [(way.server, way.rtt_ms) for way in user.before] == [
            (reached[user.name].server, reached[user.name].rtt_ms)
        ]


def test_it_says_what_the_authority_was_told(led):
    _, picture = led
    assert picture.words(picture.users[2]) == (
        "Tokyo, by way of Virginia: to C in Singapore, 85 ms and 5,314 km away. "
        "The authority was told client subnet 198.18.32.0/24, which is AS-JP."
    )

    own = world("ideal", shared=False)
    (paris, *_) = mapped(own, run(own)).users

    assert paris.told == "the resolver's address 198.18.1.53, which is EU-FR"
    assert "EU (EU)" in paris.why


@pytest.mark.slow
def test_where_the_authority_errs_round_trips_are_still_the_true_ones(led):
    """It believes Tokyo in Paris; the way from Tokyo to Dublin is as long as ever."""
    scenario, _ = led
    sites = [(net, "FR") for net, _ in CITIES.values()]
    wrong = scenario.set("atlas", tuple(_site(*each) for each in sites))
    picture = mapped(wrong, run(wrong), truth=scenario.state.atlas)
    tokyo = picture.users[2]

    assert tokyo.at == LESSON_PLACES["198.18.32.0/24"].point
    assert tokyo.told.endswith("which is EU-FR")
    assert [way.server for way in tokyo.now] == [SERVERS["EU"]]
    place = scenario.places[2]
    assert tokyo.now[0].rtt_ms == distance(place, "eu-west-1", scenario.state.atlas)[1]


def _site(network, country):
    return Site(network, country)


def test_who_gets_no_answer_is_seen_as_such():
    """Each city has its own resolver: those without a record get nothing, the others all."""
    scenario = world(shared=False, default=False)
    picture = mapped(scenario, run(scenario))
    ways = {user.name: user.now for user in picture.users}

    (lost,) = ways["Cape Town"]
    assert (lost.server, lost.share) == ("", 1.0)
    assert math.isnan(lost.rtt_ms)
    assert [way.server for name in ("Paris", "Tokyo") for way in ways[name]] == [
        SERVERS["EU"],
        SERVERS["AS"],
    ]
    assert picture.flow.lost is not None
    assert "10 % get no answer" in picture.sentence


@pytest.mark.slow
def test_one_tourist_takes_paris_off_the_net():
    """A NODATA for everybody keeps the shared resolver from asking for Paris."""
    scenario = world(default=False)
    picture = mapped(scenario, run(scenario))
    lost = {
        user.name: sum(way.share for way in user.now if not way.server) for user in picture.users
    }

    assert lost["Paris"] > 0.9


def test_the_flow_conserves_every_users_requests(led):
    """What leaves a user goes through its resolver and arrives; nodes are as high as their sum."""
    _, picture = led
    flow = picture.flow
    for column in (0, 1):
        for user in range(len(picture.users)):
            width = sum(r.width for r in flow.ribbons if (r.column, r.user) == (column, user))
            assert width == pytest.approx(flow.users[user].height)
    for server, node in enumerate(flow.servers):
        arriving = [r for r in flow.ribbons if (r.column, r.server) == (1, server)]
        assert sum(r.width for r in arriving) == pytest.approx(node.height)
        assert all(node.top - 1e-9 <= r.end <= node.top + node.height for r in arriving)


def test_no_column_of_the_flow_leaves_its_frame(led):
    _, picture = led
    for column in (picture.flow.users, picture.flow.resolvers, picture.flow.servers):
        ends = [(node.top, node.top + node.height) for node in column]
        assert all(0 <= top <= end <= 1 + 1e-9 for top, end in ends)
        assert all(a[1] < b[0] for a, b in pairwise(ends))


def test_dots_are_equal_parts_of_the_requests(led):
    """As many of a user's as its share, on its round trip, one upon the other."""
    _, picture = led
    dots = picture.dots(0)

    assert len(dots) == DOTS
    assert [sum(dot.user == user for dot in dots) for user in range(4)] == [8, 2, 6, 4]
    for dot in dots:
        (way,) = picture.users[dot.user].now
        assert dot.place == int(way.rtt_ms / FARTHEST_MS * BINS)
        assert picture.servers[dot.server].name == way.server
    for place in {dot.place for dot in dots}:
        stack = sorted(dot.level for dot in dots if dot.place == place)
        assert stack == list(range(len(stack)))


@pytest.mark.slow
def test_quantiles_are_those_of_the_outcome(led):
    scenario, picture = led
    outcome = run(scenario)

    assert [quantile(picture.journeys(0), level) for level in (0.5, 0.95)] == [
        *outcome.rtt_ms(0.5, 0.95)
    ]


def test_marks_are_apart_and_near_where_they_belong():
    points = [Point(51.5, -0.1), Point(48.9, 2.4), Point(50.1, 8.7), Point(50.1, 8.7)]
    marks = [project(point) for point in points]
    moved = apart(marks, [project(REGIONS["eu-west-1"])], APART)
    every = [*moved, project(REGIONS["eu-west-1"])]

    pairs = [(a, b) for i, a in enumerate(every) for b in every[:i]]
    assert min(math.dist(a, b) for a, b in pairs) > 0.9 * APART
    assert max(math.dist(a, b) for a, b in zip(marks, moved, strict=True)) < 3 * APART


def test_the_outlines_are_a_few_kilobytes_of_land_on_the_map():
    assert 3000 < len(outlines()) < 6000
    assert outlines().startswith("M")
    assert project(Point(0, 0))[0] == WIDTH / 2
    assert project(Point(-80, 180)) == (WIDTH, pytest.approx(HEIGHT, abs=1))


def test_the_twin_is_a_picture_with_all_names_in_it(led):
    _, picture = led
    marked = picture.marked([Ghost(120, "you said 120 ms"), Ghost(85, "it was 85 ms", said=False)])
    root = ET.fromstring(marked.svg())
    texts = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}

    assert {*CITIES, "Dublin", "Virginia", "Singapore", "now", "before"} <= texts
    assert {"you said 120 ms", "it was 85 ms"} <= texts
    assert picture.words(picture.users[2]) in texts


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"chosen": "Rome"}, "Rome: is none of the users"),
        ({"resolvers": ()}, "Virginia: is no resolver of this map"),
        ({"servers": ()}, "192.0.2.1: is no server of this map"),
    ],
)
def test_what_is_not_on_the_map_is_named(led, wrong, words):
    _, picture = led
    fields = {name: getattr(picture, name) for name in ("users", "resolvers", "servers")}

    with pytest.raises(LabError, match=words):
        Map("", "", **{**fields, **wrong})


def test_two_users_of_one_name_are_refused():
    user = User("Paris", Point(48.9, 2.4), 0.5, "r", ())
    with pytest.raises(LabError, match="not unique"):
        Map("", "", (user, user), (Stop("r", user.at),), ())


@pytest.mark.slow
def test_a_world_that_is_nowhere_is_refused():
    scenario = world().set("backends", ())
    with pytest.raises(LabError, match="no server, that is known to be anywhere"):
        mapped(scenario, run(scenario))
