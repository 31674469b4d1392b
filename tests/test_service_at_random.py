"""Whatever is asked: nothing but refusals is raised, and account, authority and book agree."""

from collections import Counter
from random import Random

import pytest

from lab_engine.authority import forms
from lab_engine.authority.availability import LEVELS
from lab_engine.authority.forms import Flag, Number
from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Moment
from lab_engine.control.forms import parameters
from lab_engine.control.operations import ASKING, CHANGING, OPERATIONS, replay
from lab_engine.control.refusal import Refusal
from tests.counts import LONG

SEEDS, REQUESTS = (20 if LONG else 10), 200
SHOP = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", "192.0.2.3"),
        RecordSet.of(
            "w", "A", "192.0.2.1", policy=Weighted(1), set_identifier="1", health_check_id="hc-1"
        ),
    ],
)
NONSENSE = (None, 5, "", "x" * 2000, [], [5], {}, {"a": []}, "\x00", "é", True, "a..b")
NAMES = ("shop.example", "a.example", "b.a.example", "www.shop.example", "com", "*.a.example")
WORDS = {
    "Name": NAMES,
    "DNSName": NAMES,
    "RecordName": NAMES,
    "StartRecordName": NAMES,
    "StartRecordType": ("A", "SOA"),
    "RecordType": ("A", "TXT", "SOA"),
    "ResolverIP": ("198.19.1.7", "2001:db8:1::7"),
    "EDNS0ClientSubnetIP": ("198.18.1.7", "2001:db8:2::7"),
    "EDNS0ClientSubnetMask": ("0", "24", "32", "64"),
    "MaxItems": ("1", "2", "100", "0"),
    "MaxResults": ("1", "2"),
    "NextToken": ("0", "1"),
    "Comment": ("", "why"),
    "LocationName": ("a", "b"),
    "IPAddress": ("127.0.0.1", "::1", "192.0.2.1"),
    "ResourcePath": ("/", "/health"),
    "FullyQualifiedDomainName": ("www.shop.example",),
    "ResetElements": ([name] for name in forms.choices("ResettableElementName")),
    "Regions": (["us-east-1", "eu-west-1", "sa-east-1"],),
    "AddTags": ([{"Key": "a", "Value": "b"}],),
    "RemoveTagKeys": (["a"],),
    "ResourceType": ("hostedzone", "healthcheck"),
    "ContinentCode": ("EU", "XX"),
    "CountryCode": ("FR", "US", "*"),
    "SubdivisionCode": ("CA",),
    "HostedZoneConfig": ({}, {"Comment": "x"}, {"PrivateZone": True}),
    "Type": ("MAX_RRSETS_BY_ZONE", "MAX_HEALTH_CHECKS_BY_OWNER"),
}
COLLECTIONS = ("a", "b", "c")
WORDS = {name: tuple(words) for name, words in WORDS.items()}


class Pages:
    """A book in memory."""

    def __init__(self):
        self.written = []

    def write(self, operation, params, moment, after):
        self.written.append((operation, params, Moment(moment.at, moment.seed)))


def request(rng, account):
    """An operation and its parameters: for the most part ones that can be meant."""
    often = ["ChangeResourceRecordSets"] * 10
    operation = rng.choice(
        (*sorted(OPERATIONS), *often, *(name for name in CHANGING if name in OPERATIONS))
    )
    params = {}
    known = parameters(operation)
    for name, form in known.fields.items():
        if name in known.required or rng.random() < 0.2:
            params[name] = value(rng, operation, name, form, account)
    return operation, params


def value(rng, operation, name, form, account):
    if name in MADE and rng.random() < 0.98:
        return MADE[name](rng, account)
    return rng.choice(choices(rng, operation, name, form, account))


def choices(rng, operation, name, form, account):
    """What a parameter may be."""
    held = ids(operation, name, account)
    if rng.random() < 0.02:
        return NONSENSE
    if isinstance(form, Number):
        return form.low, 1, 3, min(form.high, 80)
    if isinstance(form, Flag):
        return False, True
    if held is not None:
        return (*held, *held[:1] * 3, "none")
    return COLLECTIONS if operation == "CreateCidrCollection" else WORDS.get(name, "1234")


def ids(operation, name, account):
    """The ids that a parameter may have; None where it is no id."""
    if name in ("ResourceId", "ResourceIds"):
        return (*account.hosted_zones, *account.checks)
    if name == "HostedZoneId" or (name == "Id" and "HostedZone" in operation):
        return tuple(account.hosted_zones)
    if name in ("Id", "CollectionId") and "Cidr" in operation:
        return tuple(account.collections)
    kinds = {"Id": account.changes, "HealthCheckId": account.checks, "Marker": account.checks}
    return tuple(kinds[name]) if name in kinds else None


