"""Changes of a batch are judged one after the other, by the zone as those before them left it."""

from collections import Counter
from random import Random

import pytest

from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control import changes
from lab_engine.control.refusal import Refusal
from lab_engine.control.words import PHRASES
from tests.counts import LONG
from tests.seeds import shifted

SIMPLE = {"TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}
SIXES = {"TTL": 300, "ResourceRecords": [{"Value": "2001:db8::1"}]}
CNAME = {"TTL": 300, "ResourceRecords": [{"Value": "x.example.net."}]}
WEIGHTED = {**SIMPLE, "SetIdentifier": "a", "Weight": 1}
REGION = {**SIMPLE, "Region": "eu-west-1"}


def change(action, name, rdtype, content):
    given = {"Name": f"{name}.example.com.", "Type": rdtype, **content}
    return {"Action": action, "ResourceRecordSet": given}


def alias(name):
    """The content of an alias to a name of the zone."""
    to = {"HostedZoneId": "Z1", "DNSName": f"{name}.example.com.", "EvaluateTargetHealth": False}
    return {"AliasTarget": to}


def zone(*setup):
    """A zone in which these changes were made, each with a batch of its own."""
    made = Zone.of("example.com", [RecordSet.of("www", "A", "192.0.2.1")])
    for each in setup:
        made = applied(made, each)
    return made


def applied(before, *batch):
    return changes.apply(before, {"Changes": list(batch)}, changes.Known("Z1"))


def refused(before, *batch):
    """The message of a batch of which nothing is done."""
    with pytest.raises(Refusal) as caught:
        applied(before, *batch)
    assert caught.value.code == "InvalidChangeBatch"
    return caught.value.message


def test_an_alias_stands_behind_the_creation_of_its_target():
    one, target = change("CREATE", "a", "CNAME", alias("t")), change("CREATE", "t", "CNAME", CNAME)

    assert refused(zone(), one, target) == (
        "[Tried to create an alias that targets t.example.com., type CNAME in zone Z1, "
        "but that target was not found]"
    )
    assert applied(zone(), target, one)


def test_an_alias_stands_behind_what_upserts_its_target_though_that_is_there():
    one, target = change("UPSERT", "a", "A", alias("www")), change("UPSERT", "www", "A", SIMPLE)

    assert "but that target was not found" in refused(zone(), one, target)
    assert applied(zone(), target, one)


@pytest.mark.parametrize("action", ["CREATE", "UPSERT"])
def test_an_alias_stands_behind_what_makes_its_target_anew(action):
    anew = [change("DELETE", "t", "A", SIMPLE), change(action, "t", "A", SIMPLE)]
    before, one = zone(change("CREATE", "t", "A", SIMPLE)), change("CREATE", "a", "A", alias("t"))

    assert "but that target was not found" in refused(before, one, *anew)
    assert applied(before, *anew, one)


def test_an_alias_finds_what_is_left_of_a_group_of_which_a_member_is_upserted_later():
    other = {**WEIGHTED, "SetIdentifier": "b"}
    before = zone(change("CREATE", "w", "A", WEIGHTED), change("CREATE", "w", "A", other))

    after = applied(
        before, change("CREATE", "a", "A", alias("w")), change("UPSERT", "w", "A", WEIGHTED)
    )

    assert "a.example.com. A" in map(str, after)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            ("CNAME", CNAME),
            ("A", SIMPLE),
            (
                "RRSet of type A with DNS name w.example.com. is not permitted because a "
                "conflicting RRSet of type  CNAME with the same DNS name already exists in zone "
                "example.com."
            ),
        ),
        (
            ("A", alias("www")),
            ("CNAME", CNAME),
            (
                "RRSet of type CNAME with DNS name w.example.com. is not permitted as it "
                "conflicts with other records with the same DNS name in zone example.com."
            ),
        ),
        (
            ("A", SIMPLE),
            ("A", WEIGHTED),
            (
                "RRSet with DNS name w.example.com., type A, SetIdentifier a cannot be created as "
                "a non-weighted set exists with the same name and type."
            ),
        ),
        (
            ("A", WEIGHTED),
            ("A", SIMPLE),
            (
                "RRSet with DNS name w.example.com., type A cannot be created as other RRSets "
                "exist with the same name and type."
            ),
        ),
        (
            ("A", {**REGION, "SetIdentifier": "a"}),
            ("A", {**REGION, "SetIdentifier": "b"}),
            (
                "RRSet with DNS name w.example.com., type A, SetIdentifier b, and Region "
                "Name=eu-west-1 cannot be created because a latency RRSet with the same name, "
                "type and region already exists."
            ),
        ),
    ],
)
def test_what_stands_in_the_way_is_deleted_first(old, new, words):
    before = zone(change("CREATE", "w", *old))
    gone, come = change("DELETE", "w", *old), change("CREATE", "w", *new)

    assert refused(before, come, gone) == f"[{words}]"
    assert applied(before, gone, come)


