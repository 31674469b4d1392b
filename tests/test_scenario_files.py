"""Scenario files: what is written is read again, and every mistake is told with its place."""

import json
import math
import re
from dataclasses import fields, replace
from operator import attrgetter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine import dumps, load, loads
from lab_engine.authority.order import Order
from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.caches.orders import SetOrder
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.errors import ScenarioError
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.failing import CHECK_TYPES, Failure
from lab_engine.simulation.files import load_population
from lab_engine.simulation.parts import (
    Arrivals,
    Backend,
    Checkers,
    Clients,
    Layer,
    Place,
    Resolvers,
    ScheduledChange,
)
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.sites import Site
from tests.counts import LONG

FILES = Path(__file__).parent / "scenarios"
POLICIES = Path(__file__).parent / "policies"
BLOCKS = json.loads((POLICIES / "cidr_blocks.json").read_text())
ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 300)])
TEXT = dumps(Scenario(ZONE, "www"))
OTHER = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.9", 5)])
BATCH = {
    "Changes": [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": "www.shop.example.",
                "Type": "A",
                "TTL": 7,
                "ResourceRecords": [{"Value": "192.0.2.7"}],
            },
        }
    ]
}


def plain(value):
    """Zones as what they say, for they are equal only to themselves."""
    if not isinstance(value, Zone):
        return value
    return value.origin, value.forgiving, sorted(value, key=lambda each: str(each.key))


def same(one, other):
    """Whether two scenarios say the same."""
    flat = [
        (
            plain(each.zone),
            replace(each, zone=ZONE, name="www", schedule=(), down=(), unhealthy=(), backends=()),
            (each.name, each.down, each.unhealthy, each.backends),
            [(change.at, change.path, plain(change.value)) for change in each.schedule],
        )
        for each in (one, other)
    ]
    return flat[0] == flat[1]


def zone_files():
    named = [Zone.from_file(path, cidr_blocks=BLOCKS) for path in sorted(POLICIES.glob("*.json"))
             if path.stem not in ("cidr_blocks", "health_checks")]  # fmt: skip
    forbidden = [RRset.of("www", "CNAME", "a.shop.example.", 5), RRset.of("www", "A", "192.0.2.1")]
    return [ZONE, *named, Zone.of("shop.example", forbidden, "rfc1034")]


ZONES = zone_files()
ENDLESS = st.just(math.inf)


def mixes(names):
    parts = st.floats(0.001, 1000) | st.integers(1, 9)
    return st.sampled_from(sorted(names)) | st.dictionaries(
        st.sampled_from(sorted(names)), parts, min_size=1, max_size=4
    )


