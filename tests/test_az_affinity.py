"""The ninth policy: the record of the smallest location that holds who asks, and is healthy."""

from dataclasses import replace

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.availability import LEVELS, in_zones, location_at, partition_of
from lab_engine.authority.endpointnames import zone_ids
from lab_engine.authority.endpoints import Endpoint
from lab_engine.authority.geo import REGIONS, Atlas, Place
from lab_engine.authority.plan import replies
from lab_engine.authority.policies import AzAffinity, Geolocation, Weighted
from lab_engine.authority.records import Client, Question, RRset, as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control import changes
from lab_engine.control.refusal import Refusal
from lab_engine.control.writing import as_batch
from lab_engine.errors import LabError, ZoneError
from lab_engine.review.diff import diff
from lab_engine.review.explain import as_dict, explain
from lab_engine.review.lint import lint
from lab_engine.simulation import Clients, Scenario, parts, run
from lab_engine.simulation.sites import Site
from lab_engine.wire.client import ask
from lab_engine.wire.server import serve

LOCATIONS = {
    "zone": AzAffinity("AvailabilityZone", "use1-az1"),
    "group": AzAffinity("AvailabilityZoneGroup", "us-east-1-zg-1"),
    "region": AzAffinity("Region", "us-east-1"),
    "partition": AzAffinity("Partition", "aws"),
    "all": AzAffinity("Global", "global"),
}
NAMES = tuple(LOCATIONS)
ATLAS = Atlas(
    {
        **in_zones(
            {
                "10.0.1.0/24": "use1-az1",
                "10.0.2.0/24": "use1-az2",
                "10.1.1.0/24": "euw1-az1",
                "10.2.1.0/24": "cnn1-az1",
                "10.3.1.0/24": "usgw1-az1",
                "127.0.0.0/8": "use1-az2",
                "2001:db8::/32": "use1-az1",
            }
        ),
        "10.0.3.0/24": Place(availability_zone="use1-az6", zone_group="us-east-1-zg-2"),
        "10.9.0.0/16": Place("US", "NA", "VA"),
    }
)
IN_AZ1, IN_AZ2, IN_GROUP_2, IN_EUROPE = "10.0.1.53", "10.0.2.53", "10.0.3.53", "10.1.1.53"
IN_CHINA, IN_GOVCLOUD, NOWHERE = "10.2.1.53", "10.3.1.53", "10.9.0.53"
QUESTION = Question.of("www.shop.example")


def member(name, ttl=60, check=None):
    address = f"192.0.2.{NAMES.index(name) + 1}"
    return RecordSet.of(
        "www",
        "A",
        address,
        ttl,
        policy=LOCATIONS[name],
        set_identifier=name,
        health_check_id=f"hc-{name}" if check is None else check,
    )


BARE = Zone.of("shop.example", [RecordSet.of("other", "A", "192.0.2.9")])


def zone_of(*names):
    return Zone.of("shop.example", map(member, names or NAMES))


def state(*down):
    return State(frozenset(f"hc-{name}" for name in down), atlas=ATLAS)


def planned(client, zone=None, down=()):
    asker = client if isinstance(client, Client) else Client.at(client)
    return plan(zone or zone_of(), QUESTION, asker, state(*down))


def answered(client, zone=None, down=()):
    """The names of the members that may be answered; none for NODATA."""
    addresses = (a for share in replies(planned(client, zone, down)) for a in share.reply.addresses)
    return {NAMES[int(address.rsplit(".", 1)[1]) - 1] for address in addresses}


# The rules, worked out by hand


@pytest.mark.parametrize(
    ("client", "members", "answer"),
    [
        (IN_AZ1, NAMES, "zone"),
        (IN_AZ1, NAMES[1:], "group"),
        (IN_AZ1, NAMES[2:], "region"),
        (IN_AZ1, NAMES[3:], "partition"),
        (IN_AZ1, NAMES[4:], "all"),
        (IN_AZ2, NAMES, "group"),
        (IN_GROUP_2, NAMES, "region"),
        (IN_EUROPE, NAMES, "partition"),
        (IN_CHINA, NAMES, "all"),
        (IN_GOVCLOUD, NAMES, "all"),
        (NOWHERE, NAMES, "all"),
        ("192.0.2.200", NAMES, "all"),
        ("2001:db8::53", NAMES, "zone"),
    ],
)
def test_the_smallest_location_that_holds_who_asks_is_answered(client, members, answer):
    assert answered(client, zone_of(*members)) == {answer}


