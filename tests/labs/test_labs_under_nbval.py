"""The labs as learners check them: a copy fails until it is solved, and a solution passes."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import nbformat
import pytest

from lab_engine.labs.judging import MODULES, lab

LABS = Path(__file__).parents[2] / "labs"
NAMES = [name for name in MODULES if (LABS / "solutions" / f"{name}.ipynb").exists()]

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The cells that failed, by notebook: all copies and all solutions in one run of nbval."""
    report = tmp_path_factory.mktemp("nbval") / "report.xml"
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}", str(LABS)]
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    done = subprocess.run(
        command, cwd=LABS, env=environment, capture_output=True, text=True, check=False
    )
    assert report.exists(), done.stdout[-3000:] + done.stderr[-2000:]
    failed = {}
    for case in ET.parse(report).iter("testcase"):
        place = case.get("classname", "").replace("/", ".").split(".")
        name = next(part for part in place if part.startswith("lab_"))
        key = ("solutions" in place, name)
        failed.setdefault(key, [])
        if case.find("failure") is not None or case.find("error") is not None:
            failed[key].append(case.get("name"))
    return failed


def test_every_lab_is_there():
    """Eight, one for each lesson."""
    assert list(MODULES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_passes(run, name):
    """With the outputs that are stored, in a kernel of its own."""
    assert run[True, name] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_fails_at_each_of_its_checks_and_nowhere_else(run, name):
    """Whoever has changed nothing has passed nothing."""
    book = nbformat.read(LABS / f"{name}.ipynb", as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    checks = [place for place, cell in enumerate(code) if cell.id.startswith("check-")]

    assert [int(case.rsplit(" ", 1)[1]) for case in run[False, name]] == checks
    assert len(checks) == len(lab(name).goals)
