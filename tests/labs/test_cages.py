"""Each way of running a submission apart gives the same answers, and leaves nobody behind."""

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from lab_engine.errors import LabError
from lab_engine.grading import running
from lab_engine.grading.exam import Limits
from lab_engine.grading.running import Cage, NothingError, Runner, Wanted
from lab_engine.grading.runtime import bound, hidden, made

pytestmark = pytest.mark.slow

LIMITS = Limits(seconds=900, cell_seconds=600, call_seconds=300)
WANTED = Wanted(["ttl"], [{"twice": [[1], [2]]}], [{"twice": [[3]]}])
DAEMON = """
import subprocess, sys
waits = "import os, signal; os.setsid(); signal.pause()"
child = subprocess.Popen([sys.executable, "-S", "-c", waits, "left-behind"])
ttl = 60
def twice(n):
    ttl_before = globals().get("seen", 0)
    globals()["seen"] = n
    return [2 * n, ttl_before]
"""
# As root both kinds of namespaces can be had; a plain user has those of the second kind.
CAGES = {
    "user of its own": Cage(apart=True, users=True),
    "namespace of users": Cage(apart=True, users=False),
    "limits alone": Cage(apart=False, users=False),
}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """The package without judges, where other users can read it."""
    folder = tmp_path_factory.mktemp("runtime")
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o755)
    return made(folder)


def notebook(source):
    """A notebook with one answer cell, and the export."""

    def filled(path):
        export = f"from lab_engine.labs.exporting import export\nexport(globals(), {path!r})"
        code = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
        cells = [{**code, "id": "a", "source": source}, {**code, "id": "b", "source": export}]
        book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return json.dumps(book), ("a", "b")

    return filled


@pytest.mark.parametrize("name", CAGES)
def test_answers_are_the_same_and_nobody_is_left(runtime, name):
    cage = CAGES[name]
    if cage.users and os.geteuid() != 0:
        cage = Cage(apart=True, users=False)
    given = Runner(runtime, cage, LIMITS).run(notebook(DAEMON), WANTED, 3)
    left = [each for each in psutil.process_iter(["cmdline"]) if _is_daemon(each)]

    assert given.problem == ""
    assert given.values == {"ttl": {"value": 60}}
    # Each call finds everything as it was: none has seen another's argument.
    assert given.visible == [{"twice": [{"value": [2, 0]}, {"value": [4, 0]}]}]
    assert given.hidden == [{"twice": [{"value": [6, 0]}]}]
    assert left == []


def _is_daemon(process):
    return "left-behind" in (process.info["cmdline"] or ())


def test_hidden_arguments_come_after_what_was_given_before(runtime):
    """Whoever asks for them first, gets nothing: the grader waits for the visible results."""
    early = """
import socket, json
SOCKET = "/lab/x/s"
with socket.socket(socket.AF_UNIX) as s:
    s.connect(SOCKET)
    first = s.makefile().readline()
    ttl = first
    s.sendall(json.dumps({"values": {"ttl": {"value": first}}, "results": []}).encode() + b"\\n")
"""
    given = Runner(runtime, Cage(True, os.geteuid() == 0), LIMITS).run(notebook(early), WANTED, 4)

    assert given.values == {}
    assert "has not the form" in given.problem


def test_what_is_bound_and_hidden_keeps_the_repository_out():
    root = str(Path(running.__file__).parents[2])

    assert root in hidden()
    assert root not in bound()
    assert any(Path(sys.executable).is_relative_to(each) for each in bound())


def test_root_does_not_run_anything_as_root(runtime, monkeypatch):
    """Where neither namespaces nor another user can be had, root refuses."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Runner, "works", lambda *_: False)

    with pytest.raises(LabError, match="root: cannot run submissions here as another user"):
        running.cage(runtime, LIMITS)


def test_less_than_all_is_said():
    assert CAGES["user of its own"].lacks == ()
    assert "the network is open" in CAGES["limits alone"].lacks[0]


@pytest.mark.parametrize(
    "line", [b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"\xff", b"", b"1" * 5000, b"{"]
)
def test_json_that_is_not_strict_is_nothing(line):
    with pytest.raises(NothingError):
        running.strict(line)


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"results": None},
        {"results": [{}]},
        {"results": [{"twice": []}]},
        {"results": [{"twice": [{"value": 1}]}]},
        {"results": [{"twice": [{"value": 1}, {}]}]},
        {"results": [{"twice": [1, 2]}]},
        {"results": [{"twice": [{"value": 1}, {"value": 2}]}, {}]},
    ],
)
def test_results_of_another_form_are_nothing(given):
    with pytest.raises(NothingError):
        running._results(given, WANTED.visible)


def test_values_are_made_plain_again():
    deep = {"value": [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}
    found = running._results(
        {"results": [{"twice": [deep, {"problem": "x" * 9999}]}]}, WANTED.visible
    )

    assert "is nested more than 20 deep" in found[0]["twice"][0]["problem"]
    assert len(found[0]["twice"][1]["problem"]) == 500
