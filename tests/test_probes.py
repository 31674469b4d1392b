"""The prober: its timing on a clock of its own, and at work against real servers on loopback."""

import asyncio
import contextlib
import socket
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from math import ceil, sqrt
from random import Random
from statistics import mean

import pytest

from lab_engine import LabError
from lab_engine.authority.health import CHECKER_REGIONS, CHECKERS, HealthCheck
from lab_engine.control.account import Account, Check
from lab_engine.live import ports
from lab_engine.wire import probing
from lab_engine.wire.ours import ours
from lab_engine.wire.probes import MAX_PROBED, Prober
from lab_engine.wire.probing import Limits, ProbeResult, probe
from tests.counts import LONG, long_but

from .loops import Simulated

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
PASSED = "Success: HTTP Status Code 200, OK"
SAMPLE = MAX_PROBED if LONG else 50
GOOD, BAD = ProbeResult(True, "Success: so it is"), ProbeResult(False, "Failure: so it is")


def check(check_id="hc-1", *, interval=30, threshold=3, kind="HTTP", **more):
    known = {each: more.pop(each) for each in ("inverted", "disabled", "regions") if each in more}
    made = HealthCheck(check_id, kind, interval, threshold, **known)
    return Check(made, {"IPAddress": "127.0.0.1", "Port": 80} | more)


def account(*checks):
    return Account(checks={each.check.id: each for each in checks})


def simulated(ask, checks, seconds, events=(), **options):
    """What was reported, as (id, healthy, when), and the observations of the checks by then.

    `ask` takes the loop and gives an outcome; `events` are (when, what to do with the prober).
    """
    loop, reports = Simulated(), []

    async def scene():
        def report(check_id, healthy):
            reports.append((check_id, healthy, loop.time()))

        prober = Prober(
            {"127.0.0.1": ("127.0.0.1", 80)},
            report,
            rng=Random(7),
            now=lambda: EPOCH + timedelta(seconds=loop.time()),
            probe=lambda target: ask(loop),
            **{"room": MAX_PROBED * CHECKERS} | options,
        )
        prober.watch(account(*checks))
        running = loop.create_task(prober._run())
        for when, act in [*events, (seconds, lambda prober: None)]:
            await asyncio.sleep(when - loop.time())
            act(prober)
            await asyncio.sleep(0)
        seen = {each.check.id: prober.observations(each.check.id) for each in checks}
        prober.stop()
        await running
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return seen

    with contextlib.closing(loop):
        seen = loop.run_until_complete(scene())
    return reports, seen


def dead_from(start, until=float("inf"), seconds=0.0):
    """An endpoint that is dead meanwhile; to notice takes some seconds."""

    async def ask(loop):
        if not start <= loop.time() < until:
            return GOOD
        await asyncio.sleep(seconds)
        return BAD

    return ask


@pytest.mark.slow
@pytest.mark.parametrize("checkers", long_but([1, 15, 16], 16))
@pytest.mark.parametrize(
    ("interval", "threshold", "seconds"),
    long_but([(30, 3, 0), (30, 1, 0), (10, 3, 0), (30, 3, 4)], (30, 1, 0), (10, 3, 0), (30, 3, 4)),
)
def test_detection_and_recovery_take_what_order_statistics_say(
    checkers, interval, threshold, seconds
):
    """Of m checkers the n-th to fail decides, n = ceil(.82 m); floor(.18 m) + 1 bring it back.

    Each needs k results; a failed one takes τ, and an interval I lies between two. Phases are
    uniform in I (also when it comes back, whole rounds later), so the n-th has the mean I n/(m+1)
    and the variance I² n(m+1-n) / ((m+1)²(m+2)). The tolerance is four standard deviations of the
    mean of so many checks.
    """
    dead = 2 * interval
    alive = dead + (threshold + 1) * (interval + seconds)
    end = alive + (threshold + 1) * (interval + seconds)
    checks = [check(f"hc-{n}", interval=interval, threshold=threshold) for n in range(SAMPLE)]

    reports, _ = simulated(dead_from(dead, alive, seconds), checks, end, checkers=checkers)

    def phase(n):
        variance = n * (checkers + 1 - n) / ((checkers + 1) ** 2 * (checkers + 2))
        return interval * n / (checkers + 1), 4 * interval * sqrt(variance / SAMPLE)

    down = [when - dead for _, healthy, when in reports if not healthy]
    up = [when - alive for _, healthy, when in reports if healthy and when > 0]
    waiting = (threshold - 1) * interval
    assert len(down) == len(up) == SAMPLE
    begin, tolerance = phase(ceil(0.82 * checkers))
    assert mean(down) == pytest.approx(begin + waiting + threshold * seconds, abs=tolerance)
    begin, tolerance = phase(int(0.18 * checkers) + 1)
    assert mean(up) == pytest.approx(begin + waiting, abs=tolerance)


