"""The trial: a policy that Route 53 does not have is one class, and all of the lab works for it."""

import inspect
import re
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from lab_engine.authority import policies
from lab_engine.authority.policies import Policy
from lab_engine.authority.records import Client, Question
from lab_engine.authority.server import Authority
from lab_engine.authority.spot import Spot
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control import changes, snapshot
from lab_engine.control.refusal import Refusal
from lab_engine.control.writing import element as write
from lab_engine.errors import ZoneError
from lab_engine.review.diff import diff
from lab_engine.review.explain import explain
from lab_engine.review.lint import lint
from lab_engine.simulation import Scenario, run
from lab_engine.simulation.prices import bill
from lab_engine.views.controls import Slider
from lab_engine.views.figures import traffic, traffic_summary
from lab_engine.views.panel import Panel
from lab_engine.wire.rest import Rest

REQUEST = "ChangeResourceRecordSetsRequest"
RECORD_SETS = re.compile("<ResourceRecordSet>(.*?)</ResourceRecordSet>")


@dataclass(frozen=True)
class Priority(Policy):
    """The healthy member of the lowest priority number: failover with as many levels as wanted."""

    name: ClassVar[str] = "priority"
    element: ClassVar[str] = "Priority"
    Priority: int = policies._element("lower is answered first", (0, 65_535))

    def rank(self, spot: Spot) -> float:
        """The number itself; equal numbers share."""
        return self.Priority

    def says(self, spot: Spot) -> str:
        """The number."""
        return f"priority {self.Priority}"


@dataclass(frozen=True)
class Tiers(Policy):
    """One whose element holds others, of which one must be there."""

    name: ClassVar[str] = "tiers"
    element: ClassVar[str] = "TierRouting"
    Tier: int = policies._element("lower is answered first", (1, 9))
    Label: str = policies._element("what it is called", default="")


@dataclass(frozen=True)
class Everyone(Policy):
    """One whose element is true or false."""

    name: ClassVar[str] = "everyone"
    element: ClassVar[str] = "Everyone"
    sample: ClassVar[int | None] = 99


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """The classes are named where the others are, for the length of a test."""
    kinds = (*policies.POLICIES, Priority, Tiers, Everyone)
    monkeypatch.setattr(policies, "POLICIES", kinds)


def element(number, **changed):
    """A record set of this priority, as the AWS CLI would have it."""
    return {
        "Name": "www.example.com.",
        "Type": "A",
        "SetIdentifier": f"p{number}",
        "Priority": number,
        "TTL": 60,
        "ResourceRecords": [{"Value": f"192.0.2.{number}"}],
        "HealthCheckId": f"hc-{number}",
        **changed,
    }


def batch(*elements, action="CREATE"):
    return {"Changes": [{"Action": action, "ResourceRecordSet": each} for each in elements]}


@pytest.fixture
def zone(known):
    return Zone.from_json(batch(element(1), element(2), element(3)), "example.com")


def test_the_guide_shows_all_of_it():
    """CONTRIBUTING.md has the class as it is here, but for the room that `_element` comes from."""
    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")

    source = inspect.getsource(Priority).replace("policies._element", "_element")

    assert f"```python\n{source}```\n" in guide


def test_json_is_read(zone):
    assert [each.policy for each in zone if each.set_identifier] == [*map(Priority, (1, 2, 3))]


@pytest.mark.parametrize("number", [-1, 65_536, "1", True])
def test_json_with_a_number_out_of_range_is_refused(number):
    with pytest.raises(ZoneError, match="Priority"):
        Zone.from_json(batch(element(1, Priority=number)), "example.com")


def test_a_batch_is_applied_and_a_zone_becomes_one(zone):
    plain = Zone.of("example.com", [each for each in zone if each.name == zone.origin])

    after = changes.apply(plain, batch(element(1), element(2), element(3)))

    assert set(after.record_sets) == set(zone.record_sets)
    assert Zone.from_json(changes.as_batch(zone)).record_sets == zone.record_sets
    assert snapshot.zone_of(snapshot.zone_data(zone)).record_sets == zone.record_sets


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"Priority": 65_536}, "maxInclusive '65535'"),
        ({"Priority": "1"}, "not a valid value for 'integer'"),
        ({"Weight": 1}, "Priority, TierRouting, or Everyone], but found more than one"),
    ],
)
def test_a_batch_of_another_form_is_refused(zone, changed, words):
    with pytest.raises(Refusal, match="InvalidInput") as caught:
        changes.apply(zone, batch(element(4, **changed)))

    assert words in caught.value.message


