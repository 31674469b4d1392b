"""A name that no cell has set yet: which cell is said to be run first, and when nothing is said.

What the lessons say so is held by test_any_order.py, in kernels.
"""

import json
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import lab_engine
from lab_engine.course import order

CELLS = ["# first\nfrom lab_engine import Lesson", "answers = []", "def member(): ...", "%magic x"]


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A shell of a notebook with these cells, that has loaded the package as kernels do."""
    notebook = tmp_path / "lesson.ipynb"
    cells = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in CELLS]
    notebook.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": []}, *cells]}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a shell takes its place
    history = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell(config=history, ipython_dir=str(tmp_path))
    lab_engine.load_ipython_extension(shell)
    return shell


def said(shell, capsys, code):
    """What a cell ends in, wherever its lines are broken."""
    shell.run_cell(code)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Lesson", "from lab_engine import Lesson"),
        ("answers", "answers = []"),
        ("member", "def member(): ..."),
    ],
)
def test_a_cell_that_comes_too_early_says_what_to_run_first(shell, capsys, name, head):
    """In one sentence, whether the name is asked for by the cell or by a function of one."""
    line = (
        f"LabError: {name}: no cell has set it since the kernel was started. First run the cell "
        f"that begins with `{head}`, or all above this one (menu Run, Run All Above Selected Cell)."
    )

    assert said(shell, capsys, f"print({name})") == line
    assert said(shell, capsys, f"def asks(): return {name}\nasks()") == line


@pytest.mark.parametrize("code", ["print(answer)", "len(x)", "raise NameError('by hand')", "1 / 0"])
def test_what_no_cell_sets_is_told_as_python_tells_it(shell, capsys, code):
    """A slip of the pen has its traceback; so has all that is no missing name."""
    assert "Traceback" in said(shell, capsys, code)


def test_where_the_notebook_is_not_known_the_line_says_so_much(shell, capsys, monkeypatch):
    """A kernel that was started by something else than Jupyter's server."""
    monkeypatch.delenv("JPY_SESSION_NAME")

    assert said(shell, capsys, "print(answers)") == (
        "LabError: answers: is not defined. If a cell above sets it, first run that one, or "
        "all above this one (menu Run, Run All Above Selected Cell)."
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cells": 1}', '{"cells": [{"cell_type": "code"}]}']
)
def test_a_notebook_that_cannot_be_read_is_none(monkeypatch, tmp_path, text):
    """It may be being written just now, or be no notebook at all."""
    (tmp_path / "lesson.ipynb").write_text(text)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lesson.ipynb"))

    assert order.code_cells() is None


def test_the_kernels_of_this_environment_load_it():
    """It came with the package, to where IPython looks."""
    found = Path(sys.prefix) / "etc" / "ipython" / "ipython_config.py"

    assert found.read_text() == (Path(__file__).parents[1] / "tools/ipython_config.py").read_text()
