"""`rehearse`: what it prints, its page, and what it refuses."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest

from .commands import COMMAND, ENVIRONMENT, ROOT, apart, here

FILES = ROOT / "tests" / "rehearsals"
FEW = "clients = { count = 200, rate = 0.05 }\nresolvers = { count = 20, skew = 0 }\n"
TITLES = (
    "What changes, and for whom",
    "When requests have followed",
    "What it costs in questions to the authority",
    "If it is taken back",
    "If an endpoint dies after the change",
    "What lint says of the zone after the change",
    "How nobody would be left behind",
    "For whom this holds",
)


def rehearse(*arguments, folder=FILES):
    return here("rehearse", *arguments, folder=folder)


@pytest.fixture
def few(tmp_path):
    (tmp_path / "few.toml").write_text(FEW)
    return tmp_path / "few.toml"


@pytest.mark.slow
def test_the_example_of_the_readme_answers_every_question():
    """What stands in the README is what it prints: the seed is fixed."""
    done = apart("rehearse", "shop.json", "move.json", folder=FILES)

    assert (done.returncode, done.stderr) == (0, "")
    places = [done.stdout.index(title) for title in TITLES]
    assert places == sorted(places)
    readme = (ROOT / "README.md").read_text()
    shown = readme.partition("rehearse tests/rehearsals/shop.json")[2].partition("```")[0]
    printed = {line.strip() for line in done.stdout.splitlines()}
    lines = [line.strip() for line in shown.splitlines()[1:] if line.strip(" .")]
    assert len(lines) > 15
    assert [line for line in lines if line not in printed] == []


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A rehearsal by few: the run, and the page that it writes besides."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "few.toml").write_text(FEW)
    how = ("--population", folder / "few.toml", "--json", "--html", folder / "page.html")
    return rehearse("shop.json", "move.json", *how), folder / "page.html"


@pytest.mark.slow
def test_json_has_the_same_with_the_curves(told):
    done, _ = told
    data = json.loads(done.stdout)

    assert done.returncode == 0
    (name,) = data["names"]
    assert name["followed"][0]["seconds"].keys() == {"0.5", "0.9", "0.99"}
    assert len(name["followed"][0]["curve"]) > 20
    assert {each["population"] for each in data["outages"]} == {"few.toml"}


@pytest.mark.slow
def test_a_page_is_written_that_needs_nothing_from_elsewhere(told):
    done, page = told
    text = page.read_text()

    assert done.returncode == 0
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org", "")
    assert all(f"<h2>{title}</h2>" in text for title in TITLES)


@pytest.mark.slow
def test_times_may_stand_by_each_change_or_by_themselves(few):
    one = rehearse("shop.json", "lower.json@0", "move.json@900", "--population", few)
    other = rehearse(
        "shop.json", "lower.json", "move.json", "--at", 0, "--at", 900, "--population", few
    )

    assert one.returncode == 0
    assert one.stdout == other.stdout
    assert "2 changes at 0 s, 900 s from now" in one.stdout


@pytest.mark.slow
def test_what_of_a_scenario_is_no_population_is_said(few):
    few.write_text(FEW + 'name = "www"\nzone = "x"\n')

    done = rehearse("shop.json", "move.json", "--population", few)

    assert done.returncode == 0
    assert "Of that file, name, zone say nothing of who asks: not used." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json", "move.json"], "none.json: cannot be read"),
        (["shop.json", "none.json"], "none.json: cannot be read"),
        (["shop.json", "other.zone"], "shop.example. and other.example.: are not the same zone"),
        (["shop.json", "refused.json"], "but it already exists"),
        (["shop.json", "empty.json"], "InvalidInput"),
        (["shop.json", "lower.json", "move.json"], "0 times: do not match the 2 changes"),
        (
            ["shop.json", "move.json", "--at", "0", "--at", "9"],
            "2 times: do not match the 1 change",
        ),
        (["shop.json", "lower.json@9", "move.json@3"], "does not come after the change before it"),
        (["shop.json", "lower.json@9", "move.json@12", "--at", "0"], "so does --at"),
        (["shop.json", "move.json", "--at", "-1"], "is no time from 0"),
        (["shop.json", "move.json", "--kill", "nobody"], "nobody: is no address, health check"),
        (["shop.json", "move.json", "--unhealthy", "hc-9"], "hc-9: is the id of no health check"),
        (["shop.json", "move.json", "--population", "none.toml"], "none.toml: cannot be read"),
        (["shop.json", "move.json", "--population", "other.zone"], "is not TOML"),
        (["shop.json", "move.json", "--rollback", "0"], "rollback"),
        (["shop.json", "move.json", "--seed", "-1"], "seed"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_simulated(arguments, said):
    done = rehearse(*arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("lab_engine: ")
    assert said in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_it_and_a_terminal_sees_a_bar(tmp_path):
    """The bar comes after a second, and is wiped away; the status is that of other programs."""
    many = tmp_path / "many.toml"
    many.write_text('clients = { count = 5000, rate = 1, profile = "chrome" }\n')
    screen, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "rehearse", "shop.json", "move.json", "--population", str(many)],
        cwd=FILES,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    seen, end = b"", time.monotonic() + 100
    while b"%" not in seen and time.monotonic() < end:
        seen += os.read(screen, 4096)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    seen += os.read(screen, 4096)
    os.close(screen)

    assert (process.returncode, printed) == (130, "")
    assert b"[" in seen
    assert b"broken off before there was anything to print" in seen


def test_a_call_without_a_change_is_misused():
    assert rehearse("shop.json").returncode == 2


@pytest.mark.parametrize("page", ["", ".", "no/page.html"])
def test_a_page_that_cannot_be_written_is_told_before_anything_runs(page):
    done = rehearse("shop.json", "move.json", "--html", page)

    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written" in done.stderr


@pytest.mark.slow
def test_two_thousand_names_of_which_few_change_are_no_more_work(few, tmp_path):
    """Only what changes is simulated; no time is measured, but that it ends."""
    head = "$ORIGIN shop.example.\n$TTL 300\n@ SOA ns1 h 1 2 3 4 60\n@ NS ns1\nns1 A 192.0.2.53\n"
    rows = [f"n{i} A 192.0.2.{i % 250 + 1}" for i in range(1000)]
    rows += [f"c{i} CNAME n{i}" for i in range(1000)]
    (tmp_path / "a.zone").write_text(head + "\n".join(rows) + "\n")
    rows[7] = "n7 A 198.51.100.7"
    (tmp_path / "b.zone").write_text(head + "\n".join(rows) + "\n")

    done = rehearse("a.zone", "b.zone", "--population", few, folder=tmp_path)

    assert done.returncode == 0
    assert "2 questions answered otherwise" in done.stdout
    assert "n7.shop.example. A" in done.stdout
    assert "c7.shop.example. A" in done.stdout
