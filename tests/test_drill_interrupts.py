"""A drill that is broken off: by Ctrl-C at many moments, by its process ending, by a kill."""

import signal
import subprocess
import sys

import psutil
import pytest

from lab_engine import drill
from tests.counts import LONG

from .test_interrupts import interrupted, nothing_left, trials
from .test_twin import pair

pytestmark = [
    pytest.mark.waits,
    pytest.mark.slow,
    *([pytest.mark.timeout(3600)] if LONG else []),  # then at every moment that there is
    # Where a socket has no owner yet, the interpreter closes it, and would say so.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MOMENTS = 120 if LONG else 60
SETTINGS = {"interval": 0.2, "ttl": 1, "patience": 0.2}
ALONE = """\
import sys
from lab_engine import drill
from tests.test_twin import pair
d = drill(pair(), interval=0.2, ttl=1).start()
print(d.server.port, *[port for _, port in d._world.table.values()], flush=True)
sys.stdin.readline()
"""


def play():
    """All that one does with a drill."""
    with drill(pair(), **SETTINGS) as d:
        d.kill("primary")
        d.run(0.05)
        d.slow("primary", 0.1)
        d.heal("primary")
    return d.result()


def test_wherever_it_is_broken_off_nothing_is_left():
    """And it is the interrupt itself that comes out."""
    with nothing_left():
        results = {type(result) for result in trials(play, MOMENTS)}

    assert results == {KeyboardInterrupt}


def test_an_end_that_is_broken_off_goes_on_to_its_end():
    def ending(chosen=0):
        d = drill(pair(), **SETTINGS).start()
        return interrupted(d.stop, chosen)

    with nothing_left():
        count = ending()[1].count
        for chosen in range(2, count, max(1, count // (MOMENTS // 3))):
            ending(chosen)


@pytest.mark.parametrize("how", ["it ends", "it is killed"])
def test_a_process_that_ends_takes_all_of_it_along(how):
    """As a kernel does that is shut down or restarted in the midst of a drill."""
    alone = subprocess.Popen(
        [sys.executable, "-c", ALONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with alone:
        ports = {int(port) for port in alone.stdout.readline().split()}
        assert len(ports) == 3
        if how == "it is killed":
            alone.send_signal(signal.SIGKILL)
        _, errors = alone.communicate("\n" if how == "it ends" else None, timeout=20)

    assert errors == ""
    taken = {each.laddr.port for each in psutil.net_connections() if each.status == "LISTEN"}
    assert not ports & taken
