"""`simulate`: what it prints, and its status."""

import json
import os
import pty
import signal
import subprocess
import time

import psutil
import pytest

from .commands import COMMAND, ENVIRONMENT, ROOT, here

FILES = ROOT / "tests" / "scenarios"
SMALL = """
name = "www"
duration = 120
clients = { count = 30, rate = 0.05 }
zone = '''
$ORIGIN shop.example.
@ 60 SOA ns1 hostmaster 1 2 3 4 5
@ 60 NS ns1
ns1 60 A 192.0.2.53
www 60 A 192.0.2.1
www 60 A 192.0.2.2
'''
"""
# Some minutes of work for the event engine.
LONG = SMALL.replace("count = 30, rate = 0.05", "count = 2000, rate = 1").replace("120", "8000")


def simulate(*arguments):
    return here("simulate", *arguments, folder=FILES)


@pytest.fixture
def small(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    return tmp_path / "small.toml"


@pytest.mark.slow
def test_the_example_of_the_readme_prints_a_page():
    done = simulate("shop.toml")

    assert (done.returncode, done.stderr) == (0, "")
    for word in ("192.0.2.1", "max/mean", "home router", "lookup", "stale", "outage", "bill"):
        assert word in done.stdout


def test_the_readme_shows_the_example_and_what_it_prints():
    readme = (ROOT / "README.md").read_text()

    assert (FILES / "shop.toml").read_text() in readme


def test_json_holds_every_number(small):
    done = simulate(small, "--json", "--engine", "events")
    data = json.loads(done.stdout)

    assert done.returncode == 0
    assert {"backends", "balance", "caches", "authority", "lookup_ms", "schedule"} <= set(data)
    assert sum(map(sum, (each["requests"] for each in data["backends"]))) == data["total"]
    assert "trace" not in data


def test_a_seed_repeats_a_run(small):
    one, same, other = (simulate(small, "--seed", seed).stdout for seed in (5, 5, 6))

    assert one == same != other
    assert "seed 5\n" in one


def test_a_trace_comes_before_the_page(small):
    done = simulate(small, "--trace")

    first, *_ = done.stdout.splitlines()
    assert "0." in first
    assert " s  " in first
    assert "engine events" in done.stdout


def test_a_trace_in_json_is_a_list_of_events(small):
    data = json.loads(simulate(small, "--trace", "--json").stdout)

    assert {"time", "kind", "who", "detail"} <= set(data["trace"][0])


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ("duration", "duratoin", 1, "small.toml: duratoin: is not known here. Did you mean dura"),
        ("rate = 0.05", "rate = 0", 1, "small.toml: clients.rate 0: is not a number from"),
        ("www 60 A", "www 60 AA", 1, "small.toml: zone:"),
        ("name =", "name", 1, "small.toml: is not TOML: "),
        ("count = 30", "count = 10000000", 1, "are more than"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(small, old, new, status, said):
    small.write_text(SMALL.replace(old, new))
    done = simulate(small, "--engine", "events")

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("lab_engine: ")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["none.toml"], 1, "none.toml: cannot be read"),
        ([], 2, "required: FILE"),
        (["shop.toml", "--engine", "quick"], 2, "invalid choice"),
        (["shop.toml", "--seed", "-1"], 1, "seed -1: is not a whole number"),
        (["shop.toml", "--engine", "population", "--trace"], 1, "no events to trace"),
    ],
)
def test_a_wrong_call_is_told_so(arguments, status, said):
    done = simulate(*arguments)

    assert done.returncode == status
    assert said in done.stderr


def started(path, *arguments, **options):
    return subprocess.Popen(
        [*COMMAND, "simulate", str(path), "--engine", "events", *arguments],
        env=ENVIRONMENT,
        **options,
    )


def read_until(screen, word):
    """What a terminal shows until a word comes."""
    seen, end = b"", time.monotonic() + 60
    while word not in seen and time.monotonic() < end:
        seen += os.read(screen, 4096)
    return seen


@pytest.mark.slow
def test_ctrl_c_prints_what_was_counted_and_a_terminal_sees_a_bar(small):
    """The bar comes after a second, and is wiped away; the status is that of other programs."""
    small.write_text(LONG)
    screen, theirs = pty.openpty()
    process = started(small, "--json", stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    seen = read_until(screen, b"%")
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=120)
    os.close(screen)
    data = json.loads(printed)

    assert process.returncode == 130
    assert b"[" in seen
    assert data["partial"] is True
    assert 0 <= data["ended"] < 8000


@pytest.mark.long  # the example of the README prints none either
@pytest.mark.slow
def test_no_bar_is_drawn_where_nobody_looks(small):
    """Not in a second of work, either: what is long is broken off by Ctrl-C."""
    small.write_text(LONG)
    process = started(small, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    working = psutil.Process(process.pid)
    while process.poll() is None and working.cpu_times().user < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, complained = process.communicate(timeout=120)

    assert process.returncode == 130
    assert complained == ""
    assert "broken off after" in printed