RESOLVERS = st.builds(
    Resolvers,
    st.integers(8, 10**7),  # four profiles in two places
    st.floats(0, 10),
    mixes([*RECURSIVES, "own-resolver"]),
    st.just([]) | st.lists(st.floats(0.1, 1e9) | st.integers(1, 9), min_size=8, max_size=9),
)
CLIENTS_ = st.builds(
    Clients,
    st.integers(1, 10**7),
    st.floats(1e-6, 1e6),
    mixes([*CLIENTS, "own-client", "own-client/os-cache", "jvm/systemd-resolved"]),
    st.sampled_from(Arrivals),
)
EDGES = sorted([*RECURSIVES, *(name for name, each in CLIENTS.items() if each.alone)])
LAYERS = st.builds(
    Layer,
    st.text("ab'\"\\\né#", min_size=1, max_size=9),
    st.sampled_from(EDGES),
    ms=st.floats(0, 1e4),
)
PROFILES = st.fixed_dictionaries(
    {
        "own-resolver": st.fixed_dictionaries(
            {"like": st.sampled_from(sorted(RECURSIVES))},
            optional={
                "cap": st.integers(86_400, 10**6),
                "whole_seconds": st.just(True),
                "prefetch_share": st.floats(0, 1),
                "order": st.sampled_from(SetOrder),
                "ecs": st.none() | st.tuples(st.integers(0, 32), st.integers(0, 128)),
            },
        ),
        "own-client": st.fixed_dictionaries(
            {"like": st.sampled_from(["fixed", "os-cache", "jvm", "systemd-resolved", "chrome"])},
            optional={
                "lifetime": st.floats(0.1, 1e6) | ENDLESS | st.none(),
                "negative": st.floats(0, 99) | st.none(),
                "tries_next": st.booleans(),
            },
        ),
    }
)
PLACES = st.builds(
    Place,
    st.sampled_from(["198.51.100.0/24", "2001:db8::/48"]),
    st.floats(0.01, 1e6) | st.integers(1, 9),
    st.sampled_from(["", "192.0.2.1", "2001:db8::53"]),
    st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.text("ab .", max_size=4),
    rate=st.none() | st.floats(1e-6, 1e6),
    client_profile=st.just(()) | mixes(CLIENTS),
    resolver_profile=st.just(()) | mixes(RECURSIVES),
    subnets=st.sampled_from([(), (1,), (3, 0.5), (0, 1, 2, 3)]),
)
ONE = st.builds(
    Place,
    st.sampled_from(["198.51.100.0/24", "2001:db8::/48"]),
    resolver=st.sampled_from(["google", "a b"]),
    resolver_profile=st.just("bind"),
)
SITES = (
    st.builds(
        Site,
        st.sampled_from(["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/48"]),
        st.sampled_from(["", "FR", "US"]),
        availability_zone=st.sampled_from(["", "use1-az1", "apse2-az3"]),
    )
    | st.builds(
        Site,
        st.just("198.51.100.0/24"),
        availability_zone=st.just("use1-az1"),
        zone_group=st.sampled_from(["", "us-east-1-zg-2"]),
    )
    | st.builds(
        Site,
        st.just("192.0.2.0/24"),
        st.just("US"),
        st.just("CA"),
        st.floats(-90, 90),
        st.floats(0, 9),
    )
)
WATCHES = st.none() | st.builds(
    Checkers,
    st.floats(1, 100),
    st.integers(1, 10),
    st.integers(1, 100),
    st.sampled_from(CHECK_TYPES),
    st.none() | st.floats(0, 9),
    st.none() | st.floats(0, 9),
    st.floats(0, 9),
)


def backend(address, region, capacity, queue, restart, *failing):
    """One that falls over only with a capacity, and fails again only where it comes back."""
    *how, lasts, recurs = failing
    again = recurs if math.isfinite(lasts) else math.inf
    falls = restart if math.isfinite(capacity) else 0
    return Backend(address, region, capacity, queue, falls, *how, lasts, again)


