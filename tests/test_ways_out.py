"""Other ways out of an incident: what mends it is accepted, and what only looks so is not.

A table of each: what somebody on call may think of, and how the metrics take it.
"""

import pytest

from lab_engine import Balancer, LabError, incident
from lab_engine.course.oncall.incident import Incident

ONE, TWO, THREE, FOUR = (f"192.0.2.{n}" for n in (1, 2, 3, 4))
NOBODY = "198.51.100.9"  # no server was ever set up there
CDN = {"TTL": 300, "ResourceRecords": [{"Value": "shop.cdn.example"}]}
IDLE = {"SetIdentifier": "canary-aaaa", "TTL": 60, "Weight": 20}
ASIA = {"SetIdentifier": "to-asia", "GeoLocation": {"ContinentCode": "AS"}}
LARGE = {"SetIdentifier": "large", "Failover": "PRIMARY", "TTL": 60}


def change(action, name, kind, *values, **how):
    """One change of a batch; `TTL` is 60 where none is told."""
    target = f"{name}.shop.example" if name else "shop.example"
    told = {"ResourceRecords": [{"Value": each} for each in values]} if values else {}
    ttl = {} if "AliasTarget" in how else {"TTL": 60}
    record = {"Name": target, "Type": kind, **ttl, **told, **how}
    return lambda world: {"Action": action, "ResourceRecordSet": _of(world, record)}


def _of(world, record):
    """The record set, with this world's hosted zone where an alias needs it."""
    if "AliasTarget" not in record:
        return record
    return {**record, "AliasTarget": {"HostedZoneId": world.zone_id, **record["AliasTarget"]}}


def batch(*changes):
    return lambda world: world.change(*(each(world) for each in changes))


def put(*told, **how):
    return batch(change("UPSERT", *told, **how))


def gone(world: Incident, name: str):
    """Every record set of a name, deleted."""
    listed = world.client.list_resource_record_sets(HostedZoneId=world.zone_id)
    mine = [each for each in listed["ResourceRecordSets"] if each["Name"] == name]
    world.change(*({"Action": "DELETE", "ResourceRecordSet": each} for each in mine))


def without(name):
    return lambda world: gone(world, f"{name}.shop.example.")


def check(**told):
    """The one health check, told something else."""

    def do(world):
        (one,) = world.client.list_health_checks()["HealthChecks"]
        world.client.update_health_check(HealthCheckId=one["Id"], **told)

    return do


def another_check(world):
    config = {"IPAddress": ONE, "Port": 80, "Type": "HTTP", "ResourcePath": "/"}
    config |= {"RequestInterval": 10, "FailureThreshold": 1}
    made = world.client.create_health_check(CallerReference="new", HealthCheckConfig=config)
    put("www", "A", ONE, **LARGE, HealthCheckId=made["HealthCheck"]["Id"])(world)


def no_check(world):
    (one,) = world.client.list_health_checks()["HealthChecks"]
    world.client.delete_health_check(HealthCheckId=one["Id"])


def each_server(field, value):
    def do(world):
        for address in (ONE, TWO, THREE, FOUR):
            world.set(f"backends.{address}.{field}", value)

    return do


def alias(to, *, evaluate=True):
    return {"AliasTarget": {"DNSName": f"{to}.shop.example", "EvaluateTargetHealth": evaluate}}


NO_CNAME = change("DELETE", "", "CNAME", **CDN)

MENDS = {
    ("mail", "addresses at the apex"): batch(NO_CNAME, change("CREATE", "", "A", "203.0.113.7")),
    ("canary", "its record is deleted"): batch(
        change("DELETE", "www", "AAAA", "2001:db8::2", **IDLE)
    ),
    ("canary", "it points to the stable build"): put("www", "AAAA", "2001:db8::1", **IDLE),
    ("canary", "no IPv6 for now"): batch(
        change("DELETE", "www", "AAAA", "2001:db8::2", **IDLE),
        change(
            "DELETE",
            "www",
            "AAAA",
            "2001:db8::1",
            **{**IDLE, "SetIdentifier": "stable-aaaa", "Weight": 80},
        ),
    ),
    ("country", "both continents"): batch(
        *(
            change(
                "CREATE", "www", "A", ONE, SetIdentifier=code, GeoLocation={"ContinentCode": code}
            )
            for code in ("AF", "SA")
        )
    ),
    ("country", "no geolocation at all"): lambda world: (
        without("www")(world),
        put("www", "A", ONE)(world),
    ),
    ("checks", "a text of today"): check(SearchString="is well"),
    ("checks", "another check in its place"): another_check,
    ("branch", "no record for Asia"): batch(
        change("DELETE", "www", "A", **ASIA, **alias("asia", evaluate=False))
    ),
    ("branch", "Asia to the other branch"): put("www", "A", **ASIA, **alias("world")),
    ("branch", "the names of Asia to other servers"): batch(
        *(
            change(
                "UPSERT",
                "asia",
                "A",
                address,
                SetIdentifier=f"asia-{n}",
                Weight=1,
                HealthCheckId=f"hc-asia-{n}",
            )
            for n, address in ((1, THREE), (2, FOUR))
        )
    ),
    ("queues", "a balancer of connections"): lambda world: world.set("balancer", Balancer("L4")),
    ("queues", "larger servers"): each_server("capacity", 62),
    ("moved", "the old Java told to look again"): lambda world: world.set(
        "profiles.java-8.lifetime", 30
    ),
}

