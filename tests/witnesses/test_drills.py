"""Drills with real servers, probes, packets and requests, beside the law of failover.

Three at once, with the clocks of the lessons: interval 2 s, threshold 2, TTL 5 s. Each back end
dies at a random moment of its cache's round. An outage lies between the least of the law less 0.5
s, for clocks that are read a little late, and the most plus 1 s plus what threads were late by; the
mean of all within 4 sigma of the law's, whose own deviation sizes that: 0.27 s for thirty.
"""

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from statistics import fmean

import psutil
import pytest

from lab_engine import LabError, RecordSet, Zone, drill
from lab_engine.authority.policies import Failover
from tests.counts import LONG
from tests.seeds import shifted

pytestmark = [pytest.mark.witness, pytest.mark.waits, pytest.mark.timeout(900)]

DRILLS = 30 if LONG else 3
AT_ONCE = 3
BEAT = 0.02  # seconds


def zone():
    """A primary with a check, and a secondary without."""
    return Zone.of(
        "shop.example",
        [
            RecordSet.of(
                "www",
                "A",
                address,
                60,
                policy=Failover(role),
                set_identifier=role,
                health_check_id=check,
            )
            for role, address, check in (
                ("PRIMARY", "192.0.2.1", "hc-1"),
                ("SECONDARY", "192.0.2.2", ""),
            )
        ],
    )


class Lag:
    """By how many seconds a thread that wants to wake up was late, at the worst."""

    def __init__(self):
        self.worst = 0.0
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._beat)

    def _beat(self):
        while not self._leaving.is_set():
            due = time.monotonic() + BEAT
            time.sleep(BEAT)
            self.worst = max(self.worst, time.monotonic() - due)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._leaving.set()
        self._thread.join()


def played(seed):
    """The outage of one drill, and what was foretold."""
    with drill(zone(), seed=shifted(seed)) as d:
        d.run(1 + Random(shifted(1_000 + seed)).uniform(0, d.how.ttl + d.how.interval))
        d.kill("primary")
        d.until("recovered", within=40)
        d.run(0.5)
    (found,), (law,) = d.result().measured, d.result().foretold
    return found, law


def test_drills_take_as_long_as_the_law_says(tell):
    with Lag() as lag, ThreadPoolExecutor(AT_ONCE) as pool:
        drills = [*pool.map(played, range(DRILLS))]

    law = drills[0][1]
    seconds = sorted(found.seconds for found, _ in drills)
    means = [fmean(part) for part in zip(*(found.parts for found, _ in drills), strict=True)]
    parts = ", ".join(
        f"{name} {seen:.2f} ({said:.2f})"
        for name, seen, said in zip(law.parts._fields, means, law.parts, strict=True)
    )
    tell(
        f"drills: {DRILLS} took {seconds[0]:.1f} to {seconds[-1]:.1f} s, "
        f"mean {fmean(seconds):.2f}; "
        f"the law: {law.least:.1f} to {law.most:.1f}, {law.mean:.2f}; {parts}; "
        f"threads late by {lag.worst:.2f} s at the worst"
    )
    for found, _ in drills:
        assert sum(found.parts) == pytest.approx(found.seconds, abs=0.1)
    assert law.least - 0.5 <= seconds[0]
    assert seconds[-1] <= law.most + 1 + lag.worst
    assert fmean(seconds) == pytest.approx(law.mean, abs=4 * law.sd / math.sqrt(DRILLS))


def test_a_drill_behind_unbound_is_longer_by_its_second_at_the_most(tell):
    """Its clock has whole seconds; what it asks and caches is what the lab's own does."""
    with Lag() as lag, drill(zone(), cache="unbound", seed=shifted(7)) as d:
        d.run(3)
        d.kill("primary")
        d.until("recovered", within=40)

        assert d.cache.ask("www.shop.example").values == ("192.0.2.2",)
    assert psutil.Process().children() == []
    (found,), (law,) = d.result().measured, d.result().foretold
    tell(f"drill behind Unbound: {found.seconds:.1f} s; the law: {law.least:.1f} to {law.most:.1f}")
    assert law.least - 0.5 <= found.seconds <= law.most + 2 + lag.worst
    assert sum(found.parts) == pytest.approx(found.seconds, abs=0.1)


def test_without_unbound_it_is_said(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)

    with pytest.raises(LabError, match="unbound: is not installed"):
        drill(zone(), cache="unbound").start()
