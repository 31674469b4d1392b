"""The order of the tests, whichever worker runs them; and what those of the control plane share.

That is a service to ask, and Route 53's model to judge it.
"""

import gc
import signal
from datetime import UTC, datetime
from random import Random

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import settings

from lab_engine.authority.server import Authority
from lab_engine.control.account import Account
from lab_engine.control.refusal import Refusal
from lab_engine.control.service import Service
from tests.counts import LONG
from tests.spread import Spread

TIMEOUT_S = 300
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TURNS = ("waits", "browser", "slow", "notebooks", "clients", "witness")
OTHERS = {"browser", "notebooks", "clients", "witness"}  # need other people's programs

# How long an example takes says how busy the machine is, and a landing does not depend on luck: a
# test tries the same examples each time, and `make long` goes and looks for others.
settings.register_profile("lab", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("search" if LONG else "lab")


def pytest_configure():
    """What tests start can be interrupted, even if a shell in whose background we run cannot."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers():
    """Two more than there are cores: somebody is waiting, for a page or for a clock."""
    return (yield) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of what is spread by files, browsers go to few workers."""
    return Spread(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Thousands of tests live until the end, and the garbage collector need not visit them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put what takes long first, so that no worker is left with it when the others are done.

    What needs other people's programs is played once more where it fails, and nothing else is. The
    time allowed is no setting of pyproject.toml: pytest reads that for learners as well, who have
    no pytest-timeout.
    """
    items.sort(key=_turn)  # stable: within a turn the order stays
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if OTHERS & marks and "flaky" not in marks:
            item.add_marker(pytest.mark.flaky(reruns=1))
        if "timeout" not in marks:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


def _turn(item):
    return next(
        (turn for turn, mark in enumerate(TURNS) if item.get_closest_marker(mark)), len(TURNS)
    )


def pytest_terminal_summary(terminalreporter):
    """Print once what was told, which travels with the reports from the workers.

    A test that was played again is named with what it failed of, however it ended then.
    """
    if again := terminalreporter.stats.get("rerun", []):
        terminalreporter.section("failed, and played again")
    for each in again:
        terminalreporter.write_line(f"PLAYED AGAIN {each.nodeid}", yellow=True)
        terminalreporter.write_line(each.longreprtext[-2000:])
        for title, text in each.sections:
            if title.startswith("page "):
                terminalreporter.write_line(f"{title}: {text}")
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    told = [text for each in reports for key, text in each.user_properties if key == "told"]
    for line in dict.fromkeys(told):
        terminalreporter.write_line(line)


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