DOES_NOT = {
    ("mail", "the site is taken away"): batch(NO_CNAME),
    ("mail", "a mail server without an address"): batch(
        NO_CNAME,
        change("CREATE", "", "A", "203.0.113.7"),
        change("UPSERT", "", "MX", "10 nowhere.shop.example"),
    ),
    ("canary", "IPv6 to an address of nobody"): put("www", "AAAA", "2001:db8::99", **IDLE),
    ("canary", "all weights are 0"): batch(
        *(
            change("UPSERT", "www", "AAAA", value, TTL=60, Weight=0, SetIdentifier=f"{name}-aaaa")
            for name, value in (("canary", "2001:db8::2"), ("stable", "2001:db8::1"))
        )
    ),
    ("canary", "the name is deleted"): without("www"),
    ("country", "a default to an address of nobody"): put(
        "www", "A", NOBODY, SetIdentifier="d", GeoLocation={"CountryCode": "*"}
    ),
    ("country", "the name is deleted"): without("www"),
    ("checks", "the check is inverted"): check(Inverted=True),
    ("checks", "the check is disabled"): check(Disabled=True),
    ("checks", "the check is deleted"): no_check,
    ("checks", "a record without a check"): lambda world: (
        without("www")(world),
        put("www", "A", ONE)(world),
    ),
    ("checks", "a larger stand-in"): lambda world: world.set(f"backends.{TWO}.capacity", 1000),
    ("checks", "the name is deleted"): without("www"),
    ("branch", "Asia to an address of nobody"): put("www", "A", NOBODY, **ASIA),
    ("branch", "no checks in Asia"): batch(
        *(
            change("UPSERT", "asia", "A", address, SetIdentifier=f"asia-{n}", Weight=1)
            for n, address in ((1, ONE), (2, TWO))
        )
    ),
    ("branch", "the name is deleted"): without("www"),
    ("queues", "whoever would wait is refused"): each_server("queue", 0),
    ("queues", "servers that nobody describes"): lambda world: world.set("backends", ()),
    ("queues", "one server for all"): put("www", "A", ONE),
    ("queues", "the name is deleted"): without("www"),
    ("moved", "a TTL of 0"): put("api", "A", TWO, TTL=0),
    ("moved", "to an address of nobody"): put("api", "A", NOBODY),
    ("moved", "the name is deleted"): without("api"),
    ("moved", "a day's patience"): lambda world: world.wait(86_400),
}


# Of each incident one way of a kind is in the short run, of those that take long to measure.
LATER = {
    ("country", "both continents"),
    ("canary", "no IPv6 for now"),
    ("checks", "another check in its place"),
    ("branch", "Asia to the other branch"),
    ("branch", "the names of Asia to other servers"),
    ("queues", "a balancer of connections"),
    ("mail", "a mail server without an address"),
    ("country", "a default to an address of nobody"),
    ("checks", "the check is inverted"),
    ("checks", "the check is disabled"),
    ("checks", "a record without a check"),
    ("checks", "a larger stand-in"),
    ("checks", "the name is deleted"),
    ("queues", "whoever would wait is refused"),
    ("queues", "servers that nobody describes"),
    ("queues", "the name is deleted"),
    ("moved", "a TTL of 0"),  # each request of an hour is a question of its own
}


@pytest.fixture(scope="module")
def mail():
    """One for all who are refused, and so change nothing."""
    with incident("mail") as world:
        yield world


def _cases(table):
    return [
        pytest.param(*key, id=": ".join(key), marks=[pytest.mark.long] if key in LATER else [])
        for key in table
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "way"), _cases(MENDS))
def test_what_mends_it_ends_it(name, way):
    with incident(name) as world:
        MENDS[name, way](world)
        world.wait(60)

        assert world.metrics.well


@pytest.mark.slow
@pytest.mark.parametrize(("name", "way"), _cases(DOES_NOT))
def test_what_does_not_mend_it_does_not_end_it(name, way):
    """And it is measured: no change that the API takes leaves the night without metrics."""
    with incident(name) as world:
        DOES_NOT[name, way](world)
        world.wait(60)

        assert not world.metrics.well
        assert world.scenario.zone == world.server.zone


@pytest.mark.slow
def test_a_move_back_is_seen_as_one():
    """The old server is up until five: who is sent there is served there."""
    with incident("moved") as world:
        put("api", "A", ONE)(world)

        rows = dict(world.metrics.rows)
    assert rows["requests to the old server"] == "100 %"
    assert rows["requests that failed"] == "0 %"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["clients.rate", "clients.count", "resolvers.profile", "down", "duration", "", 3]
)
def test_what_nobody_on_call_can_change_is_refused(mail, path):
    before = mail.scenario

    with pytest.raises(LabError, match=r"not yours to change. Choose of clients\.profile"):
        mail.set(path, 1)
    assert mail.scenario == before


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [-1, "x", None, float("nan"), float("inf"), 86_401])
def test_time_passes_by_the_second_and_a_day_at_most(mail, seconds):
    with pytest.raises(LabError, match="not a time to wait"):
        mail.wait(seconds)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [(), ({},), ("rubbish",), ([],), ({"Action": "UPSERT"},)])
def test_what_is_no_change_is_refused_before_it_is_sent(mail, changes):
    before = mail.server.zone

    with pytest.raises(LabError, match=r"no list of changes: .*Nothing was changed\."):
        mail.change(*changes)
    assert mail.server.zone == before


@pytest.mark.slow
@pytest.mark.parametrize("asked", [(None,), (3,), ("www.shop.example", 3), ("a..b",)])
def test_a_question_that_is_none_is_refused(mail, asked):
    with pytest.raises(LabError, match="is not a"):
        mail.ask(*asked)
