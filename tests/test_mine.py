"""my/: copies that an update never overwrites, and that one command resets."""

import json
from pathlib import Path

import nbformat
import pytest

from lab_engine.__main__ import main
from lab_engine.course import mine
from lab_engine.errors import LabError
from tests.repository import ROOT


def write(path, *sources, outputs=()):
    """A notebook of these cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    cells[0].outputs = [nbformat.v4.new_output("stream", text=text) for text in outputs]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The package as a hub has it: what is beside it is not the learner's."""
    package = tmp_path / "srv" / "lab_engine" / "course" / "mine.py"
    monkeypatch.setattr(mine, "__file__", str(package))
    return tmp_path / "srv"


def pulled(folder):
    """A course with its first lesson, as nbgitpuller brings it."""
    write(folder / mine.FIRST, "one")
    return folder


@pytest.fixture
def course(tmp_path):
    write(tmp_path / "lessons/00_first.ipynb", "one")
    write(tmp_path / "lessons/extra/10_more.ipynb", "more")
    write(tmp_path / "labs/01_till.ipynb", "lab")
    (tmp_path / "lessons/pictures").mkdir()
    (tmp_path / "lessons/pictures/a.svg").write_text("<svg/>")
    (tmp_path / "lessons/.ipynb_checkpoints").mkdir()
    (tmp_path / "lessons/.ipynb_checkpoints/00_first.ipynb").write_text("{}")
    (tmp_path / "lessons/00_first-answers.jsonl").write_text("")
    return tmp_path


@pytest.fixture
def my(course):
    """The copies, made once."""
    assert update(course) == []
    return course / "my"


def update(course):
    said = []
    mine.update(course, course / "my", said.append)
    return said


def reset(course, *names):
    said = []
    mine.reset(course, course / "my", names, said.append)
    return said


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def edit(path, source="mine"):
    """What JupyterLab saves after somebody has typed: it keeps the metadata it does not know."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = source
    nbformat.write(notebook, path)


def files(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_everything_is_copied_with_its_folders_and_nothing_hidden(my):
    assert files(my) == [
        ".copied.json",
        "00_first.ipynb",
        "extra/10_more.ipynb",
        "labs/01_till.ipynb",
        "pictures/a.svg",
    ]


def test_a_copy_says_what_it_is_a_copy_of(course, my):
    source, copy = course / "lessons/00_first.ipynb", my / "00_first.ipynb"
    notebook = nbformat.read(copy, as_version=4)
    nbformat.validate(notebook)
    stamp = notebook.metadata.pop("lab_engine")

    assert notebook == nbformat.read(source, as_version=4)
    assert stamp["from"] == "lessons/00_first.ipynb"
    assert stamp["hash"] == mine._hash(source.read_bytes())


def test_a_second_update_touches_nothing(course, my):
    edit(my / "00_first.ipynb")
    before = {name: (my / name).read_bytes() for name in files(my)}

    assert update(course) == []
    assert {name: (my / name).read_bytes() for name in files(my)} == before


def test_a_copy_that_was_only_run_is_replaced(course, my):
    write(course / "lessons/00_first.ipynb", "two")
    copy = nbformat.read(my / "00_first.ipynb", as_version=4)
    copy.cells[0].outputs = [nbformat.v4.new_output("stream", text="run")]
    nbformat.write(copy, my / "00_first.ipynb")

    assert update(course) == ["00_first.ipynb: a new copy"]
    assert sources(my / "00_first.ipynb") == ["two"]


def test_a_copy_that_was_edited_is_kept_beside_the_new_one(course, my):
    """And kept again the next time, under another name."""
    for number, kept in enumerate(("00_first-yours.ipynb", "00_first-yours-2.ipynb")):
        edit(my / "00_first.ipynb", f"mine {number}")
        write(course / "lessons/00_first.ipynb", f"new {number}")

        assert update(course) == [f"00_first.ipynb: a new copy; yours is {kept}"]
        assert sources(my / kept) == [f"mine {number}"]
        assert sources(my / "00_first.ipynb") == [f"new {number}"]


def test_a_file_that_is_no_notebook_is_kept_likewise(course, my):
    (course / "lessons/pictures/a.svg").write_text("<svg>new</svg>")
    assert update(course) == ["pictures/a.svg: a new copy"]

    (my / "pictures/a.svg").write_text("<svg>mine</svg>")
    (course / "lessons/pictures/a.svg").write_text("<svg>newer</svg>")
    assert update(course) == ["pictures/a.svg: a new copy; yours is a-yours.svg"]
    assert (my / "pictures/a-yours.svg").read_text() == "<svg>mine</svg>"


@pytest.mark.parametrize("found", ["{", "[]", "{}", '{"metadata": 1, "cells": [1]}', "\udcff"])
def test_what_is_no_copy_is_kept(course, my, found):
    """A torn notebook, or somebody's own of the same name."""
    (my / "00_first.ipynb").write_text(found, errors="surrogateescape")

    assert update(course) == ["00_first.ipynb: a new copy; yours is 00_first-yours.ipynb"]
    assert (my / "00_first-yours.ipynb").read_text(errors="surrogateescape") == found


