"""Whose a notebook is, in the folders and zips of each platform; and which of several counts."""

import io
import zipfile

import pytest

from lab_engine.errors import LabError
from lab_engine.grading.submissions import found
from lab_engine.grading.taking import Ungradable

LABS = ["lab_00_sample", "lab_01_four_tills"]


def files(folder, *names):
    """Notebooks of these names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")


def zipped(path, *names, **inner):
    """A zip of notebooks of these names, and of zips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
        for name, data in inner.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("name", "student", "number"),
    [
        ("Ada Lovelace_4711_assignsubmission_file_/lab_00_sample.ipynb", "Ada Lovelace", "4711"),
        ("Ada Lovelace_4711_assignsubmission_file/x.ipynb", "Ada Lovelace", "4711"),
        ("lovelaceada_4711_815_lab_00_sample-1.ipynb", "lovelaceada", "4711"),
        ("lovelaceada_LATE_4711_815_lab_00_sample.ipynb", "lovelaceada", "4711"),
        ("submitted/ada/lab_00_sample/lab_00_sample.ipynb", "ada", ""),
        ("ada/lab_00_sample.ipynb", "ada", ""),
        ("lab-ada/labs/lab_00_sample.ipynb", "lab-ada", ""),
        ("ada/my/labs/lab_00_sample.ipynb", "ada", ""),
        ("lab_00_sample-ada.ipynb", "ada", ""),
        ("ada.ipynb", "ada", ""),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_whose_it_is_stands_in_its_path(tmp_path, name, student, number, packed):
    if packed:
        zipped(tmp_path / "all.zip", name)
    else:
        files(tmp_path / "all", name)
    path = tmp_path / ("all.zip" if packed else "all")
    (one,) = found([path], LABS)

    assert (one.student, one.id, one.data()) == (student, number, b"{}")


def test_a_file_named_like_the_lab_is_its_folders(tmp_path):
    """As with `grade */labs/lab_00_sample.ipynb`, and a learner's own zip."""
    files(tmp_path, "ada/labs/lab_00_sample.ipynb")
    zipped(tmp_path / "bob.zip", "lab_00_sample.ipynb")
    every = found([tmp_path / "ada/labs/lab_00_sample.ipynb", tmp_path / "bob.zip"], LABS)

    assert [each.student for each in every] == ["ada", "bob"]


def test_zips_within_a_zip_are_the_learners(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("repo-main/labs/lab_00_sample.ipynb", b"{}")
    name = "Ada Lovelace_4711_assignsubmission_file_/repo.zip"
    zipped(tmp_path / "all.zip", **{name: inner.getvalue(), "bob/torn.zip": b"torn"})
    ada, bob = found([tmp_path / "all.zip"], LABS)

    assert (ada.student, ada.file, ada.data()) == ("Ada Lovelace", "lab_00_sample.ipynb", b"{}")
    with pytest.raises(Ungradable, match="cannot be read"):
        bob.data()
    assert bob.student == "bob"


def test_what_is_no_notebook_is_passed_over(tmp_path):
    files(tmp_path, "ada/a.ipynb", "ada/.ipynb_checkpoints/a.ipynb", "ada/notes.txt", "a.pdf")
    zipped(tmp_path / "b.zip", "bob/b.ipynb", "__MACOSX/bob/._b.ipynb", "bob/b.txt")

    assert [each.file for each in found([tmp_path], LABS)] == ["a.ipynb", "b.ipynb"]


def test_a_zip_without_notebooks_has_a_row(tmp_path):
    zipped(tmp_path / "bob/work.zip", "a.txt")
    (bob,) = found([tmp_path], LABS)

    assert bob.student == "bob"
    with pytest.raises(Ungradable, match="holds no notebook"):
        bob.data()


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(LabError, match="is not there"):
        found([tmp_path / "nothing"], LABS)