def batch(rng, account):
    changes = [
        {"Action": rng.choice(("CREATE", "UPSERT", "UPSERT", "DELETE")), "ResourceRecordSet": each}
        for each in (record_set(rng, account) for _ in range(rng.choice((1, 1, 1, 3))))
    ]
    return {"Changes": changes, "Comment": "at random"}


def record_set(rng, account):
    """One of a simple, a weighted, an IP-based and an AZ-affinity group."""
    kind = rng.choice(("plain", "weighted", "ip", "zonal"))
    origin = account.zones[0].origin if account.zones else "a.example."
    name = f"{kind}.{rng.choice(('x.', ''))}{origin}"
    made = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    if kind == "weighted":
        check = rng.choice((*account.checks, "hc-1"))
        made |= {"SetIdentifier": check, "Weight": rng.randint(0, 255), "HealthCheckId": check}
    if kind == "ip":
        collection = next(iter(account.collections), "none")
        location = rng.choice(("a", "b", "*"))
        config = {"CollectionId": collection, "LocationName": location}
        made |= {"SetIdentifier": location, "CidrRoutingConfig": config}
    if kind == "zonal":
        level, location = rng.choice([*LEVELS.items()])
        where = {"LocationType": level, "LocationId": location}
        made |= {"SetIdentifier": level, "AZAffinity": where}
    return made


def blocks(rng, account):
    return [
        {
            "LocationName": rng.choice("ab"),
            "Action": rng.choice(("PUT", "PUT", "DELETE_IF_EXISTS")),
            "CidrList": [f"10.{rng.randint(0, 5)}.0.0/16"],
        }
        for _ in range(rng.randint(1, 2))
    ]


def config(rng, account):
    if rng.random() < 0.3:
        return {"Type": "CALCULATED", "HealthThreshold": 1, **children(rng, account)}
    return {"Type": "TCP", "IPAddress": "127.0.0.1", "Port": rng.choice((80, 81))}


def children(rng, account):
    return {"ChildHealthChecks": rng.sample([*account.checks], min(2, len(account.checks)))}


MADE = {
    "ChangeBatch": batch,
    "Changes": blocks,
    "HealthCheckConfig": config,
    "ChildHealthChecks": lambda rng, account: [*account.checks][:1],
    "ResourceIds": lambda rng, account: [*account.hosted_zones][:2],
    "AlarmIdentifier": lambda rng, account: {"Region": "us-east-1", "Name": "a"},
}


def first_of_each_name(zones):
    found = {}
    for zone in zones:
        found.setdefault(zone.origin, zone)
    return [*found.values()]


def locations(zone):
    """The blocks that the record sets of a zone carry, by collection and location."""
    for each in zone:
        if each.policy.name == "IP-based":
            yield each.policy.CidrRoutingConfig


def carried_out(service, rng, call):
    """Many requests; how often each of them was not refused."""
    done = Counter()
    for _ in range(REQUESTS):
        operation, params = request(rng, service.account)
        before = service.account
        refused = False
        try:
            call(service, operation, **params)
        except Refusal:
            refused = True
        done[operation] += not refused
        assert service.account is before or (operation in CHANGING and not refused)
        assert [*service.authority.zones] == first_of_each_name(service.account.zones)
    return done


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_account_authority_and_book_stay_in_step(start, call, seed):
    book, rng = Pages(), Random(seed)
    service = start(SHOP, ids={"shop.example": "Z1SHOP"}, book=book)
    first = service.account

    carried_out(service, rng, call)
    account = service.account
    for place in (each for zone in account.zones for each in locations(zone)):
        held = account.collections[place.collection_id].locations.get(place.name, ())
        assert tuple(map(str, place.blocks)) == held
    for operation, params, moment in book.written:
        first = replay(first, operation, params, moment)
    assert (first.checks, first.collections) == (account.checks, account.collections)
    assert (first.changes, first.tags, first.said) == (account.changes, account.tags, account.said)
    for old, new in zip(first.zones, account.zones, strict=True):
        assert set(old.record_sets) == set(new.record_sets)


@pytest.mark.slow
def test_nearly_every_operation_was_carried_out(start, call):
    """The random requests are worth something."""
    done = Counter()
    for seed in range(SEEDS):
        service = start(SHOP, ids={"shop.example": "Z1SHOP"})
        done += carried_out(service, Random(seed), call)

    assert {*CHANGING, *ASKING} - set(done) <= {"lab:ReplaceZone", "lab:SetHealth"}
    assert done["ChangeResourceRecordSets"] > SEEDS
