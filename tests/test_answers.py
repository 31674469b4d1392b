"""The file of answers: appended to, shared, and never lost, whatever happens to it."""

import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.course.answers import Answers, Record, notebook_folder, unused

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "toy-answers.jsonl"


def opened(path, heard=None):
    return Answers(path, "toy", now=lambda: NOON, say=(heard if heard is not None else []).append)


def values(answers):
    return [record.value for record in answers.records]


def test_a_record_is_a_line(path):
    opened(path).add("second", "said", "one at random")

    assert json.loads(path.read_text()) == {
        "lesson": "toy",
        "key": "second",
        "kind": "said",
        "value": "one at random",
        "at": "2026-11-27T12:00:00.000+00:00",
    }


def test_no_file_is_made_before_there_is_an_answer(path):
    opened(path)

    assert not path.exists()


def test_two_kernels_append_to_one_file(path):
    one, other = opened(path), opened(path)
    one.add("a", "said", 1)
    other.add("b", "said", 2)
    one.refresh()

    assert values(one) == values(other) == [1, 2]


def test_a_torn_last_line_is_dropped_and_said_once(path):
    """And the next line stands by itself; a later reader is told nothing any more."""
    answers = opened(path)
    answers.add("a", "said", 1)
    answers.add("b", "said", 2)
    path.write_bytes(path.read_bytes()[:-9])
    heard = []
    again = opened(path, heard)
    again.refresh()
    again.add("c", "said", 3)
    later = []

    assert heard == [f"{path.name}: the last answer was not written whole; it is dropped."]
    assert values(opened(path, later)) == [1, 3]
    assert later == []


def test_a_whole_last_line_without_its_end_counts(path):
    answers = opened(path)
    answers.add("a", "said", 1)
    path.write_bytes(path.read_bytes()[:-1])
    again = opened(path)
    again.add("b", "said", 2)

    assert values(opened(path)) == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [b"hello", b"\xff\xfe", b"[1]", b"{}", b'{"lesson": "toy", "key": 1}', b"[" * 9999],
)
def test_a_broken_file_is_kept_aside_and_a_fresh_one_begun(path, wrong):
    """With everything in it that can be read."""
    answers = opened(path)
    answers.add("a", "said", 1)
    whole = path.read_bytes() + wrong + b"\n" + path.read_bytes()
    path.write_bytes(whole)
    heard = []
    again = opened(path, heard)
    aside = path.with_name("toy-answers-broken.jsonl")

    assert heard[0].startswith("toy-answers.jsonl could not be read whole.")
    assert "kept as toy-answers-broken.jsonl; a fresh file begins with the 2 answers" in heard[0]
    assert aside.read_bytes() == whole
    assert values(again) == values(opened(path)) == [1, 1]


def test_a_second_broken_file_is_kept_beside_the_first(path):
    for _ in range(2):
        path.write_text("hello\n\nworld\nx\n")
        opened(path)

    assert len(list(path.parent.glob("*-broken*"))) == 2


def test_a_file_of_another_lesson_is_not_taken_for_ours(path):
    Answers(path, "other").add("a", "said", 1)
    Answers(path, "other").add("b", "said", 1)
    heard = []

    assert values(opened(path, heard)) == []
    assert "could not be read whole" in heard[0]


def test_what_could_not_be_written_is_written_later(path):
    path.mkdir()
    answers = opened(path)
    told = answers.add("a", "said", 1)
    path.rmdir()
    answers.add("b", "said", 2)

    assert "could not be written to toy-answers.jsonl" in told
    assert values(opened(path)) == [1, 2]


def test_what_was_before_a_reset_is_neither_downloaded_nor_undone(path):
    """Restoring is adding: a reset elsewhere does not end what was said here."""
    answers, other = opened(path), opened(path.with_name("other"))
    for kind, value in (("said", 1), ("reset", None), ("said", 2)):
        answers.add("a", kind, value)
    other.add("a", "said", 3)
    other.merge(path.read_text())

    assert answers.text().count("\n") == 1
    assert values(other) == [3, 1, 2]


def test_a_file_that_was_deleted_is_no_more(path):
    answers = opened(path)
    answers.add("a", "said", 1)
    path.unlink()
    answers.refresh()

    assert values(answers) == []


RECORDS = st.lists(
    st.builds(
        Record,
        st.text(),
        st.sampled_from(["said", "seen", "tried", "reached"]),
        st.one_of(st.text(), st.floats(allow_nan=False), st.lists(st.floats(allow_nan=False))),
        st.just("2026"),
    )
)


@pytest.mark.slow
@given(RECORDS)
def test_what_is_downloaded_is_restored(tmp_path_factory, records):
    """Any answers come back equal, whatever is in them."""
    folder = tmp_path_factory.mktemp("answers")
    one, other = opened(folder / "one"), opened(folder / "other")
    for record in records:
        one.add(record.key, record.kind, record.value)
    if records:
        other.merge(one.text())

    assert {*map(str, other.records)} == {*map(str, opened(folder / "one").records)}


def test_the_folder_is_the_notebooks(tmp_path, monkeypatch):
    """Even after a cell has gone elsewhere."""
    (tmp_path / "my").mkdir()
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "my/01.ipynb"))
    monkeypatch.chdir(tmp_path)

    assert notebook_folder() == tmp_path / "my"


@pytest.mark.parametrize("named", [None, "01.ipynb", "my/01.ipynb", "/not/there/01.ipynb"])
def test_without_a_notebook_it_is_the_working_folder(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if named:
        monkeypatch.setenv("JPY_SESSION_NAME", named)

    assert notebook_folder() == tmp_path


def test_a_free_name_is_found(tmp_path):
    for name in ("a.txt", "a-2.txt"):
        (tmp_path / name).touch()

    assert unused(tmp_path / "a.txt").name == "a-3.txt"
    assert unused(tmp_path / "b.txt").name == "b.txt"


def test_a_line_is_written_in_one_piece(path, monkeypatch):
    """So that two kernels never write into each other's lines."""
    written = []
    write = os.write
    monkeypatch.setattr(
        os, "write", lambda handle, data: written.append(data) or write(handle, data)
    )
    opened(path).add("a", "said", "x" * 5000)

    assert [data.endswith(b"}\n") for data in written] == [True]