@pytest.mark.parametrize(
    ("down", "answer"),
    [
        ((), "zone"),
        (("zone",), "group"),
        (("zone", "group"), "region"),
        (("zone", "group", "region"), "partition"),
        (("zone", "group", "region", "partition"), "all"),
        (NAMES, "zone"),
        (("group", "all"), "zone"),
        (("zone", "region"), "group"),
    ],
)
def test_the_unhealthy_are_passed_over_outwards_until_nobody_is_left(down, answer):
    assert answered(IN_AZ1, down=down) == {answer}


@pytest.mark.parametrize(
    ("client", "down", "answer"),
    [
        (IN_AZ2, ("group", "region", "partition", "all"), "group"),
        (IN_EUROPE, ("partition", "all"), "partition"),
        (NOWHERE, ("all",), "all"),
    ],
)
def test_where_all_that_match_are_unhealthy_the_smallest_of_them_is_answered(client, down, answer):
    """A healthy record for somewhere else does not come in."""
    assert answered(client, down=down) == {answer}


@pytest.mark.parametrize("client", [IN_EUROPE, IN_CHINA, NOWHERE])
def test_without_a_match_there_is_no_answer(client):
    found = planned(client, zone_of("zone", "region"))

    (share,) = replies(found)
    assert (share.reply.rcode, share.reply.answer) == (0, ())
    assert found.scope == 0


# The location is the peer's


def test_a_client_subnet_is_not_looked_at():
    inside = Client(ATLAS.samples()[ATLAS.place(Client.at(IN_AZ1).network)], "ecs")

    assert answered(inside) == {"all"}
    assert answered(inside.by(Client.at(IN_EUROPE))) == {"partition"}
    assert answered(Client(Client.at(NOWHERE).network, "ecs").by(Client.at(IN_AZ1))) == {"zone"}


@pytest.mark.parametrize("client", [IN_AZ1, IN_EUROPE, NOWHERE])
def test_the_scope_is_that_of_everybody(client):
    assert planned(client).scope == 0


def test_beside_geolocation_each_looks_at_its_own():
    """A root by zone over a branch by country: the resolver picks the branch, the subnet within."""
    sets = [
        RecordSet.alias_to(
            "www", "A", "geo.shop.example.", policy=LOCATIONS["zone"], set_identifier="zone"
        ),
        member("all"),
        *(
            RecordSet.of("geo", "A", address, 60, policy=policy, set_identifier=address)
            for address, policy in (
                ("192.0.2.1", Geolocation(CountryCode="US")),
                ("192.0.2.2", Geolocation(CountryCode="*")),
            )
        ),
    ]
    american = Client(Client.at(NOWHERE).network, "ecs")
    zone = Zone.of("shop.example", sets)

    found = planned(american.by(Client.at(IN_AZ1)), zone)
    assert answered(american.by(Client.at(IN_AZ1)), zone) == {"zone"}
    assert found.scope > 0
    assert planned(american.by(Client.at(IN_EUROPE)), zone).scope == 0


# Aliases


def branch(name, eth):
    return RecordSet.alias_to(
        "www",
        "A",
        f"{name}.shop.example.",
        policy=LOCATIONS[name],
        set_identifier=name,
        evaluate_target_health=eth,
    )


def target(name):
    """A group of one with the values and the check of a member."""
    one, owner = member(name), as_name(name, None)
    records = one.records.with_name(owner)
    return replace(one, name=owner, records=records, policy=Weighted(1))


@pytest.mark.parametrize(
    ("eth", "down", "answer"),
    [
        (True, (), "zone"),
        (True, ("zone",), "region"),
        (True, ("zone", "region"), "zone"),
        (False, ("zone",), "zone"),
    ],
)
def test_an_alias_is_as_healthy_as_its_target_where_it_looks(eth, down, answer):
    sets = [each for name in ("zone", "region") for each in (branch(name, eth), target(name))]

    assert answered(IN_AZ1, Zone.of("shop.example", sets), down) == {answer}