@st.composite
def scenarios(draw):
    zone = draw(st.sampled_from(ZONES))
    plainly = Scenario(zone, str(draw(st.sampled_from(zone.record_sets)).name))
    addresses = st.lists(st.sampled_from(sorted(plainly.addresses)), max_size=2, unique=True)
    checks = sorted({each.health_check_id for each in zone} - {""})
    backends = st.builds(
        backend,
        st.sampled_from(sorted(plainly.addresses)),
        st.sampled_from(["", "eu-west-1"]),
        st.floats(0.1, 1e6) | ENDLESS,
        st.integers(0, 100),
        st.sampled_from([0, 30.5]),
        st.sampled_from(Failure),
        st.sampled_from([0, 5, 1.5]),
        st.floats(700, 1e6) | ENDLESS,
        st.floats(700, 1e6) | ENDLESS,
    )
    steered = sorted(path for path in plainly.paths() if path.startswith("zone."))
    times = st.floats(0.1, 99, exclude_max=True) | st.integers(1, 98)
    changes = st.one_of(
        st.builds(ScheduledChange, times, st.just("down"), addresses),
        st.builds(ScheduledChange, times, st.just("reachable"), st.booleans()),
        *[st.builds(ScheduledChange, times, st.sampled_from(steered), st.integers(0, 99))]
        * bool(steered),
    )
    last = st.sampled_from([(), (ScheduledChange(99, "zone", zone),)])
    if zone is ZONE:
        last = st.sampled_from(
            [(), (ScheduledChange(99, "zone", BATCH),), (ScheduledChange(99.5, "zone", OTHER),)]
        )
    return replace(
        plainly,
        type=draw(st.sampled_from(["A", "AAAA"])),
        order=draw(st.sampled_from(Order)),
        resolvers=draw(RESOLVERS),
        clients=draw(CLIENTS_),
        layers=tuple(draw(st.lists(LAYERS, max_size=2))),
        profiles=draw(PROFILES),
        places=tuple(draw(st.lists(PLACES, min_size=1, max_size=2) | st.lists(ONE, min_size=1))),
        atlas=draw(st.lists(SITES, max_size=3, unique_by=lambda site: site.network)),
        backends=tuple(draw(st.lists(backends, max_size=2, unique_by=attrgetter("address")))),
        down=draw(addresses),
        unhealthy=draw(st.lists(st.sampled_from(checks), max_size=2, unique=True))
        if checks
        else (),
        checkers=draw(WATCHES),
        reachable=draw(st.booleans()),
        schedule=(*draw(st.lists(changes, max_size=3)), *draw(last)),
        duration=draw(st.floats(100, 7 * 86_400) | st.just(100)),
        bin=draw(st.sampled_from([10, 7.5, 100])),
        window=draw(st.floats(1, 1e5)),
        seed=draw(st.integers(0, 2**63 - 1)),
    )


@pytest.mark.slow
@settings(deadline=None, max_examples=100 if LONG else 30)
@given(scenarios())
def test_what_is_written_is_read_again_as_the_same_scenario(scenario):
    assert same(loads(dumps(scenario)), scenario)


def test_a_file_says_only_what_differs():
    assert dumps(Scenario(ZONE, "www", seed=3)).replace(ZONE.to_text(), "") == (
        'zone = """\n"""\norigin = "shop.example."\nname = "www"\nseed = 3\n'
    )


def test_a_forgiving_zone_with_policies_cannot_be_written():
    weighted = Zone.from_file(POLICIES / "weighted.json")
    forgiving = Zone(weighted.origin, weighted.record_sets, "rfc1034")

    with pytest.raises(ScenarioError, match="more than a master file can say"):
        dumps(Scenario(forgiving, "www"))


