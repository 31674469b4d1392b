"""The learners' copies are those of the solutions, and my/ gets them without what is not theirs."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from lab_engine.__main__ import main
from lab_engine.course import mine
from lab_engine.errors import LabError
from lab_engine.labs import notebooks
from tests.labs.sample.make import NAME, code, labs, solution

LABS = Path(__file__).parents[2] / "labs"
SOLUTIONS = sorted((LABS / "solutions").glob("lab_*.ipynb"))


def test_each_copy_is_in_step_with_its_solution(tmp_path):
    """As `python -m lab_engine labs build` writes them, and none is without a solution."""
    (tmp_path / "solutions").mkdir()
    for path in SOLUTIONS:
        shutil.copy(path, tmp_path / "solutions")
    built = {path.name: path.read_bytes() for path in notebooks.build(tmp_path)}

    assert built == {path.name: path.read_bytes() for path in LABS.glob("*.ipynb")}


def test_the_command_builds(tmp_path, capsys):
    entry = labs(tmp_path / "labs")
    entry.notebook.unlink()

    assert main(["labs", "build", "--folder", str(tmp_path / "labs")]) == 0
    assert f"{NAME}.ipynb: written" in capsys.readouterr().out
    cells = {cell["id"]: cell for cell in json.loads(entry.notebook.read_text())["cells"]}
    assert "".join(cells["answer-ttl"]["source"]) == "ttl = None"
    assert cells["answer-ttl"]["outputs"] == []
    assert cells["check-ttl"]["outputs"] != []


def test_no_copy_shows_what_a_solution_gives():
    """A cell that calls an answer has no output: the reference's would tell all."""
    book = solution()
    shows = code("show", "print(share(1, 2))", new_output("stream", name="stdout", text="0.333"))
    book.cells.append(shows)
    cells = {cell.id: cell for cell in notebooks.copied(book).cells}

    assert book.cells[-1].outputs != []
    assert cells["show"].outputs == []
    assert cells["check-share"].outputs != []


def test_a_mark_at_the_wrong_place_is_refused():
    with pytest.raises(LabError, match="stands at the wrong place"):
        notebooks.without_solution("ttl = 1\n### END SOLUTION")
    with pytest.raises(LabError, match="is not ended"):
        notebooks.without_solution("### BEGIN SOLUTION\nttl = 1")


@pytest.fixture
def course(tmp_path):
    """A course with a lab, and a learner's copy."""
    entry = labs(tmp_path / "labs")
    (tmp_path / "labs/README.md").write_text("for instructors")
    shutil.copy(LABS / "conftest.py", tmp_path / "labs")
    (tmp_path / "lessons").mkdir()
    mine.update(tmp_path, tmp_path / "my", lambda _: None)
    return tmp_path, entry


def test_neither_solutions_nor_what_is_for_instructors_is_copied(course):
    folder, _ = course
    copied = {path.name for path in (folder / "my/labs").rglob("*")}

    assert copied == {f"{NAME}.ipynb", "conftest.py"}


def test_answers_survive_an_update_of_the_lab(course):
    folder, entry = course
    copy = folder / "my/labs" / entry.notebook.name
    book = nbformat.read(copy, as_version=4)
    next(cell for cell in book.cells if cell.id == "answer-ttl").source = "ttl = 61"
    nbformat.write(book, copy)
    entry.notebook.write_text(entry.notebook.read_text().replace("# A sample", "# Another"))
    mine.update(folder, folder / "my", lambda _: None)

    kept = copy.with_name(f"{NAME}-yours.ipynb")
    assert "ttl = 61" in kept.read_text()
    assert "# Another" in copy.read_text()
    mine.update(folder, folder / "my", lambda _: None)
    assert "ttl = 61" in kept.read_text()


def missing(folder):
    """The relative links in a folder's notebooks that lead to no file."""
    return [
        f"{path.name}: {link}"
        for path in folder.rglob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
        for link in re.findall(r"\]\(([\w./-]+\.(?:ipynb|html|svg))[)#\s]", cell.source)
        if not (path.parent / link).exists()
    ]


def test_links_lead_to_files_from_a_solution_and_from_its_copy():
    """A solution lies one folder deeper than its copy."""
    assert missing(LABS) == []


def test_what_a_copy_names_is_there(tmp_path):
    """Lessons and labs lie elsewhere in my/ than in the repository; links between them know it."""
    mine.update(LABS.parent, tmp_path, lambda _: None)

    assert missing(tmp_path) == []