def test_an_alias_may_lead_to_an_endpoint():
    name = "d111111abcdef8.cloudfront.net."
    (zone_id,) = zone_ids(as_name(name))
    to = RecordSet.alias_to(
        "www",
        "A",
        name,
        policy=LOCATIONS["zone"],
        set_identifier="zone",
        hosted_zone_id=zone_id,
    )
    endpoint = Endpoint.of(name, zone_id, ("192.0.2.1",))
    now = State(endpoints={endpoint.name: endpoint}, atlas=ATLAS)

    found = plan(Zone.of("shop.example", [to, member("all")]), QUESTION, Client.at(IN_AZ1), now)
    assert [share.reply.addresses for share in replies(found)] == [("192.0.2.1",)]


# Laws


@pytest.mark.slow
@given(
    st.sets(st.sampled_from(NAMES), min_size=1),
    st.sets(st.sampled_from(NAMES)),
    st.sampled_from([IN_AZ1, IN_AZ2, IN_GROUP_2, IN_EUROPE, IN_CHINA, NOWHERE]),
)
def test_one_walk_outwards_says_it_all(members, down, client):
    """For any group, health and resolver: the guide's rule as a loop."""
    place = ATLAS.place(Client.at(client).network)
    held = {level: location_at(place, level) for level in LEVELS}
    where = {name: (each.LocationType, each.LocationId) for name, each in LOCATIONS.items()}
    way = [name for name in NAMES if name in members and where[name] in held.items()]
    alive = [name for name in way if name not in down]

    expected = {(alive or way)[0]} if way else set()
    assert answered(client, zone_of(*sorted(members)), sorted(down)) == expected


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("use1-az1", ("us-east-1-zg-1", "us-east-1", "aws", "global")),
        ("apse2-az3", ("ap-southeast-2-zg-1", "ap-southeast-2", "aws", "global")),
        ("cnnw1-az1", ("cn-northwest-1-zg-1", "cn-northwest-1", "aws-cn", "global")),
        ("usgw1-az1", ("us-gov-west-1-zg-1", "us-gov-west-1", "aws-us-gov", "global")),
    ],
)
def test_a_zone_lies_in_its_group_region_and_partition(zone, around):
    (place,) = in_zones({"10.0.0.0/8": zone}).values()

    assert tuple(location_at(place, level) for level in LEVELS) == (zone, *around)
    assert location_at(Place("US"), "Region") == ""
    assert location_at(Place("US"), "Global") == "global"


def test_partitions_are_those_of_the_sdk():
    known = Loader().load_data("partitions")["partitions"]
    where = {region: each["id"] for each in known for region in each["regions"]}

    assert {region: partition_of(region) for region in REGIONS} == {
        region: where[region] for region in REGIONS
    }


# What may not be


@pytest.mark.parametrize(
    ("level", "identifier", "words"),
    [
        ("Zone", "use1-az1", "LocationType 'Zone' is none of AvailabilityZone"),
        ("", "", "LocationType '' is none of"),
        ("AvailabilityZone", "us-east-1a", "'us-east-1a' is no AvailabilityZone, such as use1-az1"),
        ("AvailabilityZone", "use1-bos1-az1", "is no AvailabilityZone"),
        ("AvailabilityZone", "USE1-AZ1", "is no AvailabilityZone"),
        ("AvailabilityZoneGroup", "us-east-1", "is no AvailabilityZoneGroup"),
        ("AvailabilityZoneGroup", "us-east-9-zg-1", "is no AvailabilityZoneGroup"),
        ("Region", "us-east-9", "is no Region"),
        ("Partition", "azure", "is no Partition"),
        ("Global", "Global", "'Global' is no Global, such as global"),
    ],
)
def test_a_location_has_the_form_of_its_type(level, identifier, words):
    one = RecordSet.of(
        "www", "A", "192.0.2.1", policy=AzAffinity(level, identifier), set_identifier="a"
    )

    with pytest.raises(ZoneError, match=words):
        Zone.of("shop.example", [one])


def test_each_location_stands_once():
    twins = [
        RecordSet.of("www", "A", f"192.0.2.{n}", policy=LOCATIONS["zone"], set_identifier=str(n))
        for n in (1, 2)
    ]

    with pytest.raises(ZoneError, match=r"has LocationId use1-az1 more than once"):
        Zone.of("shop.example", twins)


@pytest.mark.parametrize("zones", [{"10.0.0.1/8": "use1-az1"}, {"10.0.0.0/8": "us-east-1a"}])
def test_a_table_of_zones_says_what_it_cannot_take(zones):
    with pytest.raises(LabError, match=r"is (not a network|no id of an Availability Zone)"):
        in_zones(zones)


# Review