def test_the_example_is_read_with_the_files_beside_it():
    shop = load(FILES / "shop.toml")

    assert shop.resolvers.volumes == (81200, 40100, 9350.5, 720)
    assert [change.at for change in shop.schedule] == [600, 900, 1200]
    assert shop.addresses == {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.53"}
    assert same(loads(dumps(shop)), shop)


def test_the_example_names_everything_that_may_be_set():
    text = (FILES / "shop.toml").read_text()

    for part in (Scenario, Resolvers, Clients, Layer, Place, Site, Backend, Checkers, Balancer):
        names = {item.name for item in fields(part)} - {"zone", "former", "step"}
        missing = {name for name in names if name not in text}
        assert not missing, part


def test_zones_beside_the_file_may_have_policies_and_blocks():
    text = 'name = "www"\nzone_file = "ip_based.json"\ncidr_blocks_file = "cidr_blocks.json"'

    assert plain(loads(text, POLICIES).zone) == plain(
        Zone.from_file(POLICIES / "ip_based.json", cidr_blocks=BLOCKS)
    )


@pytest.mark.parametrize(
    ("asked", "origin"),
    [
        ("www", "shop.example."),
        ("WWW", "shop.example."),
        ("www.shop", "example."),
        ("www.shop.example.", "www.shop.example."),
        ("www.shop.example", "www.shop.example."),
    ],
)
def test_json_of_one_name_begins_where_the_name_asked_for_ends(asked, origin):
    read = loads(f"name = '{asked}'\nzone = '''{json.dumps(BATCH)}'''")

    assert str(read.zone.origin) == origin
    assert str(read.question.name).lower() == "www.shop.example."


def test_json_of_one_name_in_the_schedule_begins_there_too():
    table = f"[[schedule]]\nat = 60\npath = 'zone'\nzone = '''{json.dumps(BATCH)}'''"

    later = loads(f"{TEXT}\n{table}").steps[-1][1]
    assert str(later.zone.origin) == "shop.example."


def test_json_that_says_where_it_begins_is_believed():
    with pytest.raises(ScenarioError, match=r"no name that www.shop.example. has.* origin"):
        loads(
            f"name = 'www'\norigin = 'www.shop.example.'\nzone = '''{json.dumps(BATCH)}'''",
        )


CHANGE = '[[schedule]]\nat = 60\npath = "down"\n'


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        ("nmae = 1", "x: nmae: is not known here. Did you mean name?"),
        ("[resolver]", "x: resolver: is not known here. Did you mean resolvers?"),
        ("[resolvers]\ncuont = 1", "x: resolvers.cuont: .* Did you mean count?"),
        ("[clients]\nrates = 1", "x: clients.rates: .* Did you mean rate?"),
        ("[checkers]\nintervall = 1", "x: checkers.intervall: .* Did you mean interval?"),
        ("[[layers]]\nname = 'a'\n[[layers]]\nnme = 'b'", "number 2: layers.nme: .* mean name?"),
        ("[[places]]\nnetwrok = ''", "number 1: places.netwrok: .* mean network?"),
        ("[[atlas]]\nnetwrok = ''", "number 1: atlas.netwrok: .* mean network?"),
        ("[[atlas]]\ncountry = 'FR'", "number 1: atlas.network: is missing"),
        ("[[atlas]]\nnetwork = '10.0.0.0/8'\ncountry = 'XX'", "atlas.country 'XX': is no country"),
        ("[[backends]]\nadress = ''", "number 1: backends.adress: .* mean address?"),
        ("[[schedule]]\natt = 1", "number 1: schedule.att: .* Did you mean at?"),
        ("[[layers]]\ncount = 3", "number 1: layers.name: is missing"),
        ("[[backends]]\nregion = 'eu-west-1'", "backends.address: is missing"),
        ("[layers]", r"layers .*: is not a list of tables. Write \[\[layers\]\]"),
        ("resolvers = 3", r"resolvers 3: is not a table. Write \[resolvers\]"),
        ("[clients]\nrate = 0", "clients.rate 0: is not a number"),
        ("[clients]\nrate = -0.1", "clients.rate -0.1: is not a number"),
        ("[clients]\nprofile = {jvm = 0}", "clients.profile .* sum to zero"),
        ("[clients]\nprofile = 'crome'", "clients.profile 'crome': .* Did you mean chrome?"),
        ("[clients]\nprofile = ['jvm']", "clients.profile .*: is not a profile"),
        ("[resolvers]\nprofile = 'bnid'", "resolvers.profile 'bnid': .* Did you mean bind?"),
        ("[resolvers]\nprofile = {bind = -1}", "resolvers.profile.bind -1: is not a number"),
        ("[resolvers]\nvolumes = [0, 0.0]", "resolvers.volumes .* nothing usable"),
        ("[resolvers]\nvolumes = [1, -1]", "resolvers.volumes -1: is not a number"),
        ("[resolvers]\nvolumes = ['1']", "resolvers.volumes '1': is not a number"),
        ("[resolvers]\nvolumes_file = 3", "volumes_file 3"),
        ("[[layers]]\nname = 'a'\nprofile = 'unbond'", "layers 'a' profile 'unbond': .*unbound"),
        ("servers = []", "`servers`: is now `backends`"),
        ("changes = []", "`changes`: is now `schedule`"),
        ("[watch]\ncheckers = 3", "`watch`: is now `checkers`"),
        ("[checkers]\ncheckers = 3", "`checkers.checkers`: is now `count`"),
        ("[resolvers]\norder = 'frozen'", '`resolvers.order`: is now `profile = "frozen"`'),
        ("[clients]\nos_cache = true", '`clients.os_cache`: is now `profile = "os-cache"`'),
        ("[clients]\napplication_cache = 9", '`clients.application_cache`: is now `profile = "fi'),
        ("[clients]\nprofile = 'a/b/c'", "clients.profile 'a/b/c': is a chain of 3"),
        ("[profiles]\nmine = 3", r"profiles.mine 3: is no table. Write \[profiles.mine\]"),
        ("[profiles.mine]\nlifetime = 3", "profiles.mine .*: is like nothing"),
        ("[profiles.jvm]\nlike = 'fixed'", "profiles 'jvm': is the name of a profile that ever"),
        ("[profiles.a]\nlike = 'fixed'\nlife = 3", "profiles.a.life: .* Did you mean lifetime?"),
        ("[[layers]]\nname = 'a'\nprofile = {bind = 1}", "layers.profile .* is not one profile"),
        ("[[places]]\nshare = 0", "places 0.0: is the sum of all shares"),
        ("[[places]]\nnetwork = '192.0.2.1/24'", "places.network .* host bits set"),
        ("[[places]]\nnetwork = 5", "places.network 5: is no text"),
        ("[[places]]\negress = 'x'", "places.egress 'x'"),
        ("[[backends]]\naddress = '192.0.2.77'", "backends '192.0.2.77': .* Choose of 192.0.2.1,"),
        ("[[backends]]\naddress = []", r"backends.address \[\]: is no address"),
        ("duration = 0", "duration 0: is not a number"),
        ("duration = nan", "duration nan: is not a number"),
        ("duration = 2026-01-01", "duration .*: is not a number"),
        ("down = [{}]", "down {}: is no address of this zone"),
        ("unhealthy = [[]]", r"unhealthy \[\]: is no health check"),
        ("order = []", r"order \[\]: is no Order"),
        ("zone_file = 'a'", "zone, zone_file: both are there"),
        ("forgiving = 'yes'", "yes: is no Forgiving"),
        (CHANGE + "", "schedule at, path: are not a time, a path, and one of"),
        (CHANGE + "value = []\nbatch = ''", "and one of value, batch and zone"),
        (CHANGE + "batch = ''", "schedule.batch: is for the path zone"),
        (CHANGE + "value = ['x']", "schedule: at 60 s, down: down 'x': is no address"),
        ("[[schedule]]\nat = 1\npath = 3\nvalue = 1", "number 1: schedule.path 3: is no path"),
        ("[[schedule]]\nat = 0\npath = 'down'\nvalue = []", "schedule down at 0: is not a time"),
        ("[[schedule]]\nat = -1\npath = 'down'\nvalue = []", "schedule down at -1: is not a time"),
        ("[[schedule]]\nat = 3600\npath = 'down'\nvalue = []", "at 3600: is not a time within"),
        ("[[schedule]]\nat = 'x'\npath = 'down'\nvalue = []", "at 'x': is not a time within"),
        ("[[schedule]]\nat = 1\npath = 'seed'\nvalue = 2", "schedule 'seed': cannot change"),
        ("[[schedule]]\nat = 1\npath = 'clients.rate'\nvalue = 2", "'clients.rate': cannot change"),
        ("[[schedule]]\nat = 1\npath = 'zone.ww.ttl'\nvalue = 2", "Did you mean zone.www.ttl?"),
        (
            "[[schedule]]\nat = 1\npath = 'zone.www.ttl'\nvalue = 2147483648",
            "8: is not a whole",
        ),
        ("[[schedule]]\nat = 1\npath = 'zone'\nbatch = '{'", "schedule.batch: is not JSON"),
        ("[[schedule]]\nat = 1\npath = 'zone'\nbatch = '{}'", "schedule: at 1 s, zone: "),
        ("[[schedule]]\nat = 1\npath = 'zone'\nzone = ''", "number 1: "),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_remedy(addition, said):
    at_top = not addition.startswith("[")
    text = addition + "\n" + TEXT if at_top else TEXT + "\n" + addition

    with pytest.raises(ScenarioError, match=rf"^x: (?s:.)*{said.removeprefix('x: ')}"):
        loads(text, source="x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 'www'\nzone =\nseed = 1", "^x: is not TOML: .* line 2"),
        ("zone = ''", "^x: name: is missing"),
        ("name = 'www'", "^x: zone, zone_file: neither is there"),
        ("name = 'www'\nzone = 3", "^x: zone 3: is no text"),
        ("name = 'www'\nzone = ''\norigin = 5", "^x: origin 5: is no text"),
        ("name = 'www'\nzone = '{'", "^x: zone: is not JSON"),
        ("name = 'www'\nzone_file = 'none.zone'", "^x: none.zone: cannot be read"),
        ("name = 'www'\nzone = '$ORIGIN a.\nwww 2147483648 A 192.0.2.1'", "^x: zone"),
        ("name = 'www'\nforgiving = 'rfc1034'\nzone = '{}'", "forgiving .* is for master files"),
    ],
)
def test_a_file_without_the_least_is_refused(text, said):
    text = text.replace("'$ORIGIN", "'''$ORIGIN").replace("192.0.2.1'", "192.0.2.1'''")

    with pytest.raises(ScenarioError, match=said):
        loads(text, source="x")