@pytest.mark.parametrize(("failing", "healthy"), [(13, True), (14, False)])
def test_a_check_fails_when_no_more_than_18_percent_of_its_checkers_pass(failing, healthy):
    asked = 0

    async def ask(loop):
        nonlocal asked
        asked += 1
        return BAD if asked % 16 < failing else GOOD

    reports, _ = simulated(ask, [check(threshold=1)], 100)

    assert reports[-1][:2] == ("hc-1", healthy)


def test_each_checker_begins_on_its_own_and_waits_from_the_response_on():
    begun = []

    async def ask(loop):
        begun.append(loop.time())
        await asyncio.sleep(4)
        return GOOD

    simulated(ask, [check()], 100)

    first, second = begun[:16], begun[16:32]
    assert len({round(at, 6) for at in first}) == 16
    assert 0 <= min(first) < 10
    assert 20 < max(first) < 30
    assert second == pytest.approx([at + 34 for at in first])


def test_the_pace_hurries_intervals_only():
    begun = []

    async def ask(loop):
        begun.append(loop.time())
        await asyncio.sleep(4)
        return GOOD

    simulated(ask, [check()], 20, checkers=1, pace=0.1)

    assert [after - before for before, after in pairwise(begun)] == pytest.approx([7.0] * 2)


def test_observations_tell_what_each_checker_saw_last_and_its_last_failure():
    ask = dead_from(40, 70)

    _, before = simulated(ask, [check()], 39)
    _, during = simulated(ask, [check()], 69.9)
    _, after = simulated(ask, [check()], 139.9)

    assert {each.failure for each in before["hc-1"]} == {None}
    assert {(each.status, each.healthy) for each in during["hc-1"]} == {(BAD.status, True)}
    for early, late in zip(during["hc-1"], after["hc-1"], strict=True):
        assert early.failure == late.failure == (early.at, BAD.status)
        assert late.status == GOOD.status
        assert late.at > early.at
    assert [each.region for each in after["hc-1"]] == [*CHECKER_REGIONS, *CHECKER_REGIONS]
    assert [each.address for each in after["hc-1"]] == [f"203.0.113.{n}" for n in range(1, 17)]


def test_a_checker_that_has_not_looked_yet_says_nothing():
    async def never(loop):
        await asyncio.sleep(1_000)
        return GOOD

    _, seen = simulated(never, [check()], 100)

    assert seen == {"hc-1": ()}


def test_checkers_stand_in_the_regions_of_the_check():
    chosen = CHECKER_REGIONS[2:5]

    _, seen = simulated(dead_from(0), [check(regions=chosen)], 40, checkers=4)

    assert [each.region for each in seen["hc-1"]] == [*chosen, chosen[0]]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_new_check_is_reported_at_once_and_then_only_what_changes(inverted):
    reports, _ = simulated(dead_from(100, 300), [check(inverted=inverted)], 600)

    assert [healthy is not inverted for _, healthy, _ in reports] == [True, False, True]
    assert reports[0][2] == 0