def test_explain_says_from_where_it_was_asked_and_for_whom_it_holds():
    text = explain(planned(IN_AZ2, zone_of("zone", "group", "all"), ["group"]))

    where = "from use1-az2 (us-east-1-zg-1, us-east-1, aws)"
    why = "AvailabilityZoneGroup us-east-1-zg-1; health check hc-group fails"
    assert text.splitlines()[:5] == [
        f"  100 %  www.shop.example. A (AZ-affinity, asked {where})",
        "       --  zone (AvailabilityZone use1-az1; not for this resolver)",
        f"       --  group [unhealthy] ({why})",
        "    100 %  all (Global)",
        "           -> A 192.0.2.5, TTL 60 s",
    ]
    assert text.endswith(
        "It holds for every client of a resolver in the same Availability Zone (ECS scope 0)."
    )


def test_plain_data_say_so_too():
    assert as_dict(planned(IN_AZ2))["by_peer"]
    assert not as_dict(planned(IN_AZ2, BARE))["by_peer"]


def test_explain_says_why_there_is_no_answer():
    text = explain(planned(NOWHERE, zone_of("zone")))

    assert "no AZ-affinity record set is meant for who asks from no known Availability Zone" in text


def test_lint_warns_where_nobody_is_for_everybody():
    rules = [finding.rule for finding in lint(zone_of("zone", "region"))]

    assert rules == ["no-default"]
    assert lint(zone_of("zone", "all")) == ()


def test_diff_tells_the_zones_apart():
    before, after = zone_of("region", "all"), zone_of("zone", "region", "all")
    (found,) = diff(before, after, state())

    assert found.who == ("use1-az1",)
    assert found.share == 1


@pytest.mark.parametrize(
    ("names", "changed", "who"),
    [
        (NAMES, "zone", "use1-az1"),
        (NAMES, "group", "elsewhere in us-east-1-zg-1"),
        (NAMES, "region", "elsewhere in us-east-1"),
        (NAMES, "partition", "elsewhere in aws"),
        (NAMES, "all", "everywhere else"),
        (("region", "all"), "region", "elsewhere in us-east-1"),
    ],
)
def test_diff_asks_from_where_members_are_for_though_no_atlas_names_a_network_there(
    names, changed, who
):
    before = zone_of(*names)
    other = replace(member(changed), records=RRset.of("www", "A", "192.0.2.99", 60))

    (found,) = diff(before, before.replaced(other.completed(before.origin)))

    *others, last = found.who
    assert last == who
    assert not any("elsewhere" in each for each in others)


# The control plane


def element(name, **more):
    policy = LOCATIONS[name]
    where = {"LocationType": policy.LocationType, "LocationId": policy.LocationId}
    values = [{"Value": f"192.0.2.{NAMES.index(name) + 1}"}]
    plain = {"Name": "www.shop.example.", "Type": "A", "TTL": 60, "ResourceRecords": values}
    given = {**plain, "SetIdentifier": name, "AZAffinity": where, **more}
    return {key: value for key, value in given.items() if value is not None}


def applied(*sets, action="CREATE", zone=None):
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": each} for each in sets]}
    return changes.apply(zone or BARE, batch)


def refusal(*sets, zone=None):
    with pytest.raises(Refusal) as caught:
        applied(*sets, zone=zone)
    assert all(fault.help for fault in caught.value.faults)
    return str(caught.value)


def test_a_batch_makes_changes_and_deletes_it():
    made = applied(*map(element, NAMES))
    assert answered(IN_AZ2, made) == {"group"}

    moved = applied(element("zone", AZAffinity=location("use1-az2")), action="UPSERT", zone=made)
    assert answered(IN_AZ2, moved) == {"zone"}
    gone = applied(element("group"), action="DELETE", zone=made)
    assert answered(IN_AZ2, gone) == {"region"}


def test_what_goes_out_as_a_batch_comes_back():
    zone = zone_of()

    sets = [each["ResourceRecordSet"] for each in as_batch(zone)["Changes"]]
    assert {"LocationType": "Global", "LocationId": "global"} in [
        each.get("AZAffinity") for each in sets
    ]
    again = Zone.from_json(as_batch(zone), "shop.example")
    assert {each.key: each for each in again} == {each.key: each for each in zone}