def test_a_ttl_above_31_bits_is_refused_with_its_line():
    text = TEXT.replace(" 300 ", " 2147483648 ")
    assert text != TEXT

    with pytest.raises(ScenarioError, match=r"x: zone:\d+: .*2147483648"):
        loads(text, source="x")


def test_all_that_is_wrong_with_a_zone_is_told():
    text = TEXT.replace("192.0.2.1", "192.0.2.").replace("192.0.2.2", "192.0.2.x")

    with pytest.raises(ScenarioError, match=r"(?s)x: zone:\d+: .*\n.*zone:\d+: "):
        loads(text, source="x")


def test_a_weighted_group_of_zeros_is_legal_as_in_route_53():
    zone = Zone.from_file(POLICIES / "weighted.json")
    text = dumps(Scenario(zone, "www"))
    text = re.sub(r"(Weight\W+)\d+", r"\g<1>0", text)
    read = loads(text)

    weights = {read.get(path) for path in read.paths() if path.endswith(".weight")}
    assert weights == {0}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ScenarioError, match=r"none.toml: cannot be read"):
        load(tmp_path / "none.toml")


def test_a_population_is_what_of_a_scenario_says_who_asks(tmp_path):
    """A whole scenario's file, or its tables alone; the rest is named, and not used."""
    whole = FILES / "shop.toml"
    alone = tmp_path / "people.toml"
    alone.write_text('seed = 4\nclients = { count = 20, profile = "jvm" }\n')

    people, unused = load_population(whole)
    few, nothing = load_population(alone)

    assert people["resolvers"] == load(whole).resolvers
    assert {"zone_file", "name", "schedule"} <= set(unused)
    assert (few["clients"].count, few["seed"], nothing) == (20, 4, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "www"\n', "the file: says nothing of who asks"),
        ("clients = { count = 0 }\n", "clients.count 0: is not a whole number"),
        ("client = { count = 1 }\n", "client: is not known here. Did you mean clients"),
        ('clients = { profile = "chrom" }\n', "chrome"),
        ('seed = "x"\n[clients]\n', "seed 'x': is not a whole number"),
    ],
)
def test_a_population_that_is_none_is_refused_with_its_place(tmp_path, text, said):
    file = tmp_path / "people.toml"
    file.write_text(text)

    with pytest.raises(ScenarioError, match=r"people\.toml: ") as refused:
        load_population(file)

    assert said in str(refused.value)
