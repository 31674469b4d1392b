"""The commands that there are, and what is imported for the one that is asked for."""

import ast
import subprocess
import sys

import pytest

from lab_engine.__main__ import parser
from lab_engine.commands import GROUPS, SAYS
from tests.commands import ROOT

PACKAGE = ROOT / "lab_engine"
PYPROJECT = (ROOT / "pyproject.toml").read_text()
# What is imported before `doctor` has said a line.
WAY = ("__init__", "__main__", "errors", "commands", "commands.common", "commands.learning")
WAY += ("commands.doctor",)


def source(name):
    path = PACKAGE.joinpath(*name.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def imported(name):
    """What comes with a module of the package: not what its functions import when called."""
    for node in ast.parse(source(name)).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.parametrize("name", WAY)
def test_what_leads_to_the_doctor_needs_no_package(name):
    """It must speak where all of them are missing."""
    ours = {f"lab_engine.{each}" for each in WAY}

    assert [
        each
        for each in imported(name)
        if each not in ours and each.split(".")[0] not in sys.stdlib_module_names
    ] == []


def test_help_lists_every_command_where_no_package_is_installed():
    """`-S` leaves the standard library and the folder."""
    command = [sys.executable, "-S", "-m", "lab_engine", "--help"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split() for line in done.stdout.split("COMMAND\n")[1].splitlines()]
    assert [words[0] for words in listed[: len(SAYS)]] == [*SAYS]


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_a_group_takes_in_the_commands_that_it_is_said_to_have(group):
    """Each of them runs something, and those of other groups are only listed."""
    (commands,) = (each for each in parser(GROUPS[group])._actions if each.dest != "help")

    assert [*commands.choices] == [*SAYS]
    running = {name for name, each in commands.choices.items() if each.get_default("run")}
    assert running == set(GROUPS[group])


@pytest.mark.parametrize("release", [(3, 8, 18), (3, 10, 13)])
def test_a_python_that_is_too_old_is_told_so_in_a_sentence(release, monkeypatch):
    """The oldest is pyproject.toml's; old ones can read what stands before the sentence."""
    monkeypatch.setattr(sys, "version_info", release)

    with pytest.raises(SystemExit) as told:
        exec(compile(source("__main__"), "__main__.py", "exec"), {"__name__": "__main__"})
    oldest = PYPROJECT.partition('requires-python = ">=')[2].partition('"')[0]
    assert f"Python {oldest} or newer is needed" in str(told.value)
    for name in ("__init__", "__main__"):
        ast.parse(source(name), feature_version=release[:2])
