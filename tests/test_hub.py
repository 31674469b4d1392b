"""The configurations for hubs: they are read, and say what the table of hub/README.md says."""

import math
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lab_engine.commands import doctor

HUB = Path(__file__).parents[1] / "hub"
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


def configuration(name):
    """One of the two files."""
    return YAML(typ="safe").load(HUB / f"{name}.yaml")


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
    sums = re.findall(
        r"^(.+) = ([\d.,]+) ", README.split("```text\n")[1].split("```")[0], re.MULTILINE
    )

    assert len(sums) >= 4
    for written, result in sums:
        value = worked_out(written.replace(",", ""))
        places = len(result.partition(".")[2])
        assert f"{value:,.{places}f}" == result, written


def test_learners_home_does_not_hide_the_package():
    """The volume is mounted over the home, so the image is built elsewhere."""
    hub = configuration("z2jh")

    assert "--target-repo-dir /srv/course" in README
    assert at(hub, "hub.config.KubeSpawner.notebook_dir") == "~"
    assert "course update" in str(at(hub, "singleuser.lifecycleHooks.postStart"))