def test_the_api_lists_it_and_takes_it(zone):
    rest, listed = Rest(), {"ResourceRecordSets": [write(each) for each in zone]}

    answer = rest.write("ListResourceRecordSets", {**listed, "IsTruncated": False, "MaxItems": "9"})
    sent = "".join(
        f"<Change><Action>UPSERT</Action><ResourceRecordSet>{inside}</ResourceRecordSet></Change>"
        for inside in RECORD_SETS.findall(answer.body.decode())
    )
    body = f"<{REQUEST}><ChangeBatch><Changes>{sent}</Changes></ChangeBatch></{REQUEST}>"
    params = rest.read("ChangeResourceRecordSets", {"Id": "Z1"}, "", body.encode())

    assert "<Priority>2</Priority>" in sent
    assert set(changes.apply(zone, params["ChangeBatch"])) == set(zone)


def test_it_is_not_mixed_with_another_policy(zone):
    weighted = element(4)
    weighted["Weight"] = weighted.pop("Priority")

    with pytest.raises(Refusal, match="as a non-weighted set exists"):
        changes.apply(zone, batch(weighted))


def test_the_first_that_is_healthy_is_answered_and_explained(zone):
    state = State(unhealthy=frozenset({"hc-1"}))
    authority = Authority(zone, Random(1), state=state)
    plan = authority.plan(Question.of("www.example.com"), Client.at("192.0.2.99"))

    text = explain(plan)

    assert "priority 2" in text
    assert authority.respond(Question.of("www.example.com"), Client.at("192.0.2.99")).addresses == (
        "192.0.2.2",
    )


def test_it_is_linted_and_compared(zone):
    (last,) = (each for each in zone if each.set_identifier == "p3")

    assert [each.rule for each in lint(zone.replaced(replace(last, health_check_id="")))] == [
        "unchecked"
    ]
    moved = changes.apply(zone, batch(element(1, Priority=9), action="UPSERT"))
    assert "192.0.2.2" in str(diff(zone, moved))


def served(outcome):
    """The addresses that had requests."""
    pairs = zip(outcome.addresses, outcome.requests, strict=True)
    return {address for address, requests in pairs if sum(requests)}


def test_a_scenario_runs_moves_and_is_paid(zone):
    scenario = Scenario(zone, "www", duration=600)
    moved = scenario.set("zone.www.p1.priority", 9)
    before, after = run(scenario), run(moved)

    assert scenario.get("zone.www.p1.priority") == 1
    assert served(before) == {"192.0.2.1"}
    assert served(after) == {"192.0.2.2"}
    assert bill(moved, after).for_queries > 0


def test_a_panel_moves_it(zone):
    slider = Slider("zone.www.p1.priority", "Priority of p1", 0, 9)
    panel = Panel(Scenario(zone, "www", duration=600), [slider], run, traffic, traffic_summary)

    panel._form.set_state({"values": {**panel._form.values, "zone.www.p1.priority": 5}})

    (moved,) = (each for each in panel.scenario.zone if each.set_identifier == "p1")
    assert moved.policy == Priority(5)
    assert served(panel.outcome) == {"192.0.2.2"}


def plain(**policy):
    """A record set with this routing policy."""
    without = {k: v for k, v in element(1).items() if k not in ("Priority", "HealthCheckId")}
    return {**without, **policy}


@pytest.mark.parametrize(
    ("policy", "made"),
    [
        ({"TierRouting": {"Tier": 2}}, Tiers(2)),
        ({"TierRouting": {"Tier": 2, "Label": "b"}}, Tiers(2, "b")),
        ({"Everyone": True}, Everyone()),
        ({"Everyone": False, "Weight": 3}, policies.Weighted(3)),
    ],
)
def test_elements_that_hold_others_and_flags_are_read_alike(zone, policy, made):
    bare = Zone.of("example.com", [each for each in zone if each.name == zone.origin])

    read = Zone.from_json(batch(plain(**policy)), "example.com")

    assert [each.policy for each in read if each.set_identifier] == [made]
    assert set(changes.apply(bare, batch(plain(**policy)))) == set(read)
    assert set(changes.apply(bare, changes.as_batch(read, "UPSERT"))) == set(read)


@pytest.mark.parametrize(
    ("policy", "of_file", "of_batch"),
    [
        ({"TierRouting": {}}, "TierRouting.Tier: is missing", "'TierRouting' is not complete"),
        ({"TierRouting": {"Label": "b"}}, "Tier: is missing", "'TierRouting' is not complete"),
        ({"Everyone": False}, "has a SetIdentifier and no policy", "Everyone], but found none"),
        ({"Everyone": "yes"}, "Everyone: has another form", "not a valid value for 'boolean'"),
    ],
)
def test_elements_that_lack_something_are_refused_alike(zone, policy, of_file, of_batch):
    with pytest.raises(ZoneError) as read:
        Zone.from_json(batch(plain(**policy)), "example.com")
    with pytest.raises(Refusal) as applied:
        changes.apply(zone, batch(plain(**policy)))

    assert of_file in str(read.value)
    assert of_batch in applied.value.message
