"""The service: one request after another, written down, then seen by everybody."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab_engine.authority.policies import Failover
from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account, Moment
from lab_engine.control.health import Health
from lab_engine.control.operations import ASKING, CHANGING, OPERATIONS, replay
from lab_engine.control.refusal import Fault, Refusal, refused
from lab_engine.errors import LabError

SHOP = Zone.of(
    "shop.example",
    [
        RRset.of("plain", "A", "192.0.2.3"),
        *(
            RecordSet.of(
                "www",
                "A",
                f"192.0.2.{number}",
                policy=Failover(role),
                set_identifier=role,
                health_check_id=f"hc-{number}",
            )
            for number, role in enumerate(("PRIMARY", "SECONDARY"), 1)
        ),
    ],
)
LB = "lb-1.eu-west-1.elb.amazonaws.com"
HTTP = {"Type": "HTTP", "IPAddress": "127.0.0.1"}


@pytest.fixture
def service(start):
    return start(SHOP, ids={"shop.example": "Z1SHOP"})


def answer(service, name="www.shop.example"):
    return service.authority.respond(Question.of(name), Client.at("192.0.2.99")).addresses


def upsert(value="192.0.2.9", name="new.shop.example", **more):
    given = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}], **more}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": given}]}
    return {"HostedZoneId": "Z1SHOP", "ChangeBatch": batch}


def create_check(call, service, reference="1", **config):
    return call(
        service,
        "CreateHealthCheck",
        CallerReference=reference,
        HealthCheckConfig={**HTTP, **config} if "Type" not in config else config,
    )["HealthCheck"]["Id"]


# Requests


def test_every_operation_is_one_of_route_53s(model):
    assert set(model.operation_names) >= OPERATIONS
    assert not CHANGING.keys() & ASKING.keys()


@pytest.mark.parametrize(
    "operation", ["CreateTrafficPolicy", "ListHostedZonesByVPC", "lab:SetHealth", ""]
)
def test_an_operation_that_the_lab_lacks_is_named(service, refusal, operation):
    found = refusal(service, operation)

    assert (found.code, found.status) == ("NotImplemented", 501)
    assert found.message == f"{operation} is not implemented in the lab"


@pytest.mark.parametrize("params", [None, 5, "text", []])
def test_parameters_that_are_none(service, params):
    with pytest.raises(Refusal, match="InvalidInput"):
        service.call("GetHostedZone", params)


def test_the_same_requests_make_the_same_ids(start, call):
    one, two = (start(SHOP) for _ in range(2))

    made = [
        call(each, "CreateHostedZone", Name="a.example", CallerReference="1") for each in (one, two)
    ]
    assert made[0] == made[1]


def test_eight_clients_at_once_lose_nothing(service, call):
    with ThreadPoolExecutor(8) as pool:
        for made in [
            pool.submit(service.call, "ChangeResourceRecordSets", upsert(name=f"n{i}.shop.example"))
            for i in range(80)
        ]:
            made.result()

    count = call(service, "GetHostedZone", Id="Z1SHOP")["HostedZone"]["ResourceRecordSetCount"]
    assert count == len(SHOP.record_sets) + 80


# The book


class Pages:
    """A book in memory; it can be full."""

    def __init__(self, *, full=False):
        self.full = full
        self.written = []

    def write(self, operation, params, moment, after):
        if self.full:
            raise refused("ServiceUnavailable", "The book is full.", "Buy another.", 503)
        self.written.append((operation, params, moment, after))


def replayed(account, book):
    for operation, params, moment, _ in book.written:
        account = replay(account, operation, params, Moment(moment.at, moment.seed))
    return account


def test_what_was_written_down_leads_to_the_same_account(start, call):
    book = Pages()
    service = start(SHOP, ids={"shop.example": "Z1SHOP"}, book=book)
    first = service.account
    check = create_check(call, service)
    call(service, "CreateHostedZone", Name="a.example", CallerReference="1")
    call(service, "ChangeResourceRecordSets", **upsert())
    service.set_health(check, False)
    service.replace_zone(Zone.of("shop.example", [RRset.of("other", "A", "192.0.2.5")]))

    again = replayed(first, book)
    assert len(book.written) == 5
    assert [*again.hosted_zones] == [*service.account.hosted_zones]
    assert again.checks == service.account.checks
    assert again.changes == service.account.changes
    assert again.said == service.account.said
    for old, new in zip(again.zones, service.account.zones, strict=True):
        assert old.record_sets == new.record_sets


def test_what_changes_nothing_is_not_written_down(start, call, refusal):
    book = Pages()
    service = start(SHOP, book=book)
    create_check(call, service)
    book.written.clear()

    create_check(call, service)
    call(service, "ListHostedZones")
    refusal(service, "GetHostedZone", Id="Z0")
    refusal(service, "CreateHostedZone", Name="com", CallerReference="2")
    assert not book.written


def test_what_cannot_be_written_down_is_not_done(start, refusal):
    service = start(SHOP, ids={"shop.example": "Z1SHOP"}, book=Pages(full=True))

    found = refusal(service, "ChangeResourceRecordSets", **upsert())
    assert found.code == "ServiceUnavailable"
    assert not answer(service, "new.shop.example")
    with pytest.raises(LabError):
        service.set_health("hc-1", False)
    assert service.is_healthy("hc-1")


def test_an_operation_of_another_release_is_not_replayed(service):
    with pytest.raises(LabError, match="is no operation of this release"):
        replay(service.account, "lab:Fly", {}, Moment(service.now(), 1))


# What is published


def test_only_what_changed_is_published(service, call):
    authority = service.authority
    zones, state = authority.zones, authority.state

    call(service, "UpdateHostedZoneComment", Id="Z1SHOP", Comment="x")
    create_check(call, service)
    assert (authority.zones is zones, authority.state is state) == (True, True)
    call(service, "ChangeResourceRecordSets", **upsert())
    assert (authority.zones is zones, authority.state is state) == (False, True)


def test_a_new_alias_to_aws_has_a_stand_in(service, call):
    target = {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": LB, "EvaluateTargetHealth": False}
    given = {"Name": "lb.shop.example", "Type": "A", "AliasTarget": target}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": given}]}
    call(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=batch)
    first = answer(service, "lb.shop.example")

    call(service, "ChangeResourceRecordSets", **upsert())
    assert first
    assert answer(service, "lb.shop.example") == first


def test_a_zone_is_replaced_by_its_name(service, call):
    call(service, "CreateHostedZone", Name="a.example", CallerReference="1")
    other = Zone.of("a.example", [RRset.of("www", "A", "192.0.2.77")])

    service.replace_zone(other)
    assert answer(service, "www.a.example") == ("192.0.2.77",)
    assert len(service.account.hosted_zones) == 2


def test_a_zone_of_another_name_takes_the_place_of_the_first(service, call):
    call(service, "CreateHostedZone", Name="a.example", CallerReference="1")
    other = Zone.of("b.example", [RRset.of("www", "A", "192.0.2.77")])

    service.replace_zone(other)
    assert [str(each.name) for each in service.account.hosted_zones.values()] == [
        "b.example.",
        "a.example.",
    ]
    assert not answer(service, "plain.shop.example")


# Health


def test_health_by_hand_moves_answers(service):
    health = Health(service)

    before = answer(service)
    health["hc-1"] = False
    during = answer(service)
    health["hc-1"] = True
    assert (before, during, answer(service)) == (("192.0.2.1",), ("192.0.2.2",), ("192.0.2.1",))
    assert repr(health) == "hc-1: healthy\nhc-2: healthy"


def test_health_that_cannot_be_set(service, call):
    off = create_check(call, service, "1", Disabled=True)
    total = create_check(
        call, service, "2", Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=[off]
    )
    health = Health(service)

    with pytest.raises(LabError, match=r"no health check here\. Did you mean hc-1\?"):
        health["hc1"] = False
    with pytest.raises(LabError, match="is the id of no health check here"):
        health["nothing"]
    with pytest.raises(LabError, match="Give True or False"):
        health["hc-1"] = "down"
    with pytest.raises(LabError, match="is calculated from other checks"):
        health[total] = False
    with pytest.raises(LabError, match="is disabled"):
        health[off] = False


def test_a_calculated_check_follows_those_it_counts(service, call):
    one, two = (create_check(call, service, name) for name in ("1", "2"))
    total = create_check(
        call, service, "3", Type="CALCULATED", HealthThreshold=2, ChildHealthChecks=[one, two]
    )
    health = Health(service)

    health[one] = False
    assert (health[total], health[two]) == (False, True)
    health[one] = True
    assert health[total]


def test_an_inverted_check_fails_until_it_is_said_to_pass(service, call):
    check = create_check(call, service, Inverted=True)

    assert not service.is_healthy(check)
    service.set_health(check, True)
    assert service.is_healthy(check)


def test_a_disabled_check_has_no_say(service, call):
    check = create_check(call, service)
    service.set_health(check, False)

    call(service, "UpdateHealthCheck", HealthCheckId=check, Disabled=True)
    off = service.is_healthy(check)
    call(service, "UpdateHealthCheck", HealthCheckId=check, Disabled=False)
    assert (off, service.is_healthy(check)) == (True, False)


def test_a_deleted_check_counts_as_healthy(service, call):
    check = create_check(call, service)
    service.set_health(check, False)

    call(service, "DeleteHealthCheck", HealthCheckId=check)
    assert service.is_healthy(check)


class Probing:
    """An observer of some checks."""

    def __init__(self, *probed):
        self.probed = probed
        self.accounts = []

    def watch(self, account):
        self.accounts.append(account)

    def reason(self, check_id):
        return "" if check_id in self.probed else "It is far away."

    def observations(self, check_id):
        return ()


def test_a_probed_check_is_what_its_checkers_say(service, call):
    check = create_check(call, service)
    service.set_health(check, False)
    observer = Probing(check)
    service.observed_by(observer)

    service.observed(check, True)
    up = service.is_healthy(check)
    service.observed(check, False)
    down = service.is_healthy(check)
    with pytest.raises(LabError, match="is probed"):
        service.set_health(check, True)
    observer.probed = ()
    call(service, "UpdateHealthCheck", HealthCheckId=check, IPAddress="192.0.2.1")
    assert (up, down) == (True, False)
    assert not service.is_healthy(check)
    assert observer.accounts[-1] is service.account


def test_a_state_that_is_assigned_is_health_by_hand(service):
    service.set_health("hc-1", False)

    service.replace_state(State().with_unhealthy("hc-2"))
    assert service.authority.state.unhealthy == {"hc-2"}
    service.set_health("hc-1", False)
    assert service.authority.state.unhealthy == {"hc-1", "hc-2"}


def test_health_that_is_known_at_the_start(start):
    service = start(SHOP, said={"hc-1": False})

    assert answer(service) == ("192.0.2.2",)


# Accounts to start from


def test_ids_are_chosen_by_name():
    account = Account.of(SHOP, ids={"shop.example": "Z0123"})

    assert account.hosted_zones["Z0123"].zone is SHOP


@pytest.mark.parametrize(
    "ids",
    [
        {"other.example": "Z1"},
        {"shop.example": "no good"},
        {"shop.example": 5},
        {"shop.example": "Z1", "shop.example.": "Z2"},
    ],
)
def test_an_id_that_cannot_be_chosen(ids):
    with pytest.raises(LabError):
        Account.of(SHOP, ids=ids)


def test_two_zones_of_one_name_have_ids_of_their_own():
    assert len(Account.of(SHOP, SHOP).hosted_zones) == 2


def test_an_id_is_chosen_for_one_zone_only():
    zones = [Zone.of(name, [RRset.of("www", "A", "192.0.2.1")]) for name in ("a.test", "b.test")]

    with pytest.raises(LabError, match="is the id of another zone already"):
        Account.of(*zones, ids={"a.test": "Z1", "b.test": "Z1"})


def calling_itself(*zone_ids, origin="shop.example"):
    """A zone whose aliases call it by these ids."""
    aliases = [
        RecordSet.alias_to(f"al-{number}", "A", "www", hosted_zone_id=each)
        for number, each in enumerate(zone_ids)
    ]
    return Zone.of(origin, [RRset.of("www", "A", "192.0.2.1"), *aliases])


@pytest.mark.parametrize(
    ("named", "found"),
    [(["Z1"], True), (["Z1", "Z1"], True), (["Z1", "Z2"], False), (["z-1"], False), ([""], False)],
)
def test_a_zone_gets_the_id_that_its_own_aliases_agree_on(named, found):
    (zone_id,) = Account.of(calling_itself(*named)).hosted_zones

    assert (zone_id == named[0]) is found


def test_an_id_that_is_chosen_goes_before_one_that_aliases_name():
    zones = calling_itself("Z1"), calling_itself("Z2", origin="b.example")

    account = Account.of(*zones, ids={"b.example": "Z1"})
    assert account.hosted_zones["Z1"].zone is zones[1]
    assert len(account.hosted_zones) == 2


def test_a_zone_that_takes_the_first_place_takes_nobodys_id(start):
    service = start(SHOP, calling_itself("Z1", origin="b.example"))

    service.replace_zone(calling_itself("Z1", origin="c.example"))
    assert [str(zone.origin) for zone in service.account.zones] == ["c.example.", "b.example."]


@pytest.mark.parametrize("wrong", [None, "x", 5])
def test_what_is_no_zone_and_no_state_is_refused(service, wrong):
    with pytest.raises(LabError, match="is no zone"):
        service.replace_zone(wrong)
    with pytest.raises(LabError, match="is no state"):
        service.replace_state(wrong)


def test_what_is_no_id_has_no_health(service):
    with pytest.raises(LabError, match="is the id of no health check"):
        Health(service)[["a"]] = True


def test_a_refusal_can_be_copied_and_says_each_advice_once():
    one = Refusal("InvalidInput", [Fault("a", "Do."), Fault("b", "Do.")], 409)

    for again in (copy.copy(one), pickle.loads(pickle.dumps(one))):
        assert (again.code, again.faults, again.status) == (one.code, one.faults, 409)
        assert str(again) == str(one)
    assert one.remedy == one.help == "Do."


def test_what_checkers_saw_is_forgotten_with_the_check(service, call):
    check = create_check(call, service)
    service.observed(check, healthy=False)

    call(service, "DeleteHealthCheck", HealthCheckId=check)
    service.observed(check, healthy=False)
    assert service._observed == {}
