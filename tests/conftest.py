"""What the tests of the control plane share: a service to ask, and Route 53's model to judge it."""

from datetime import UTC, datetime
from random import Random

import botocore.session
import pytest
from botocore.validate import ParamValidator

from lab_engine.authority.server import Authority
from lab_engine.control.account import Account
from lab_engine.control.refusal import Refusal
from lab_engine.control.service import Service

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def model():
    """Botocore's description of Route 53."""
    return botocore.session.get_session().get_service_model("route53")


@pytest.fixture
def start():
    """Makes a service: `start(zone, ids={"shop.example": "Z1"})`."""

    def started(*zones, book=None, **more):
        account = Account.of(*zones, **more)
        authority = Authority(zones[0], Random(1))
        return Service(authority, account, now=lambda: NOON, rng=Random(2), book=book)

    return started


@pytest.fixture
def call(model):
    """Carries out a request, and holds what comes back against the model."""

    def called(service, operation, **params):
        response = service.call(operation, params)
        shape = model.operation_model(operation).output_shape
        if shape is not None:
            assert not misshapen(response, shape)
        return response

    return called


@pytest.fixture
def refusal():
    """What a request is refused with; the account is the same object as before."""

    def refused(service, operation, **params):
        before = service.account
        with pytest.raises(Refusal) as found:
            service.call(operation, params)
        assert service.account is before
        return found.value

    return refused


def misshapen(response, shape):
    """What is wrong with a response, in botocore's words, and the keys that the model lacks.

    A list may be empty: the model wants at least one tag of a thing, and Route 53 shows none.
    """
    report = ParamValidator().validate(response, shape).generate_report()
    wrong = [line for line in report.splitlines() if "value: 0, valid min length: 1" not in line]
    return wrong or [*strangers(response, shape)]


def strangers(value, shape):
    """The keys of structures that the model does not have."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name not in shape.members:
                yield name
            else:
                yield from strangers(inner, shape.members[name])
    elif shape.type_name == "list":
        for inner in value:
            yield from strangers(inner, shape.member)
