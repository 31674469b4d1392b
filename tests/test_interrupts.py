"""Ctrl-C at many moments: it is a KeyboardInterrupt, and nothing is left running or taken.

An interrupt is heard where a function begins or a built-in one ends (and at the ends of loops). The
profiler stops at the same places, so that SIGINT can be sent at any of them, again and again.
"""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import ExitStack, contextmanager
from inspect import CO_GENERATOR

import psutil
import pytest

from lab_engine import LabError, RRset, Zone, forward, serve
from lab_engine.authority.health import HealthCheck
from lab_engine.control.account import Account, Check
from lab_engine.control.journal import Journal
from lab_engine.control.operations import replay
from lab_engine.errors import raise_interrupt
from lab_engine.live.webservers import webservers
from lab_engine.wire.interrupts import Unbroken, opened
from tests.counts import LONG

from .ports import free_port

# Where a socket has no owner yet, the interpreter closes it, and would say so; and generators of
# libraries that were broken off complain when they are collected.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60)])
BATCH = {
    "Changes": [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{name}.shop.example",
                "Type": kind,
                "TTL": 60,
                "ResourceRecords": [{"Value": value}],
            },
        }
        for name, kind, value in (("www", "A", "192.0.2.1"), ("mail", "MX", "10 www.shop.example."))
    ]
}

ENDS = {"__exit__", "stop"}


class Moments:
    """Counts the moments at which an interrupt can be heard, and sends one at the chosen one.

    Generators are left out: they are also called to be closed, and then nobody hears anything. So
    are the first instructions of what ends a `with`: no code of ours can come before them.
    """

    def __init__(self, chosen=0):
        self.chosen = chosen
        self.count = 0

    def __call__(self, frame, event, arg):
        code = frame.f_code
        begins = not code.co_flags & CO_GENERATOR and code.co_name not in ENDS
        if event == "c_return" or (event == "call" and begins):
            self.count += 1
            if self.count == self.chosen:
                signal.raise_signal(signal.SIGINT)

    @property
    def sent(self):
        return 0 < self.chosen <= self.count


def interrupted(act, chosen=0):
    """What `act` returns or is broken off by, and the moments it has gone through."""
    moments, hook = Moments(chosen), sys.unraisablehook
    sys.unraisablehook = deque(maxlen=0).append  # a hook in Python would be one more moment
    sys.setprofile(moments)
    try:
        result = act()
    except BaseException as wrong:  # noqa: BLE001
        result = wrong.with_traceback(wrong.__traceback__.tb_next)  # with our frame, a cycle
    finally:
        sys.setprofile(None)
        sys.unraisablehook = hook
    return result, moments


