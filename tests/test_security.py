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
