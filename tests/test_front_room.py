"""`lab_engine` itself: the names that lessons use, each imported when it is first asked for."""

import subprocess
import sys

import pytest

import lab_engine
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import Backend, ScheduledChange
from lab_engine.wire.server import Server


def test_every_name_is_there():
    """A star brings all of `__all__`, and `dir` shows it."""
    found: dict[str, object] = {}

    exec("from lab_engine import *", found)

    assert set(lab_engine.__all__) <= set(found)
    assert set(lab_engine.__all__) <= set(dir(lab_engine))


def test_type_checkers_see_the_same_names():
    """The imports for type checkers, and what `__getattr__` finds, are one list."""
    source = (lab_engine.__file__ or "").strip()
    with open(source) as file:  # noqa: PTH123  (a module's own path)
        lines = [line.split() for line in file if line.startswith("    from lab_engine")]

    assert sorted(line[-1] for line in lines) == sorted(lab_engine.__all__)


def test_one_word_stands_for_one_thing():
    """The words that lessons use for what is simulated are not those of what is served."""
    assert lab_engine.Server is Server
    assert lab_engine.Backend is Backend
    assert lab_engine.ScheduledChange is ScheduledChange
    assert lab_engine.Outcome is Outcome


@pytest.mark.parametrize("name", ["Change", "Watch", "outcomes", "nothing"])
def test_what_is_not_there_is_no_attribute(name):
    """Old names have no aliases."""
    with pytest.raises(AttributeError, match=name):
        getattr(lab_engine, name)


def test_importing_it_imports_nothing_else():
    """No library and no room comes with it."""
    code = "import sys, lab_engine; print(*[m for m in sys.modules if m.startswith('lab_engine.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