def trials(act, most, close=lambda made: None):
    """What came of `act` with SIGINT at moments all over it; `close` ends what it made.

    Nothing of what others left behind is collected meanwhile: nobody hears anything in a finalizer.
    What the trials leave is collected at their end, and its finalizers may say what they like.
    """
    for _ in range(2):  # the first time imports and prepares
        made, moments = interrupted(act)
        close(made)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for chosen in range(1, moments.count, 1 if LONG else max(1, moments.count // most)):
            result, moments_then = interrupted(act, chosen)
            if not isinstance(result, BaseException):
                close(result)
            if moments_then.sent:
                yield result
            del result
    finally:
        made = None
        hook, sys.unraisablehook = sys.unraisablehook, deque(maxlen=0).append
        gc.collect()
        sys.unraisablehook = hook
        gc.enable()
        gc.unfreeze()


@contextmanager
def nothing_left():
    """Threads and open files, sockets among them, are those of before."""
    gc.collect()
    threads, files = set(threading.enumerate()), psutil.Process().num_fds()
    yield
    assert set(threading.enumerate()) == threads
    assert psutil.Process().num_fds() == files


def test_the_moments_are_real():
    """The profiler's interrupt breaks off plain code as Ctrl-C does."""
    result, _ = interrupted(lambda: [len("a") for _ in range(9)], 5)

    assert isinstance(result, KeyboardInterrupt)


READINGS = {
    "master file": lambda: Zone.from_text(ZONE.to_text() + 'note TXT "a b"\nmail MX 10 www\n'),
    "JSON": lambda: Zone.from_json(BATCH),
    "Python": lambda: RRset.of("mail", "MX", ["10 mail", "20 mail.example.net."]),
}


@pytest.mark.slow
@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_reading_is_broken_off_by_the_interrupt_itself(reading):
    """And by no error about a healthy line."""
    results = {type(result) for result in trials(reading, 400)}

    assert results == {KeyboardInterrupt}
    assert gc.isenabled()


@pytest.mark.slow
def test_a_file_that_is_read_for_long_is_broken_off(tmp_path):
    file = tmp_path / "shop.zone"
    file.write_text(ZONE.to_text())

    assert {type(r) for r in trials(lambda: Zone.from_file(file), 200)} == {KeyboardInterrupt}


def test_an_interrupt_is_found_however_it_was_wrapped():
    read, shown = ValueError(), LookupError()
    read.__cause__ = KeyboardInterrupt()
    shown.__context__, shown.__suppress_context__ = read, True

    with pytest.raises(KeyboardInterrupt):
        raise_interrupt(shown)
    raise_interrupt(LookupError())


WATCHED = Account.of(
    ZONE, checks=[Check(HealthCheck("hc-1"), {"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80})]
)
OPENINGS = {
    "a server": (lambda at, path: serve(ZONE, at), 150),
    "with checkers": (lambda at, path: serve(WATCHED, at), 60),
    "with a journal": (lambda at, path: serve(ZONE, at, journal=path / "state"), 100),
    "with an API": (lambda at, path: serve(ZONE, at, api=True), 15),
    "a forwarder": (lambda at, path: forward("127.0.0.1:5353", at), 100),
}


@pytest.mark.slow
@pytest.mark.parametrize(("opening", "most"), OPENINGS.values(), ids=OPENINGS)
def test_opening_is_whole_or_leaves_nothing(opening, most, tmp_path):
    """Even while the page still holds the interrupt with its traceback, as notebooks do."""
    port = free_port()
    with nothing_left():
        kept = list(trials(lambda: opening(port, tmp_path), most, lambda made: made.stop()))
        with serve(ZONE, port, say=pytest.fail):
            pass

    assert {type(result) for result in kept} == {KeyboardInterrupt}
    if (tmp_path / "state").exists():
        Journal.open(tmp_path / "state", replay, lambda: pytest.fail("it held nothing"))[0].close()
        assert [each.name for each in tmp_path.iterdir()] == ["state"]


ENTERINGS = {
    "a server": lambda at: serve(ZONE, at),
    "a forwarder": lambda at: forward("127.0.0.1:5353", at),
    "web servers": lambda at: webservers(["192.0.2.1"]),
}


@pytest.mark.slow
def test_back_ends_go_on_hearing_whatever_they_are_broken_off_in():
    """What they are told is waited for, and whoever waits has a lock for a moment."""
    with webservers(["192.0.2.1"]) as servers:

        def turn():
            servers.fail("192.0.2.1")
            servers.heal("192.0.2.1")

        results = {type(result) for result in trials(turn, 10_000)}
        turn()

    assert results == {KeyboardInterrupt}


@pytest.mark.slow
@pytest.mark.parametrize("opening", ENTERINGS.values(), ids=ENTERINGS)
def test_between_what_is_opened_and_its_with_no_interrupt_is_heard(opening):
    """Who opens it in a `with` has either nothing, or is in there."""
    entered, port = [], free_port()

    def enter():
        with opening(port) as made:
            entered.append(made)

    with nothing_left():
        for _ in trials(enter, 150):
            while entered:  # for an end that is broken off, `stop` may be called again
                entered.pop().stop()


def test_a_stack_enters_it_too():
    with ExitStack() as stack:
        server = stack.enter_context(serve(ZONE))
        assert server.ask("www.shop.example").rcode == "NOERROR"


@pytest.mark.slow
def test_moving_to_a_free_port_is_whole_or_leaves_nothing():
    with serve(ZONE) as taken, nothing_left():
        moving = trials(lambda: serve(ZONE, taken.port, say=str), 100, lambda made: made.stop())

        assert {type(result) for result in moving} == {KeyboardInterrupt}


@pytest.mark.slow
def test_stopping_goes_on_to_its_end():
    port = free_port()

    def stopping(chosen=0):
        server = serve(ZONE, port, say=pytest.fail)
        return interrupted(server.stop, chosen)

    with nothing_left():
        for chosen in range(2, stopping()[1].count, 1 if LONG else 3):
            stopping(chosen)


@pytest.mark.slow
def test_asking_is_broken_off_by_the_interrupt_itself():
    with serve(ZONE) as server, nothing_left():
        results = {type(r) for r in trials(lambda: server.ask("www.shop.example"), 300)}

    assert results == {KeyboardInterrupt}


def test_an_interrupt_waits_for_the_end_of_what_is_unbroken():
    done = []

    def work():
        with Unbroken():
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_does_not_wait():
    done = []

    def work():
        with Unbroken():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == []


def test_of_two_that_are_unbroken_the_outer_one_hears():
    done = []

    def work():
        with Unbroken():
            with Unbroken():
                signal.raise_signal(signal.SIGINT)
            done.append("after the inner one")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["after the inner one"]


def test_other_threads_hear_nothing_and_set_nothing():
    def work():
        with Unbroken():
            handlers.append(signal.getsignal(signal.SIGINT))

    handlers = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert handlers == [signal.default_int_handler]


def test_what_failed_is_undone():
    closed = []

    def make(undo):
        undo.callback(closed.append, "first")
        undo.callback(closed.append, "second")
        raise LabError(1, "is wrong", "Try 2.")

    with pytest.raises(LabError):
        opened(make)
    assert closed == ["second", "first"]


HOOK = """
import os, sys
def hook(event, args):
    if event == {event!r} and str(args[0]) == {path!r}:
        os.read(os.open({pipe!r}, os.O_RDONLY), 1)
sys.addaudithook(hook)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_is_broken_off_while_its_zone_still_loads(tmp_path, number):
    """It waits where the file is opened, and is not let go before the signal is sent."""
    zone, pipe = tmp_path / "shop.zone", tmp_path / "pipe"
    zone.write_text(ZONE.to_text())
    os.mkfifo(pipe)
    hook = HOOK.format(event="open", path=str(zone), pipe=str(pipe))
    (tmp_path / "sitecustomize.py").write_text(hook)
    command = [sys.executable, "-m", "lab_engine", "serve", str(zone)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with ExitStack() as stack:
        serving = stack.enter_context(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
            )
        )
        writer = stack.enter_context(pipe.open("w"))  # it is open when the zone is
        serving.send_signal(number)
        writer.close()  # a signal just before a read is heard behind it
        printed, errors = serving.communicate(timeout=120)

    assert (serving.returncode, printed) == (130, "")
    assert errors == "lab_engine: broken off before anything was served\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_is_broken_off_while_it_is_still_imported(tmp_path, number):
    """Also in the background, where shells have SIGINT ignored."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "sitecustomize.py").write_text(
        HOOK.format(event="import", path="lab_engine.authority", pipe=str(pipe))
    )
    command = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable]
    with (
        subprocess.Popen(
            [*command, "-m", "lab_engine", "serve", "no-such.zone"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        ) as serving,
        pipe.open("w"),  # it is open when the import waits
    ):
        serving.send_signal(number)
        printed, errors = serving.communicate(timeout=120)

    assert (serving.returncode, printed) == (130, "")
    assert errors == "lab_engine: broken off before anything was served\n"