def test_a_report_that_raises_does_not_end_the_probing(caplog):
    def ask(loop):
        loop.set_exception_handler(lambda loop, context: failures.append(context["exception"]))
        return dead_from(100)(loop)

    failures = []

    def spoil(prober):
        prober._report = lambda check_id, healthy: 1 / 0

    _, seen = simulated(ask, [check()], 600, [(50, spoil)])

    assert [type(each) for each in failures] == [ZeroDivisionError]
    assert all(each.at > EPOCH + timedelta(seconds=550) for each in seen["hc-1"])


def test_added_checks_are_probed_and_removed_ones_are_not():
    events = [
        (50, lambda prober: prober.watch(account(check("hc-2")))),
        (500, lambda prober: prober.watch(account())),
    ]

    reports, _ = simulated(dead_from(100, 800), [check("hc-1")], 1_000, events)

    assert [(each, healthy) for each, healthy, _ in reports] == [
        ("hc-1", True),
        ("hc-2", True),
        ("hc-2", False),
    ]


def test_an_unchanged_check_goes_on_when_others_change():
    events = [(when, lambda prober: prober.watch(account(check()))) for when in range(1, 400, 7)]

    reports, _ = simulated(dead_from(100), [check()], 400, events)

    assert [healthy for _, healthy, _ in reports] == [True, False]
    assert reports[1][2] < 191


def test_a_changed_check_keeps_the_minds_of_its_checkers():
    """Edited while it fails, it goes on failing; inverted, it passes."""
    events = [
        (300, lambda prober: prober.watch(account(check(threshold=5)))),
        (400, lambda prober: prober.watch(account(check(threshold=5, inverted=True)))),
    ]

    reports, _ = simulated(dead_from(100), [check()], 500, events)

    told = [(healthy, when) for _, healthy, when in reports]
    assert [healthy for healthy, _ in told] == [True, False, False, True]
    assert [when for _, when in told[2:]] == [300, 400]


def test_a_disabled_check_is_left_alone_and_says_so():
    reasons = []
    events = [
        (50, lambda prober: prober.watch(account(check(disabled=True)))),
        (51, lambda prober: reasons.append(prober.reason("hc-1"))),
    ]

    reports, seen = simulated(dead_from(60), [check()], 500, events)

    assert seen == {"hc-1": ()}
    assert reasons == ["It is disabled."]
    assert [healthy for _, healthy, _ in reports] == [True]


def make(
    report=lambda check_id, healthy: None, table=(("127.0.0.1:80", ("127.0.0.1", 80)),), **options
):
    settings = {"rng": Random(7), "now": lambda: datetime.now(UTC), "pace": 0.01} | options
    return Prober(dict(table), report, **settings)


def test_no_more_than_200_checks_are_probed():
    checks = [check("elsewhere", IPAddress="192.0.2.1")]
    checks += [check(f"hc-{n}") for n in range(MAX_PROBED + 1)]
    prober = make()

    prober.watch(account(*checks))

    assert prober.reason("hc-199") == ""
    assert prober.reason("hc-200").startswith("The lab probes 200 health checks at once")
    assert prober.reason("elsewhere").startswith("192.0.2.1 is not on loopback")
    assert prober.reason("hc-999") == "There is no such health check."


@pytest.mark.parametrize(
    "options",
    [{"checkers": 0}, {"checkers": 255}, {"pace": 0}, {"pace": float("nan")}],
)
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(LabError):
        make(**options)


def test_a_table_that_leaves_loopback_is_refused():
    with pytest.raises(LabError, match="not on loopback"):
        make(table={"192.0.2.1": ("192.0.2.2", 80)})


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"all is well"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web(port=0):
    """A healthy web server in a thread; gives its port."""
    with ThreadingHTTPServer(("127.0.0.1", port), Healthy) as server:
        ours(server.socket)
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()


class Heard:
    """A report that can be waited for."""

    def __init__(self):
        self.said = {}
        self._news = threading.Condition()

    def __call__(self, check_id, healthy):
        with self._news:
            self.said[check_id] = healthy
            self._news.notify_all()

    def wait(self, **said):
        with self._news:
            assert self._news.wait_for(lambda: said.items() <= self.said.items(), 30), self.said


