"""The configurations for hubs: they are read, and say what the table of hub/README.md says."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lab_engine.commands import doctor
from lab_engine.course.mine import FIRST
from tests.hubs import HUB, before_each_start, configuration
from tests.repository import ROOT

LESSONS = HUB.parent / "lessons"
README = (HUB / "README.md").read_text()
BUDGET_MB = doctor.MEMORY // 10**6
PARTS = {
    "tljh": {
        "memory limit": "limits.memory",
        "CPU limit": "limits.cpu",
        "idle until culled": "services.cull.timeout",
    },
    "z2jh": {
        "memory guarantee": "singleuser.memory.guarantee",
        "memory limit": "singleuser.memory.limit",
        "CPU guarantee": "singleuser.cpu.guarantee",
        "CPU limit": "singleuser.cpu.limit",
        "idle until culled": "cull.timeout",
    },
}


def at(tree, path):
    """What stands at a path with dots."""
    for key in path.split("."):
        tree = tree[key]
    return tree


def table(head):
    """The rows of the README's table whose first column has that head, as lists of cells."""
    rows = README.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def megabytes(text):
    """`384M` or `1G` in millions of bytes; hubs count in powers of 1,024."""
    size, unit = re.fullmatch(r"(\d+)([MG])", text).groups()
    return int(size) * {"M": 2**20, "G": 2**30}[unit] / 1e6


def sums():
    """Each sum of the sizing, its result and what is said of it, in order."""
    block = README.split("```text\n")[1].split("```")[0].replace(",", "")
    return re.findall(r"^(.+) = ([\d.]+) (.*)$", block, re.MULTILINE)


def measured():
    """A row of the table by its lesson: server, kernel and both in MB, CPU in seconds."""
    return {name: [float(each) for each in row] for name, *row in table("lesson")}


def worked_out(sum_):
    """A product of numbers, by one that may follow a stroke."""
    over, _, under = sum_.partition("/")
    product = math.prod(float(each) for each in over.split("*"))
    return product / float(under or 1)


@pytest.mark.parametrize("name", PARTS)
def test_limits_are_those_of_the_table(name):
    """Each that a hub has stands in both places, and is the same."""
    found = {what: str(at(configuration(name), path)) for what, path in PARTS[name].items()}
    column = {"tljh": 1, "z2jh": 2}[name]
    told = {row[0]: row[column].split()[0] for row in table("what")}

    assert {what: value for what, value in told.items() if value != "—"} == found


def test_what_was_measured_fits_the_budget_and_the_limits():
    """Server and kernel of each lesson: the sum is one, in the budget, and in the guarantee."""
    guarantee = megabytes(at(configuration("z2jh"), "singleuser.memory.guarantee"))
    rows = table("lesson")

    assert f"The budget for server and kernel is {BUDGET_MB} MB." in README
    assert [row[0] for row in rows] == sorted(path.stem for path in LESSONS.glob("[0-9]*.ipynb"))
    for lesson, server, kernel, both, _ in rows:
        assert abs(int(server) + int(kernel) - int(both)) <= 1, lesson
        assert int(both) <= min(BUDGET_MB, guarantee), lesson


def test_the_arithmetic_of_the_readme_is_right():
    """Each line of the sizing gives what it says, to the places shown."""
    assert len(sums()) >= 4
    for written, result, _ in sums():
        places = len(result.partition(".")[2])
        assert f"{worked_out(written):.{places}f}" == result, written


def test_the_sizing_is_of_what_was_measured():
    """Each number of the sums by its source: who measures anew finds what else to write."""
    rows, z2jh = measured(), configuration("z2jh")
    largest = max(rows, key=lambda lesson: rows[lesson][1])
    server, kernel, _, _ = rows[largest]
    hungriest = max(cpu for *_, cpu in rows.values())
    first = rows["00_start_here"][3]
    guarantee = round(megabytes(at(z2jh, "singleuser.memory.guarantee")))
    sitting = 40 * 60  # seconds for a lesson, of which README.md has the minutes

    assert [written for written, _, _ in sums()] == [
        f"300 * {server + 2 * kernel:.0f}",
        f"300 * {guarantee}",
        f"300 * {hungriest} / {sitting}",
        f"300 * {at(z2jh, 'singleuser.cpu.guarantee')}",
        f"300 * {first} / 60",
        f"300 * {first} / 300",
    ]
    told = (
        f"a server of {server:.0f} two kernels of {kernel:.0f} (the largest lesson {largest[:2]})"
    )
    assert sums()[0][2].endswith(told)
    reasons = {row[0]: row[3] for row in table("what")}
    assert f"one kernel more is at most {kernel:.0f} MB after a run" in reasons["memory limit"]
    assert reasons["CPU guarantee"].endswith(f"sitting, {hungriest / sitting:.3f}")