@pytest.mark.parametrize("listed", [None, "{", "[]"])
def test_a_lost_list_loses_nothing(course, my, listed):
    (my / ".copied.json").unlink()
    if listed is not None:
        (my / ".copied.json").write_text(listed)
    (my / "pictures/a.svg").write_text("<svg>mine</svg>")

    assert update(course) == ["pictures/a.svg: a new copy; yours is a-yours.svg"]


def test_a_copy_that_was_deleted_comes_back(course, my):
    (my / "00_first.ipynb").unlink()
    update(course)

    assert sources(my / "00_first.ipynb") == ["one"]


@pytest.mark.parametrize("call", ["rename", "replace"])
@pytest.mark.parametrize("fails_at", range(4))
def test_an_update_that_is_broken_off_loses_nothing(course, my, monkeypatch, call, fails_at):
    """Killed at any step, it leaves whole files, and the next one goes on."""
    edit(my / "00_first.ipynb")
    for name in ("00_first", "extra/10_more"):
        write(course / f"lessons/{name}.ipynb", "new")
    steps = iter(range(100))
    original = getattr(mine.Path, call)

    def break_off(path, target):
        if next(steps) == fails_at:
            raise KeyboardInterrupt
        return original(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(mine.Path, call, break_off)
        try:
            mine.update(course, my, lambda _line: None)
        except KeyboardInterrupt:
            assert all(sources(path) for path in my.rglob("*.ipynb"))
    update(course)

    kept = [path.name for path in my.glob("*-yours*") if sources(path) == ["mine"]]
    assert kept == ["00_first-yours.ipynb"]
    assert sources(my / "00_first.ipynb") == sources(my / "extra/10_more.ipynb") == ["new"]
    assert [name for name in files(my) if name.endswith(".svg-yours") or "yours-2" in name] == []


def test_a_reset_begins_anew_and_keeps_what_was_done(course, my):
    edit(my / "00_first.ipynb")
    (my / "00_first-answers.jsonl").write_text("said\n")

    assert reset(course, "00_first") == [
        "00_first.ipynb: a new copy; yours is 00_first-yours.ipynb",
        "00_first-answers.jsonl: begun anew; yours is 00_first-answers-yours.jsonl",
    ]
    assert sources(my / "00_first.ipynb") == ["one"]
    assert (my / "00_first-answers-yours.jsonl").read_text() == "said\n"
    [line] = (my / "00_first-answers.jsonl").read_text().splitlines()
    assert json.loads(line)["kind"] == "reset"


def test_a_reset_of_one_leaves_the_others(course, my):
    edit(my / "extra/10_more.ipynb")
    reset(course, "00_first")

    assert sources(my / "extra/10_more.ipynb") == ["mine"]


def test_a_reset_of_what_is_not_there_does_nothing(course, my):
    edit(my / "00_first.ipynb")
    with pytest.raises(LabError, match=r"00_frist: is no notebook .* Did you mean 00_first"):
        reset(course, "00_first", "00_frist")

    assert sources(my / "00_first.ipynb") == ["mine"]


def test_without_lessons_it_says_what_is_missing(tmp_path, capsys):
    """As from a wheel, which has none."""
    assert main(["course", "--folder", str(tmp_path), "update"]) == 1
    assert (
        "a wheel has no lessons. Get the course's repository, go to its folder"
        in capsys.readouterr().err
    )
    assert files(tmp_path) == []


def test_one_lesson_is_not_updated_by_itself(course, capsys):
    assert main(["course", "update", "00_first", "--folder", str(course)]) == 1
    assert "Leave it out" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(course, capsys):
    (course / "my").write_text("a file")

    assert main(["course", "--folder", str(course), "update"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_the_command_line_makes_and_resets(course, capsys):
    folder = ["course", "--folder", str(course)]
    assert main([*folder, "update"]) == main([*folder, "reset", "00_first"]) == 0

    shown = capsys.readouterr().out.splitlines()
    assert shown == [
        f"The lessons to work on are in {course / 'my'}.",
        "00_first.ipynb: a new copy",
        f"The lessons to work on are in {course / 'my'}.",
    ]


@pytest.mark.parametrize("course", [".", "course"])
@pytest.mark.parametrize("action", ["update", "reset"])
def test_without_a_folder_it_is_the_course_where_one_is(
    elsewhere, monkeypatch, capsys, course, action
):
    """In it, or in the home above it; not the one that the package is in."""
    pulled(elsewhere)
    home = elsewhere.with_name("home")
    pulled(home / course)
    monkeypatch.chdir(home)

    assert main(["course", action]) == 0
    assert (home / course / "my" / mine.FIRST.name).is_file()
    assert not (elsewhere / "my").exists()
    my = (Path(course) / "my").as_posix()
    assert capsys.readouterr().out == f"The lessons to work on are in {my}.\n"


@pytest.mark.parametrize("inside", ["my", "my/labs", "lessons"])
def test_deeper_in_the_course_it_is_still_that_one(
    elsewhere, tmp_path, monkeypatch, capsys, inside
):
    """A terminal of JupyterLab begins in the folder that its file browser shows."""
    course = pulled(tmp_path / "home" / "course")
    (course / inside).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(course / inside)

    assert main(["course", "reset", mine.FIRST.stem]) == 0
    assert (course / "my" / mine.FIRST.name).is_file()
    assert capsys.readouterr().out == f"The lessons to work on are in {course / 'my'}.\n"


def test_where_no_course_is_it_is_the_packages_own_and_that_is_said(
    elsewhere, tmp_path, monkeypatch, capsys
):
    """Somebody's folder of the same name is none of the course's."""
    pulled(elsewhere)
    write(tmp_path / "home/lessons/01_violin.ipynb", "A")
    monkeypatch.chdir(tmp_path / "home")

    assert main(["course", "update"]) == 0
    assert capsys.readouterr().out == f"The lessons to work on are in {elsewhere / 'my'}.\n"
    assert not (tmp_path / "home/my").exists()


def test_beside_a_wheel_nothing_is_made_and_the_remedy_is_said(
    elsewhere, tmp_path, monkeypatch, capsys
):
    """As on The Littlest JupyterHub, in a folder that has nothing to do with the course."""
    monkeypatch.chdir(tmp_path)

    assert main(["course", "reset", "01_round_robin"]) == 1
    assert "go to its folder, or name it with --folder" in capsys.readouterr().err
    assert files(tmp_path) == []


def test_the_first_lesson_is_the_courses():
    """By it a course is known."""
    assert (ROOT / mine.FIRST).is_file()