def location(identifier, level="AvailabilityZone"):
    return {"LocationType": level, "LocationId": identifier}


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"SetIdentifier": None}, "Missing field 'SetIdentifier'"),
        ({"Weight": 1}, "but found more than one"),
        ({"AZAffinity": {"LocationType": "Region"}}, "element 'AZAffinity' is not complete"),
        ({"AZAffinity": location("use1-az1", "Zone")}, "cvc-enumeration-valid: Value 'Zone'"),
        ({"AZAffinity": location("")}, "cvc-minLength-valid"),
        ({"AZAffinity": location("x" * 65)}, "cvc-maxLength-valid"),
        ({"AZAffinity": location("us-east-1a")}, "LocationId 'us-east-1a' is no AvailabilityZone"),
    ],
)
def test_a_batch_of_bad_form_is_refused(elements, words):
    assert words in refusal(element("zone", **elements))


def test_a_second_record_set_of_a_location_is_refused():
    text = refusal(element("zone"), element("zone", SetIdentifier="b"))

    assert "a AZ-affinity RRSet with the same name, type and location already exists" not in text
    assert "an AZ-affinity RRSet with the same name, type and location already exists" in text


def test_it_stands_beside_no_other_policy():
    weighted = element("zone", AZAffinity=None, Weight=1, SetIdentifier="w")

    assert "cannot be created as a non-AZ-affinity set exists" in refusal(
        element("zone"), zone=applied(weighted)
    )


# On the wire


class From:
    """A server that is asked in the name of an address."""

    address = "a server"

    def __init__(self, server, source):
        self._server, self._source = server, (source, 53)

    def carry(self, wire, **how):
        """As from there."""
        return self._server.carry(wire, source=self._source, **how)


def test_a_server_answers_each_resolver_by_its_own_zone_whatever_it_says_of_its_client():
    """What was prepared for one is not given to another."""
    with serve(zone_of(), state=state(), seed=1) as server:
        for address, answer in ((IN_AZ1, "zone"), (IN_AZ2, "group"), (NOWHERE, "all")) * 2:
            for subnet in (None, "10.1.1.0/24", "0.0.0.0/0"):
                asked = ask("www.shop.example", "A", From(server, address), subnet=subnet)
                assert asked.short() == f"192.0.2.{NAMES.index(answer) + 1}"
                assert asked.subnet in ("", f"{subnet}/0")


# Simulated


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
@pytest.mark.parametrize("profile", ["ideal", "google-like"])
@pytest.mark.parametrize(
    ("place", "down", "server"),
    [
        (parts.Place("10.0.1.0/24"), [], "zone"),
        (parts.Place("10.0.1.0/24"), ["hc-zone"], "region"),
        (parts.Place("10.0.2.0/24"), [], "region"),
        (parts.Place("10.7.0.0/16"), [], "all"),
        (parts.Place("10.7.0.0/16", egress="10.0.1.53"), [], "zone"),
        (parts.Place("10.0.1.0/24", egress="10.7.0.53"), [], "all"),
        (parts.Place("10.0.0.0/16", egress="10.0.2.53"), [], "region"),
    ],
)
def test_both_engines_ask_from_where_the_resolvers_are(engine, profile, place, down, server):
    """Also where they tell of their clients: that is not looked at."""
    scenario = Scenario(
        zone_of("zone", "region", "all"),
        "www",
        clients=Clients(40),
        places=[place],
        atlas=[
            Site("10.0.1.0/24", availability_zone="use1-az1"),
            Site("10.0.2.0/24", availability_zone="use1-az2"),
        ],
        unhealthy=down,
        duration=600,
    )
    outcome = run(scenario.set("resolvers.profile", profile), engine)

    counts = zip(outcome.addresses, map(sum, outcome.requests), strict=True)
    assert {NAMES[int(address[-1]) - 1] for address, count in counts if count} == {server}


@pytest.mark.parametrize("engine", ["events", "population"])
def test_a_place_in_a_zone_group_of_its_own_is_asked_from_there(engine):
    sites = [Site("10.0.3.0/24", availability_zone="use1-az6", zone_group="us-east-1-zg-2")]
    scenario = Scenario(
        zone_of("group", "region"),
        "www",
        clients=Clients(40),
        places=[parts.Place("10.0.3.0/24")],
        atlas=sites,
        duration=600,
    )

    moved = scenario.set("atlas.10.0.3.0/24.zone_group", "")
    assert run(scenario, engine).addresses == ("192.0.2.3",)
    assert run(moved, engine).addresses == ("192.0.2.2",)