@contextlib.contextmanager
def started(prober):
    """A prober at work, which then leaves nothing behind."""
    prober.start()
    try:
        yield prober
    finally:
        began = time.monotonic()
        prober.stop()
        assert time.monotonic() - began < 30
        assert "probes" not in {each.name for each in threading.enumerate()}


CONNECTED = []


@pytest.fixture(scope="session")
def spied():
    """Every address that a socket of this process was connected to, or name looked up."""

    def hook(event, args):
        if event == "socket.connect":
            CONNECTED.append(args[1])
        elif event == "socket.getaddrinfo":
            CONNECTED.append(args[:2])

    sys.addaudithook(hook)
    return CONNECTED


@pytest.mark.slow
def test_a_server_dies_and_comes_back_and_its_checks_follow(spied):
    """Through the table, over HTTP, TCP and with a string; what is elsewhere is never contacted."""
    spied.clear()
    heard, alive = Heard(), contextlib.ExitStack()
    holding = ports.held()
    port = ports.number(holding)
    alive.enter_context(web(port))
    table = {"192.0.2.1": ("127.0.0.1", port), "www.example:8080": ("localhost", port)}
    named = {"IPAddress": "", "FullyQualifiedDomainName": "www.example", "Port": 8080}
    watched = account(
        check("http", interval=10, IPAddress="192.0.2.1"),
        check("tcp", interval=10, kind="TCP", Port=port),
        check("string", interval=10, kind="HTTP_STR_MATCH", SearchString="well", **named),
        check("ill", interval=10, kind="HTTP_STR_MATCH", SearchString="ill", **named),
        check("elsewhere", IPAddress="192.0.2.9"),
        check("unknown", IPAddress="", FullyQualifiedDomainName="unknown.example"),
    )

    with holding, alive, started(make(heard, table)) as prober:
        prober.watch(watched)
        heard.wait(http=True, tcp=True, string=True, ill=False)
        assert {each.status for each in prober.observations("ill")} == {probing.NOT_FOUND}
        alive.close()
        heard.wait(http=False, tcp=False, string=False)
        assert probing.REFUSED in {each.status for each in prober.observations("http")}
        with web(port):
            heard.wait(http=True, tcp=True, string=True)
            assert PASSED in {each.status for each in prober.observations("http")}
        assert prober.observations("elsewhere") == prober.observations("unknown") == ()

    assert heard.said.keys() == {"http", "tcp", "string", "ill"}
    assert set(spied) == {("127.0.0.1", port)}


def test_to_stop_does_not_wait_for_a_black_hole():
    """Also where every checker of 20 checks hangs, and where nothing has begun."""
    with ours(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        checks = [check(f"hc-{n}", Port=port) for n in range(20)]
        patient = partial(probe, limits=Limits(status=600))
        with started(make(probe=patient, pace=0.001)) as prober:
            prober.watch(account(*checks))
            silent.accept()[0].close()
        with started(make()):
            pass
        make().stop()


def test_a_stopped_prober_can_be_started_again():
    with web() as port:
        heard = Heard()
        prober = make(heard)
        prober.watch(account(check(Port=port)))
        for _ in range(2):
            with started(prober):
                heard.wait(**{"hc-1": True})
            assert prober.observations("hc-1") == ()
            prober.stop()
            heard.said.clear()


def test_any_thread_may_say_what_is_watched():
    """Eight of them at once; the last one is obeyed."""
    with web() as port, started(make()) as prober:
        checks = [check(f"hc-{n}", Port=port) for n in range(8)]

        def change(n):
            for each in checks[n:]:
                prober.watch(account(each))
                prober.observations(each.check.id)

        threads = [threading.Thread(target=change, args=[n]) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        prober.watch(account(check("last", Port=port)))
        deadline = time.monotonic() + 30
        while not prober.observations("last") and time.monotonic() < deadline:
            time.sleep(0.01)

        assert prober.observations("last")
        assert not any(prober.observations(each.check.id) for each in checks)
