"""Change batches applied to a zone: what becomes of it, and every refusal in Route 53's words."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority import cidr
from lab_engine.authority.policies import Failover, Latency, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control import changes
from lab_engine.control.refusal import Refusal
from lab_engine.control.writing import as_batch, element
from tests.counts import LONG

BLOCKS = (Path(__file__).parent / "policies" / "cidr_blocks.json").read_text()
ELB = "lb-1.eu-west-1.elb.amazonaws.com."
LEAD = "Tried to create an alias that targets"
TARGET = {"HostedZoneId": "Z1", "DNSName": "www.example.com", "EvaluateTargetHealth": False}


def weighted(identifier, weight):
    policy = Weighted(weight)
    return RecordSet.of("w", "A", "192.0.2.1", 60, policy=policy, set_identifier=identifier)


ZONE = Zone.of(
    "example.com",
    [
        RecordSet.of("www", "A", ["192.0.2.1", "192.0.2.2"]),
        RecordSet.of("mail", "CNAME", "www.example.com."),
        weighted("a", 1),
        weighted("b", 2),
        RecordSet.of("lat", "A", "192.0.2.1", policy=Latency("eu-west-1"), set_identifier="eu"),
        RecordSet.alias_to("al", "A", "www.example.com."),
    ],
)


def change(action="CREATE", name="new.example.com.", rdtype="A", **elements):
    """A change of a record set with one good value; None takes an element away."""
    good = {"A": "192.0.2.9", "CNAME": "www.example.com", "TXT": '"text"', "AAAA": "2001:db8::9"}
    plain = {
        "Name": name,
        "Type": rdtype,
        "TTL": 60,
        "ResourceRecords": [{"Value": good.get(rdtype, "10 mail.example.com")}],
    }
    given_ = {k: v for k, v in {**plain, **elements}.items() if v is not None}
    return {"Action": action, "ResourceRecordSet": given_}


def alias(target, name="new.example.com.", rdtype="A", zone="Z1", action="CREATE", **elements):
    to = {**TARGET, "HostedZoneId": zone, "DNSName": target}
    bare = {"TTL": None, "ResourceRecords": None, "AliasTarget": to}
    return change(action, name, rdtype, **bare, **elements)


def values(*texts):
    return [{"Value": text} for text in texts]


def applied(*batch, zone=ZONE, **known):
    return changes.apply(zone, {"Changes": list(batch)}, changes.Known(**known))


def refusal(*batch, zone=ZONE, **known):
    """The refusal of a batch, of which nothing is done."""
    before = zone.record_sets
    with pytest.raises(Refusal) as caught:
        applied(*batch, zone=zone, **known)
    assert zone.record_sets is before
    assert all(fault.help for fault in caught.value.faults)
    return caught.value


def refused(*batch, **options):
    """The message of a refused batch."""
    found = refusal(*batch, **options)
    assert found.code == "InvalidChangeBatch"
    return found.message


def invalid(*batch):
    """The message of a batch of bad form."""
    found = refusal(*batch)
    assert found.code == "InvalidInput"
    return found.message


def elements(zone):
    return {each.key: element(each) for each in zone}


# What becomes of a zone


def test_create_upsert_and_delete_in_one_batch():
    gone = change("DELETE", "www.example.com", ResourceRecords=values("192.0.2.2", "192.0.2.1"))
    gone["ResourceRecordSet"]["TTL"] = 300
    after = applied(
        alias("www.example.com.", "al.example.com", zone="", action="DELETE"),
        gone,
        change("UPSERT", "mail.example.com", "CNAME", ResourceRecords=values("a.example.net")),
        change("CREATE", "new.example.com", "AAAA"),
        change("UPSERT", "other.example.com"),
    )

    names = {str(each) for each in after} - {str(each) for each in ZONE}
    assert names == {"new.example.com. AAAA", "other.example.com. A"}
    assert "www.example.com. A" not in map(str, after)
    assert "mail.example.com. 60 IN CNAME a.example.net." in after.to_text()


def test_the_zone_that_was_given_stays_as_it_is():
    before = elements(ZONE)

    after = applied(change("UPSERT", "www.example.com"))

    assert after is not ZONE
    assert elements(ZONE) == before


def test_a_batch_comes_as_text_as_an_object_or_with_its_zone_around_it():
    body = {"Comment": "one", "Changes": [change()]}
    whole = {"HostedZoneId": "Z1", "ChangeBatch": body}

    results = [changes.apply(ZONE, batch) for batch in (json.dumps(body), body, whole)]

    assert all(elements(each) == elements(results[0]) for each in results)


@pytest.mark.parametrize("batch", ["", "{", "[]", "null", '{"Changes": [], "Changes": []}'])
def test_text_that_is_no_batch_is_refused(batch):
    with pytest.raises(Refusal) as caught:
        changes.apply(ZONE, batch)

    assert caught.value.code == "InvalidInput"


def test_names_are_absolute_in_lower_case_and_escaped_in_octal():
    after = applied(change(name=r"\052.NEW.Example.com"))

    (new,) = set(after) - set(ZONE)
    assert new.name.labels == (b"*", b"new", b"example", b"com", b"")
    assert element(new)["Name"] == r"\052.new.example.com."


def test_a_cname_is_swapped_for_an_alias_in_one_batch():
    old = change(
        "DELETE", "mail.example.com", "CNAME", TTL=300, ResourceRecords=values("www.example.com.")
    )
    new = alias("www.example.com", "mail.example.com")

    after = applied(old, new)

    assert "mail.example.com. A" in map(str, after)
    assert "mail.example.com. CNAME" not in map(str, after)


def test_a_set_is_deleted_and_made_anew_in_one_batch():
    old = change("DELETE", "lat.example.com", Region="eu-west-1", SetIdentifier="eu")
    old["ResourceRecordSet"] |= {"TTL": 300, "ResourceRecords": values("192.0.2.1")}
    new = change("CREATE", "lat.example.com", Weight=5, SetIdentifier="eu")

    after = applied(old, new)

    assert [type(e.policy) for e in after if str(e.name) == "lat.example.com."] == [Weighted]


def test_the_ttl_of_a_weighted_group_changes_in_one_batch():
    both = [change("UPSERT", "w.example.com", Weight=1, SetIdentifier=each, TTL=5) for each in "ab"]

    after = applied(*both)

    assert {each.ttl for each in after if str(each.name) == "w.example.com."} == {5}


def test_primary_and_secondary_change_places_in_one_batch():
    pair = [
        change(name="f.example.com", Failover=role, SetIdentifier=each, HealthCheckId="hc")
        for each, role in (("a", "PRIMARY"), ("b", "SECONDARY"))
    ]
    zone = applied(*pair)
    swapped = [
        change("UPSERT", "f.example.com", Failover=role, SetIdentifier=each, HealthCheckId="hc")
        for each, role in (("a", "SECONDARY"), ("b", "PRIMARY"))
    ]

    after = applied(*swapped, zone=zone)

    roles = {e.set_identifier: e.policy for e in after if str(e.name) == "f.example.com."}
    assert roles == {"a": Failover("SECONDARY"), "b": Failover("PRIMARY")}


def test_the_soa_and_the_name_servers_can_be_replaced():
    apex = "example.com."
    soa = "ns.example.net. hostmaster.example.net. 2 7200 900 1209600 60"

    after = applied(
        change("UPSERT", apex, "SOA", ResourceRecords=values(soa)),
        change("UPSERT", apex, "NS", ResourceRecords=values("ns.example.net")),
    )

    assert after.soa.texts == (soa,)


def test_a_delete_names_the_zone_of_an_alias_that_did_not_name_it():
    after = applied(alias("www.example.com", "al.example.com", action="DELETE"), zone_id="Z1")

    assert "al.example.com. A" not in map(str, after)


def test_locations_take_their_blocks_from_the_collections():
    routing = {"CollectionId": "c1", "LocationName": "office"}
    one = change(CidrRoutingConfig=routing, SetIdentifier="office")

    after = applied(one, collections=cidr.read(BLOCKS))

    (new,) = set(after) - set(ZONE)
    assert [str(block) for block in new.policy.CidrRoutingConfig.blocks] == [
        "10.1.0.0/16",
        "2001:db8:9::/48",
    ]
    # a collection that is gone does not keep its record sets from being deleted
    assert elements(applied({**one, "Action": "DELETE"}, zone=after)) == elements(ZONE)


# Keys


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            change(name="www.example.com."),
            (
                "Tried to create resource record set [name='www.example.com.', type='A'] "
                "but it already exists"
            ),
        ),
        (
            change(name="w.example.com.", Weight=1, SetIdentifier="a"),
            (
                "Tried to create resource record set [name='w.example.com.', type='A', "
                "set-identifier='a'] but it already exists"
            ),
        ),
        (
            change("DELETE", "none.example.com."),
            (
                "Tried to delete resource record set [name='none.example.com.', type='A'] "
                "but it was not found"
            ),
        ),
        (
            change("DELETE", "w.example.com.", Weight=1, SetIdentifier="c"),
            (
                "Tried to delete resource record set [name='w.example.com.', type='A', "
                "set-identifier='c'] but it was not found"
            ),
        ),
        (
            change(name="www.example.org."),
            "RRSet with DNS name www.example.org. is not permitted in zone example.com.",
        ),
    ],
)
def test_an_action_that_does_not_fit_what_is_there(one, text):
    assert refused(one) == f"[{text}]"


@pytest.mark.parametrize(
    "other",
    [
        {"TTL": 61},
        {"ResourceRecords": values("192.0.2.2")},
        {"ResourceRecords": values("192.0.2.1", "192.0.2.2")},
        {"Weight": 2},
        {"Weight": None, "Region": "eu-west-1"},
        {"HealthCheckId": "hc-1"},
    ],
)
def test_a_delete_must_repeat_all_that_is_there(other):
    same = {"Weight": 1, "SetIdentifier": "a", "ResourceRecords": values("192.0.2.1")}

    assert refused(change("DELETE", "w.example.com.", **{**same, **other})) == (
        "[Tried to delete resource record set [name='w.example.com.', type='A', "
        "set-identifier='a'] but the values provided do not match the current values]"
    )


@pytest.mark.parametrize(("target", "zone"), [("w.example.com", "Z1"), ("www.example.com", "Z2")])
def test_a_delete_must_repeat_the_alias_too(target, zone):
    one = alias(target, "al.example.com", zone=zone, action="DELETE")

    assert "do not match the current values" in refused(one, zone_id="Z1")


def test_deleting_the_same_set_twice():
    one = change("DELETE", "mail.example.com", "CNAME", TTL=300)

    message = refused(one, one)

    text = "The request contains an invalid set of changes for a resource record set"
    assert f"{text} 'CNAME mail.example.com.'" in message


@pytest.mark.parametrize(
    "actions", [("UPSERT", "UPSERT"), ("CREATE", "DELETE"), ("DELETE", "UPSERT", "UPSERT")]
)
def test_a_set_is_changed_once_in_a_batch(actions):
    batch = [change(action) for action in actions]

    assert "an invalid set of changes for a resource record set 'A new." in refused(*batch)


@pytest.mark.parametrize(
    ("rdtype", "text"),
    [
        ("SOA", "A HostedZone must contain exactly one SOA record."),
        ("NS", "A HostedZone must contain at least one NS record for the zone itself."),
    ],
)
def test_the_apex_keeps_its_soa_and_ns(rdtype, text):
    (held,) = (e for e in ZONE if str(e) == f"example.com. {rdtype}")

    assert refused({"Action": "DELETE", "ResourceRecordSet": element(held)}) == f"[{text}]"


# What may not stand together


def test_a_cname_at_the_apex():
    assert refused(change(name="example.com", rdtype="CNAME")) == (
        "[RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone "
        "example.com.]"
    )


def test_a_set_where_a_cname_is():
    assert refused(change(name="mail.example.com")) == (
        "[RRSet of type A with DNS name mail.example.com. is not permitted because a conflicting "
        "RRSet of type  CNAME with the same DNS name already exists in zone example.com.]"
    )


def test_a_cname_where_a_set_is():
    target = values("a.example.net")

    assert refused(change(name="www.example.com", rdtype="CNAME", ResourceRecords=target)) == (
        "[RRSet of type CNAME with DNS name www.example.com. is not permitted as it conflicts "
        "with other records with the same DNS name in zone example.com.]"
    )


def test_a_policy_over_a_simple_set_or_another_policy():
    over_simple = change(name="www.example.com", Weight=1, SetIdentifier="a")
    over_weighted = change(name="w.example.com", Region="eu-west-1", SetIdentifier="eu")
    in_place = change("UPSERT", "w.example.com", Region="eu-west-1", SetIdentifier="a")

    assert refused(over_simple) == (
        "[RRSet with DNS name www.example.com., type A, SetIdentifier a cannot be created as a "
        "non-weighted set exists with the same name and type.]"
    )
    assert refused(over_weighted) == (
        "[RRSet with DNS name w.example.com., type A, SetIdentifier eu cannot be created as a "
        "non-latency set exists with the same name and type.]"
    )
    assert "SetIdentifier a cannot be created as a non-latency set exists" in refused(in_place)


def test_multivalue_over_another_policy():
    one = change(name="w.example.com", MultiValueAnswer=True, SetIdentifier="m")

    assert refused(one) == (
        '[RRSet with DNS name w.example.com., type A, SetIdentifier "m" cannot be created because '
        "a non multivalue answer rrset exists with the same name and type.]"
    )


def test_a_simple_set_over_a_policy():
    assert refused(change(name="w.example.com")) == (
        "[RRSet with DNS name w.example.com., type A cannot be created as other RRSets exist with "
        "the same name and type.]"
    )


def test_another_ttl_in_a_weighted_group():
    assert refused(change(name="w.example.com", Weight=1, SetIdentifier="c", TTL=5)) == (
        "[RRSet with DNS name w.example.com. and type A, SetIdentifier c cannot be created as "
        "weighted sets must contain the same TTL.]"
    )


@pytest.mark.parametrize(
    "policy",
    [
        {"GeoLocation": {"ContinentCode": "EU", "CountryCode": "FR"}},
        {"GeoLocation": {"ContinentCode": "XX"}},
        {"GeoLocation": {"CountryCode": "CX"}},
        {"GeoLocation": {"CountryCode": "UK"}},
        {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "ZZ"}},
        {"GeoProximityLocation": {"AWSRegion": "moon-1"}},
        {"GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": 100}},
        {"GeoProximityLocation": {}},
        {"GeoProximityLocation": {"Coordinates": {"Latitude": "91", "Longitude": "0"}}},
        {"GeoProximityLocation": {"Coordinates": {"Latitude": "9"}}},
    ],
)
def test_a_place_that_is_none(policy):
    assert invalid(change(SetIdentifier="a", **policy))


def test_a_place_that_is_none_is_said_with_its_change():
    place = {"GeoLocation": {"CountryCode": "UK"}}

    for action in ("CREATE", "DELETE"):
        assert invalid(change(action, SetIdentifier="a", **place)) == (
            "Invalid request: the geolocation UK does not exist in Change with "
            f"[Action={action}, Name=new.example.com., Type=A, SetIdentifier=a]"
        )


def test_a_set_holds_400_values():
    texts = [f"10.0.{n // 256}.{n % 256}" for n in range(401)]

    assert applied(change(ResourceRecords=values(*texts[:400])))
    assert refused(change(ResourceRecords=values(*texts))) == (
        "[Cannot have more than 400 records in a RRSet.]"
    )


def test_one_hundred_weighted_sets_and_no_more():
    full = [change(name="x.example.com", Weight=1, SetIdentifier=str(n)) for n in range(100)]
    zone = applied(*full)
    one = change(name="x.example.com", Weight=1, SetIdentifier="100")

    assert refused(one, zone=zone) == (
        "[Exceeded limit on number of weighted RRSets for x.example.com., type A in this zone.]"
    )


def test_a_primary_without_a_health_check():
    one = change(Failover="PRIMARY", SetIdentifier="p")

    assert refused(one) == (
        "[A non-alias primary ResourceRecordSet must have an associated health check. "
        "No changes made.]"
    )
    assert applied(alias("www.example.com", Failover="PRIMARY", SetIdentifier="p"))


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (
            {"Region": "eu-west-1"},
            (
                "Region Name=eu-west-1 cannot be created because a latency RRSet with the same "
                "name, type and region already exists."
            ),
        ),
        (
            {"Failover": "PRIMARY", "HealthCheckId": "hc"},
            (
                "Failover=PRIMARY cannot be created because a failover RRSet with the same name, "
                "type and failover type already exists."
            ),
        ),
        (
            {"GeoLocation": {"CountryCode": "FR"}},
            (
                "GeoLocation=CountryCode FR cannot be created because a geolocation RRSet with "
                "the same name, type and geolocation already exists."
            ),
        ),
    ],
)
def test_two_members_with_one_region_role_or_place(policy, text):
    pair = [change(**policy, SetIdentifier=each) for each in "ab"]

    lead = "RRSet with DNS name new.example.com., type A, SetIdentifier b, and "
    assert refused(*pair) == f"[{lead}{text}]"


def test_an_alias_to_a_third_party_has_both_messages():
    lead = f"{LEAD} other.example.net., type A in zone Z9, but"

    assert refused(alias("other.example.net", zone="Z9")) == (
        f"[{lead} the alias target name does not lie within the target zone, "
        f"{lead} that target was not found]"
    )


@pytest.mark.parametrize(
    ("target", "zone"), [(ELB, "Z1"), ("www.example.com.", "Z2"), ("d1.cloudfront.net.", "Z2")]
)
def test_an_alias_under_the_wrong_hosted_zone(target, zone):
    message = refused(alias(target, zone=zone), zone_id="Z1")

    lead = f"{LEAD} {target}, type A in zone {zone}, but"
    assert message.startswith(f"[{lead} the alias target name does not lie within")
    assert message.endswith(f"{lead} that target was not found]")


@pytest.mark.parametrize(
    ("target", "help_"),
    [
        (ELB, "Its HostedZoneId is Z32O12XQLNTSW2"),
        ("lb-1.ap-southeast-7.elb.amazonaws.com.", "Its HostedZoneId is that of its service in"),
        ("www.example.com.", "Its HostedZoneId is Z1"),
        ("lb.example.net.", "Use a CNAME for a third party's name."),
    ],
)
def test_an_alias_without_the_hosted_zone_of_its_target(target, help_):
    """Where the zone's own id is known, no id is none of any zone's, its own included."""
    with pytest.raises(Refusal) as caught:
        applied(alias(target, zone=""), zone_id="Z1")

    assert f"{LEAD} {target}, type A in zone , but the alias target" in caught.value.message
    assert help_ in caught.value.help


@pytest.mark.parametrize(
    ("target", "zone"),
    [
        ("internal-x-1.us-gov-west-1.elb.amazonaws.com.", "Z1K6XKP9SAGWDV"),
        (ELB, "Z35SXDOTRQ7X7K"),
        ("nlb-1.elb.eu-west-1.amazonaws.com.", "Z32O12XQLNTSW2"),
        ("s3-website-eu-west-1.amazonaws.com.", "Z3AQBSTGFYJSTF"),
        ("d-1.execute-api.eu-west-1.amazonaws.com.", "Z1UJRXOUMOOFQ8"),
        ("a1.eu-west-1.awsapprunner.com.", "Z01915732ZBZKC8D32TPT"),
        ("a1.awsglobalaccelerator.com.", "Z2FDTNDATAQYW2"),
    ],
)
def test_an_alias_to_an_endpoint_under_the_hosted_zone_of_another(target, zone):
    """Of another Region or another service: the name does not lie in it."""
    message = refused(alias(target, zone=zone), zone_id="Z1")

    lead = f"{LEAD} {target}, type A in zone {zone}, but"
    assert f"{lead} the alias target name does not lie within the target zone" in message


@pytest.mark.parametrize(
    ("target", "zone", "rdtype"),
    [
        (ELB, "Z32O12XQLNTSW2", "A"),
        ("nlb-1.elb.eu-west-1.amazonaws.com.", "Z2IFOLAFXWLO4F", "AAAA"),
        ("d111111abcdef8.cloudfront.net.", "Z2FDTNDATAQYW2", "HTTPS"),
        ("a1.eu-west-1.awsapprunner.com.", "Z087551914Z2PCAU0QHMW", "A"),
        ("search-shop-1.aos.eu-west-1.on.aws.", "Z0ANY", "A"),
        ("lb-1.ap-southeast-7.elb.amazonaws.com.", "Z0NEW", "A"),
    ],
)
def test_an_alias_to_an_endpoint_under_its_own_hosted_zone(target, zone, rdtype):
    """Where the lab does not know which that is, it may be any."""
    assert applied(alias(target, zone=zone, rdtype=rdtype), zone_id="Z1")


@pytest.mark.parametrize(
    ("target", "zone", "right"),
    [
        (ELB, "/hostedzone/Z32O12XQLNTSW2", "Z32O12XQLNTSW2"),
        (ELB, "hostedzone/Z32O12XQLNTSW2", "Z32O12XQLNTSW2"),
        ("www.example.com.", "/hostedzone/Z1", "Z1"),
        ("www.example.com.", "/hostedzone/Z0123456789ABCDEFGHIJ", "Z0123456789ABCDEFGHIJ"),
    ],
)
def test_an_id_that_was_pasted_with_its_path(target, zone, right):
    found = refusal(alias(target, zone=zone), zone_id="Z1")

    assert f"HostedZoneId takes the id alone: write {right}" in found.help


def test_the_id_of_a_health_check_that_was_pasted_with_its_path():
    found = refusal(
        change(Weight=1, SetIdentifier="a", HealthCheckId="/healthcheck/hc-1"),
        health_checks={"hc-1"},
    )

    assert "HealthCheckId takes the id alone: write hc-1" in found.help


@pytest.mark.parametrize(
    ("target", "rdtype"), [("none.example.com.", "A"), ("www.example.com.", "AAAA")]
)
def test_an_alias_to_what_is_not_there_or_of_another_type(target, rdtype):
    assert refused(alias(target, rdtype=rdtype)) == (
        f"[{LEAD} {target}, type {rdtype} in zone Z1, but that target was not found]"
    )


def test_an_alias_to_itself():
    assert refused(alias("new.example.com")) == (
        f"[{LEAD} new.example.com., type A in zone Z1, but that target was not found, RRSet of "
        "type A with DNS name new.example.com. is not permitted as it creates a CNAME or alias "
        "loop in the zone.]"
    )


def test_aliases_that_lead_to_each_other():
    message = refused(
        alias("b.example.com", "a.example.com"), alias("a.example.com", "b.example.com")
    )

    assert message.startswith(f"[{LEAD} b.example.com., type A in zone Z1, but that target was not")
    assert message.endswith(
        "RRSet of type A with DNS name b.example.com. is not permitted as it creates a CNAME or "
        "alias loop in the zone.]"
    )


@pytest.mark.parametrize("length", [1, 2, 5])
def test_of_cnames_that_lead_round_the_last_is_refused(length):
    ring = [
        change(
            name=f"c{n}.example.com",
            rdtype="CNAME",
            ResourceRecords=values(f"c{(n + 1) % length}.example.com"),
        )
        for n in range(length)
    ]

    last = f"RRSet of type CNAME with DNS name c{length - 1}.example.com. is not permitted as it"
    assert refused(*ring) == f"[{last} creates a CNAME or alias loop in the zone.]"


def test_a_target_that_goes_while_an_alias_leads_to_it():
    gone = change(
        "DELETE", "www.example.com", TTL=300, ResourceRecords=values("192.0.2.1", "192.0.2.2")
    )

    assert "al.example.com. A is an alias to www.example.com., which has no A" in refused(gone)


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (alias("www.example.com", MultiValueAnswer=True, SetIdentifier="m"), "multivalue alias"),
        (change(HealthCheckId="hc"), "has a health check and no policy"),
        (change(name="*.example.com", rdtype="NS", ResourceRecords=values("a.b")), "wildcard"),
        (change(rdtype="CNAME", ResourceRecords=values("a.b", "c.d")), "more than one value"),
        (alias(ELB, rdtype="TXT", zone="Z32O12XQLNTSW2"), "Use type A or AAAA"),
    ],
)
def test_every_other_rule_of_a_zone_is_a_refusal_too(one, rule):
    found = refusal(one)

    assert found.code == "InvalidChangeBatch"
    assert rule in str(found)


def test_a_health_check_that_is_not_there():
    one = change(Weight=1, SetIdentifier="a", HealthCheckId="hc-9")

    found = refusal(one, health_checks={"hc-1"})

    assert (found.code, found.status) == ("NoSuchHealthCheck", 404)
    assert found.message == "A health check with id hc-9 does not exist."
    assert applied(one, health_checks={"hc-9"})
    assert applied(one)  # nothing is known of health checks


def test_all_faults_are_found_at_once_in_the_order_of_the_changes():
    found = refusal(
        change(name="mail.example.com"),
        change("DELETE", "none.example.com"),
        change(name="www.example.com"),
        change(name="other.example.org"),
        change(name="w.example.com"),
    )

    signs = ("  CNAME", "was not found", "already exists", "not permitted in zone", "other RRSets")
    texts = [fault.text for fault in found.faults]
    assert len(texts) == len(signs)
    assert all(sign in text for sign, text in zip(signs, texts, strict=True))
    assert found.message == f"[{', '.join(texts)}]"


def test_several_sets_that_exist():
    both = [change(name=name) for name in ("www.example.com.", "al.example.com.")]

    assert refused(*both) == (
        "[Tried to create resource record set [name='www.example.com.', type='A'] but it already "
        "exists, Tried to create resource record set [name='al.example.com.', type='A'] but it "
        "already exists]"
    )


# How many


def test_a_zone_holds_so_many_record_sets():
    held = len(ZONE.record_sets)
    two = [change(name=f"n{n}.example.com") for n in range(2)]

    assert applied(*two, max_record_sets=held + 2)
    assert refused(*two, max_record_sets=held + 1, zone_id="Z1") == (
        "[Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z1]"
    )


def test_a_zone_that_is_over_its_limit_may_shrink_and_change():
    gone = change(
        "DELETE", "mail.example.com", "CNAME", TTL=300, ResourceRecords=values("www.example.com")
    )

    assert applied(gone, max_record_sets=1)
    assert applied(change("UPSERT", "www.example.com"), max_record_sets=1)


# How it looks


def test_a_notebook_shows_route_53s_words_and_a_line_of_help():
    found = refusal(change(name="www.example.com."))

    assert found._render_traceback_() == [
        "Refusal: InvalidChangeBatch: [Tried to create resource record set",
        "[name='www.example.com.', type='A'] but it already exists]",
        "Use UPSERT to replace it.",
    ]


# Laws

NAMES = ("a.example.com.", "b.example.com.", r"\052.example.com.")


@st.composite
def some_change(draw):
    action = draw(st.sampled_from(["CREATE", "UPSERT", "DELETE"]))
    name = draw(st.sampled_from(NAMES))
    rdtype = draw(st.sampled_from(["A", "AAAA", "CNAME"]))
    made = change(action, name, rdtype, TTL=draw(st.sampled_from([60, 300])))
    if draw(st.booleans()):
        identifier, weight = draw(st.sampled_from("xy")), draw(st.integers(0, 2))
        made["ResourceRecordSet"] |= {"SetIdentifier": identifier, "Weight": weight}
    return made


def key_of(given_):
    return given_["Name"], given_["Type"], given_.get("SetIdentifier", "")


@pytest.mark.slow
@settings(max_examples=200 if LONG else 60, deadline=None)
@given(st.lists(st.lists(some_change(), min_size=1, max_size=4), max_size=6))
def test_random_batches_give_what_a_plain_dict_would_or_nothing(batches):
    zone = Zone.of("example.com", [RecordSet.of("www", "A", "192.0.2.1")])
    fixed = {key_of(e): e for e in map(element, zone)}
    model = dict(fixed)
    for batch in batches:
        after = dict(model)
        for each in batch:
            if each["Action"] == "DELETE":
                after.pop(key_of(each["ResourceRecordSet"]), None)
            else:
                after[key_of(each["ResourceRecordSet"])] = each["ResourceRecordSet"]
        try:
            zone = changes.apply(zone, {"Changes": batch})
        except Refusal:
            after = model
        model = after

        found = {key_of(e): e for e in map(element, zone)}
        assert found.keys() == model.keys()
        assert all(found[k]["TTL"] == model[k]["TTL"] for k in model)
        assert all(found[k].get("Weight") == model[k].get("Weight") for k in model)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(some_change(), min_size=1, max_size=5))
def test_deleting_what_was_made_gives_back_the_same_zone(batch):
    for each in batch:
        each["Action"] = "CREATE"
    try:
        after = applied(*batch)
    except Refusal:
        return

    back = [{**each, "Action": "DELETE"} for each in batch]

    assert elements(applied(*back, zone=after)) == elements(ZONE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)


@pytest.mark.slow
@settings(max_examples=200 if LONG else 60, deadline=None)
@given(st.data())
def test_whatever_is_sent_is_applied_or_refused(data):
    one = data.draw(some_change())
    place = data.draw(st.sampled_from([one, one["ResourceRecordSet"]]))
    name = data.draw(st.sampled_from([*place, "Weight", "AliasTarget", "GeoLocation", "Region"]))
    place[name] = data.draw(JSON | st.sampled_from([values("x"), {"CountryCode": "FR"}, "a..b"]))

    try:
        after = applied(one)
    except Refusal as wrong:
        after = wrong

    assert isinstance(after, Zone | Refusal)  # and no other error came out


def test_a_zones_own_batch_makes_it_anew():
    apex = [each for each in ZONE if each.name == ZONE.origin]
    empty = Zone.of("example.com", apex)

    assert elements(changes.apply(empty, as_batch(ZONE))) == elements(ZONE)


def test_the_ways_out_stand_beside_the_way_in():
    batch = changes.as_batch(ZONE)

    assert Zone.from_json(batch, "example.com").record_sets
    assert any("alias" in line for line in changes.untold(ZONE))