def test_learners_home_does_not_hide_the_package():
    """The volume is mounted over the home, so the image is built elsewhere."""
    hub = configuration("z2jh")

    assert "--target-repo-dir /srv/course" in README
    assert at(hub, "hub.config.KubeSpawner.notebook_dir") == "~"
    assert "course update" in str(at(hub, "singleuser.lifecycleHooks.postStart"))


# As a file of theirs reads to whoever has filled it in, or changed the address and nothing else.
FILLED = {
    "as it is": lambda text: text,
    "a fork": lambda text: re.sub(r"github\.com/\S+", "github.com/ann/dns-lab", text),
    "filled in": lambda text: re.sub(
        r"https://github\.com/\S+ BRANCH", "https://git.ann/lab w1", text
    ),
}


@pytest.mark.parametrize("filled", FILLED.values(), ids=FILLED)
def test_what_is_pulled_is_found_whatever_was_filled_in(filled):
    """So the tests of a fork run as ours do."""
    text = filled((HUB / "z2jh.yaml").read_text())
    *shell, snippet = before_each_start("elsewhere", "class", YAML(typ="safe").load(text))

    assert shell == ["sh", "-c"]
    assert "gitpuller elsewhere class course" in snippet


@pytest.fixture
def home(tmp_path):
    """A learner's home, on a volume that has nothing yet."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def started(home, puller, within=60):
    """What the step before a start does in a home, with a `gitpuller` that is this script."""
    programs = home.parent / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "gitpuller").write_text(f"#!/bin/sh\n{puller}\n")
    (programs / "gitpuller").chmod(0o755)
    *shell, snippet = before_each_start("https://git.shop.example/lab", "class")
    places = [str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]
    return subprocess.run(
        [*shell, re.sub(r"timeout \d+ ", f"timeout {within} ", snippet)],
        cwd=home.parent,
        env=os.environ | {"HOME": str(home), "PATH": ":".join(places), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


PULLS = f"mkdir -p $3/lessons && cp '{ROOT / FIRST}' $3/lessons && echo pulled $1 $2"
OUT_OF_REACH = "echo cannot resolve host >&2; exit 1"
COPY = f"course/my/{FIRST.name}"
UP_TO_DATE = "The lessons to work on are in course/my."


@pytest.mark.slow
def test_a_start_pulls_the_course_and_makes_the_learners_copies(home):
    """Both are told in the home."""
    done = started(home, PULLS)

    assert (done.returncode, done.stderr) == (0, "")
    assert (home / COPY).is_file()
    told = (home / "course.log").read_text().splitlines()
    assert told == ["pulled https://git.shop.example/lab class", UP_TO_DATE]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("puller", "within", "why"),
    [(OUT_OF_REACH, 60, "cannot resolve host\n"), ("exec sleep 600", 0.1, "")],
    ids=["refused", "silent"],
)
def test_who_has_been_there_starts_also_while_github_is_out_of_reach(home, puller, within, why):
    """With the course as it was; my/ is renewed all the same, and the reason is told."""
    started(home, PULLS)
    (home / COPY).unlink()

    done = started(home, puller, within)

    assert done.returncode == 0
    assert (home / COPY).is_file()
    told = (home / "course.log").read_text()
    assert told == f"{why}Not pulled: the course stays as it was.\n{UP_TO_DATE}\n"


@pytest.mark.slow
def test_copies_that_cannot_be_renewed_keep_nobody_out(home):
    """A full volume has to be cleared by its learner; a folder in a file's place does for one."""
    started(home, PULLS)
    (home / "course/my/.copied.json").unlink()
    (home / "course/my/.copied.json").mkdir()

    done = started(home, PULLS)

    assert done.returncode == 0
    assert "cannot be written" in done.stderr


@pytest.mark.slow
def test_a_first_start_without_a_course_is_refused_and_says_why(home):
    """There would be nothing to work on; Kubernetes shows what is on the standard error."""
    done = started(home, OUT_OF_REACH)

    assert done.returncode != 0
    assert "cannot resolve host" in done.stderr
    assert "lessons: is not there" in done.stderr


def test_the_littlest_hub_is_brought_to_the_courses_jupyterlab_as_binder_is():
    """Its own notebook belongs to another one; what Binder's set-up does is done there."""
    steps = (ROOT / "binder/postBuild").read_text().splitlines()
    steps = [step for step in steps if step.startswith(("pip ", "jupyter "))]
    typed = README.split("## The Littlest JupyterHub")[1].split("```")[1]

    assert len(steps) == 3
    for step in steps:
        there = step.replace(
            "-e .", "."
        )  # learners' copies are their own; nobody edits the package
        assert f"sudo -E /opt/tljh/user/bin/{there}\n" in typed


def test_a_chart_is_installed_from_a_repository_that_was_added():
    """helm knows none by itself."""
    typed = README.split("## Zero to JupyterHub")[1].split("```")[1]
    added = re.search(r"helm repo add (\w+) https://hub\.jupyter\.org/helm-chart/", typed)

    assert added is not None
    assert added.end() < typed.index(f"helm upgrade --install hub {added[1]}/jupyterhub")