def test_two_changes_of_one_set_that_contradict_each_other_are_one_fault():
    before = zone(
        change("CREATE", "it", "CNAME", CNAME), change("CREATE", "rm", "CNAME", alias("it"))
    )

    message = refused(
        before,
        change("CREATE", "rm", "CNAME", CNAME),
        change("DELETE", "rm", "CNAME", alias("it")),
    )

    assert message == (
        "[The request contains an invalid set of changes for a resource record set "
        "'CNAME rm.example.com.']"
    )


def test_what_leads_to_a_set_of_changes_that_contradict_each_other_is_no_further_fault():
    target = change("CREATE", "t", "A", SIMPLE)

    message = refused(zone(), target, target, change("CREATE", "a", "A", alias("t")))

    assert message == (
        "[The request contains an invalid set of changes for a resource record set "
        "'A t.example.com.']"
    )


def test_members_that_change_places_are_judged_once_both_have():
    one, other = ({**REGION, "SetIdentifier": each} for each in "ab")
    other["Region"] = "us-east-1"
    before = zone(change("CREATE", "w", "A", one), change("CREATE", "w", "A", other))

    swapped = [
        change("UPSERT", "w", "A", {**one, "Region": "us-east-1"}),
        change("UPSERT", "w", "A", {**other, "Region": "eu-west-1"}),
    ]

    assert applied(before, *swapped)
    assert "with the same name, type and region already exists" in refused(before, swapped[0])


def test_the_ttl_of_a_weighted_group_is_changed_before_a_new_member_comes():
    one, other, new = ({**WEIGHTED, "SetIdentifier": each} for each in "abc")
    before = zone(change("CREATE", "w", "A", one), change("CREATE", "w", "A", other))
    first, second = (change("UPSERT", "w", "A", {**each, "TTL": 5}) for each in (one, other))
    third = change("CREATE", "w", "A", {**new, "TTL": 5})

    message = refused(before, first, third, second)

    assert "SetIdentifier c cannot be created as weighted sets must contain the same" in message
    assert "before what is new" in PHRASES["ttls-differ"].remedy
    assert applied(before, first, second, third)


def test_an_alias_goes_before_or_behind_its_target_but_not_without_it():
    """What a DELETE leaves behind is judged at the end of the batch."""
    target, one = change("CREATE", "t", "A", SIMPLE), change("CREATE", "a", "A", alias("t"))
    before = zone(target, one)
    gone = [{**each, "Action": "DELETE"} for each in (target, one)]

    assert set(applied(before, *gone)) == set(applied(before, *reversed(gone))) == set(zone())
    assert "a.example.com" in refused(before, gone[0])


ROUNDS = 500 if LONG else 200
ACTIONS = ("CREATE", "UPSERT", "UPSERT", "DELETE")


def drawn(rng):
    """Changes of a few names and types, each record set once, all of one TTL."""
    kinds = [("A", SIMPLE), ("AAAA", SIXES), ("CNAME", CNAME), ("A", WEIGHTED)]
    keys = [(name, *kind) for name in "ab" for kind in kinds]
    chosen = rng.sample(keys, rng.randint(1, 3))
    return [change(rng.choice(ACTIONS), *each) for each in chosen]


def made(before, *batches):
    """The zone after these batches, one after the other; None where one of them is refused."""
    try:
        for each in batches:
            before = applied(before, *each)
    except Refusal:
        return None
    return before


@pytest.mark.slow
def test_a_batch_is_refused_where_one_of_its_changes_would_be_alone():
    """As if each came by itself; where all of them pass, the batch does the same as they do."""
    several = Counter()
    for number in range(ROUNDS):
        rng, before = Random(shifted(number)), zone()
        for each in drawn(rng):
            before = made(before, [each]) or before
        batch = drawn(rng)

        alone, together = made(before, *([each] for each in batch)), made(before, batch)

        assert (alone is None) == (together is None), batch
        assert alone is None or set(alone) == set(together), batch
        several[together is not None] += len(batch) > 1
    # of 500 about 49 ± 7 are accepted (1 sigma)
    assert min(several[True], several[False]) > ROUNDS / 25, "too few of a kind to prove much"
