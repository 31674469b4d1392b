"""SECURITY.md: each limit that it states names a test, and that test exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TABLE = TEXT.split("## What is bounded")[1].split("\n## ")[0]
ROWS = [row for row in TABLE.splitlines() if row.startswith("|")][2:]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


DOORS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in TEXT.split("## What listens where")[1].split("\n\n")[1].splitlines()[2:]
]


def test_every_door_says_where_it_is_who_may_knock_and_what_guards_it():
    """The lab's own, Jupyter's, and those of each configuration for a hub."""
    assert all(len(row) == 4 and all(row) for row in DOORS)
    names = " ".join(name for name, *_ in DOORS)
    for each in ("DNS", "API", "JupyterLab", "kernels"):
        assert each in names
    for configuration in sorted((ROOT / "hub").glob("*.yaml")):
        assert f"`hub/{configuration.name}`" in names


def test_there_is_a_table():
    assert len(ROWS) > 30


@pytest.mark.parametrize("row", ROWS)
def test_each_limit_is_held_by_a_test_that_exists(row):
    what, bound, tests = (cell.strip() for cell in row.strip("|").split("|"))

    named = TEST.findall(tests)
    assert what
    assert bound
    assert named, row
    for file, name in named:
        assert name in names_in(ROOT / file)


def names_in(file):
    """The names of the tests in a file."""
    return {each.name for each in ast.parse(file.read_text()).body if hasattr(each, "name")}
