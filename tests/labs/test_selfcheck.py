"""A learner's own look at a lab: `pytest --nbval` fails until it is solved, and passes then."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.labs.sample.make import HERE, NAME, answered, labs

pytestmark = pytest.mark.notebooks

CONFTEST = Path(__file__).parents[2] / "labs/conftest.py"
SETUP = f"""\
import sys
sys.path.insert(0, {str(HERE)!r})
from sample_judge import LAB
from lab_engine import Worksheet
work = Worksheet(LAB)"""
# Without what nbformat needs seconds to import, and no notebook has: addresses in schemas.
PYTEST = "import sys; sys.modules['rfc3987_syntax'] = None; import pytest; sys.exit(pytest.main())"
ERROR = nbformat.v4.new_output("error", ename="NotYetError", evalue="", traceback=["Not yet"])


@pytest.fixture
def entry(tmp_path):
    """The lab with its judge, and the folder's conftest."""
    found = labs(tmp_path / "labs", setup=SETUP)
    shutil.copy(CONFTEST, found.notebook.parent)
    return found


def check(book, path):
    """What nbval makes of a notebook: its status, and what it printed."""
    path.write_text(json.dumps(book))
    command = [sys.executable, "-c", PYTEST, "-q", "--nbval", "--nbval-current-env", path.name]
    command += ["-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=."]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def saved(book, *outputs, tags=(), comment=""):
    """The notebook with something saved over its check cells."""
    for cell in book.cells:
        if cell.id.startswith("check-"):
            cell.outputs, cell.metadata["tags"] = list(outputs), list(tags)
            cell.source = comment + cell.source
    return book


def in_one(book):
    """One notebook with each kind of saving, a check cell for each, to begin one kernel only."""
    kinds = {
        "stored": {},
        "error": {"outputs": [ERROR]},
        "none": {"outputs": [], "execution_count": None},
        "raises": {"outputs": [ERROR], "metadata": {"tags": ["raises-exception"]}},
        "nbval-raises": {"outputs": [ERROR], "metadata": {"tags": ["nbval-raises-exception"]}},
        "skipped": {"metadata": {"tags": ["nbval-skip"]}},
        "comment": {"source": "# NBVAL_SKIP\n"},
        "comment-raises": {"source": "# NBVAL_RAISES_EXCEPTION\n"},
    }
    first = next(cell for cell in book.cells if cell.id == "check-ttl")
    for kind, change in kinds.items():
        cell = nbformat.from_dict({**first, "id": f"check-{kind}", **change})
        cell.source = change.get("source", "") + first.source
        book.cells.append(cell)
    return book, len(kinds)


def test_unsolved_every_check_fails_whatever_was_saved(entry):
    book, kinds = in_one(answered(entry, ttl="ttl = 75"))
    status, said = check(book, entry.notebook)

    assert status == 1
    assert f"{kinds + 1} failed" in said  # and the check that they were made of
    assert "Not yet: TTL 75 s, wanted 60 s. Think of a minute. (lesson 04, part 1)" in said


def test_solved_every_check_passes_whatever_was_saved(entry):
    book, _ = in_one(answered(entry))
    status, said = check(book, entry.notebook)

    assert status == 0, said


@pytest.mark.long  # as in every lab: test_labs_under_nbval
def test_the_copy_as_handed_out_fails_and_the_solution_passes(entry):
    copy = json.loads(entry.notebook.read_text())
    solution = entry.notebook.parent / "solutions" / entry.notebook.name

    assert check(copy, entry.notebook)[0] == 1
    assert check(json.loads(solution.read_text()), entry.notebook)[0] == 0


def test_another_right_answer_passes_without_the_folders_conftest_too(entry):
    """A check that is passed prints the same for all, and stores nothing that it measured."""
    (entry.notebook.parent / "conftest.py").unlink()
    share = "def share(a, b):\n    return 1 - b / (a + b)"
    status, said = check(answered(entry, share=share), entry.notebook)

    assert status == 0, said


def test_a_lab_whose_check_is_gone_is_not_looked_at(entry):
    """A real lab's: the sample is none that the course knows."""
    path = entry.notebook.with_name("lab_00_other.ipynb")
    assert path.stem != NAME
    from lab_engine.labs import selfcheck
    from tests.labs.sample.sample_judge import LAB

    class Item:
        def __init__(self, cell, path):
            self.cell, self.path, self.options = cell, path, {}

    cells = [cell for cell in answered(entry).cells if cell.cell_type == "code"]
    items = [Item(cell, path) for cell in cells if cell.id != "check-ttl"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selfcheck, "MODULES", {"lab_00_other": ""})
        patch.setattr(selfcheck, "lab", lambda _: LAB)
        with pytest.raises(pytest.UsageError, match="checks are missing: ttl"):
            selfcheck.pytest_collection_modifyitems(items)
