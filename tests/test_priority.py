"""A ninth policy: failover with as many levels as wanted."""

import json

import pytest

from lab_engine import Client, Question, RecordSet, State, Zone, outcomes, plan
from lab_engine.authority.policies import Priority
from lab_engine.errors import ZoneError

ANYBODY = Client.at("192.0.2.200")
QUESTION = Question.of("www.shop.example")


def members(*numbers):
    return [
        RecordSet.of(
            "www",
            "A",
            f"192.0.2.{i}",
            policy=Priority(number),
            set_identifier=f"set-{i}",
            health_check_id=f"hc{i}",
        )
        for i, number in enumerate(numbers, 1)
    ]


@pytest.mark.parametrize(
    ("down", "expected"),
    [("", {"1"}), ("1", {"2", "3"}), ("12", {"3"}), ("123", {"4"}), ("1234", {"1"})],
)
def test_the_lowest_healthy_number_answers(down, expected):
    zone = Zone.of("shop.example", members(1, 5, 5, 9))
    state = State().with_unhealthy(*(f"hc{i}" for i in down))

    found = outcomes(plan(zone, QUESTION, ANYBODY, state))
    assert {reply.addresses[0][-1] for _, reply in found} == expected


def test_a_number_out_of_range_is_refused():
    with pytest.raises(ZoneError, match="Priority 65536 is not a whole number from 0 to 65535"):
        Zone.of("shop.example", members(65_536))


def test_it_is_read_from_a_change_batch():
    record_set = {
        "Name": "www.shop.example.",
        "Type": "A",
        "SetIdentifier": "one",
        "Priority": 7,
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record_set}]}
    zone = Zone.from_json(json.dumps(batch), origin="shop.example")

    assert next(iter(each for each in zone if each.set_identifier)).policy == Priority(7)
