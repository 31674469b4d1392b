"""Files of tests go to workers in their order, and those that drive a browser to two of them."""

from collections import OrderedDict

import pytest

from tests.spread import Spread

FILES = [*(f"tests/browser/test_{name}.py" for name in "abc"), "tests/test_d.py", "tests/test_e.py"]


class Worker:
    """Remembers what it was given."""

    def __init__(self):
        self.given = []

    def send_runtest_some(self, indices):
        """The tests of one file."""
        self.given += [FILES[index] for index in indices]


@pytest.fixture
def spread():
    """What has yet to be given out is a test for each file; no xdist runs."""
    spread = Spread.__new__(Spread)
    spread._drivers, spread.assigned_work = set(), {}
    spread.workqueue = OrderedDict((file, {file: False}) for file in FILES)
    return spread


def test_browsers_go_to_two_of_the_workers(spread):
    workers = [Worker() for _ in range(4)]
    spread.registered_collections = dict.fromkeys(workers, FILES)
    for worker in [*workers, workers[0]]:
        spread._assign_work_unit(worker)

    assert [worker.given for worker in workers] == [
        [FILES[0], FILES[2]],
        [FILES[1]],
        [FILES[3]],
        [FILES[4]],
    ]


def test_nobody_waits_where_only_browsers_are_left(spread):
    workers = [Worker() for _ in range(5)]
    spread.registered_collections = dict.fromkeys(workers, FILES)
    for worker in workers:
        spread._assign_work_unit(worker)

    assert workers[4].given == [FILES[2]]
    assert not spread.workqueue
