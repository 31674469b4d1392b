"""The instructor's file: what it says is taken, and what cannot be is refused with a remedy."""

import pytest

from lab_engine.grading import exam
from lab_engine.grading.exam import ExamError, Limits, loads

GOALS = {"lab_00_sample": ["ttl", "share"], "lab_01_four_tills": ["evenness"]}


def test_all_of_it_is_taken():
    found = loads("""
seed = "9f2c4e7a1b5d8036"
title = "Autumn term"
[limits]
seconds = 90
[labs.lab_00_sample]
hidden = 12
visible_share = 0.5
[labs.lab_00_sample.goals.ttl]
points = 30
credit = "all-or-nothing"
[labs.lab_00_sample.goals.share]
leave_out = true
""")
    exam.agree(found, GOALS)
    paper = found.paper("lab_00_sample")

    assert (found.seed, found.title, found.weak) == ("9f2c4e7a1b5d8036", "Autumn term", False)
    assert found.limits == Limits(seconds=90)
    assert (paper.hidden, paper.visible_share) == (12, 0.5)
    assert paper.goals["ttl"] == exam.Terms(30, "all-or-nothing")
    assert paper.goals["share"].leave_out
    assert found.paper("lab_01_four_tills") == exam.Paper()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"seed: is missing, or is no text\. Write seed"),
        ("seed = ' '", r"seed: is missing"),
        ("seed = 1.5", r"seed: is missing, or is no text"),
        ("seed =", r"is no TOML: Invalid value"),
        ("seed = 'a'\nsead = 1", r"sead: is not known here\. Choose of seed, title"),
        ("seed = 'a'\ntitle = 1", r"title = 1: is of another kind\. Give str"),
        ("seed = 'a'\nlabs = 1", r"labs: is no table"),
        ("seed = 'a'\n[limits]\nhours = 1", r"limits: hours: is not known here"),
        ("seed = 'a'\n[limits]\nseconds = 0", r"seconds = 0: leaves nothing"),
        ("seed = 'a'\n[limits]\nseconds = true", r"seconds = True: is of another kind"),
        ("seed = 'a'\n[labs.x]\nhidden = 0", r"hidden = 0: is no number of worlds from 1 to"),
        ("seed = 'a'\n[labs.x]\nvisible_share = 1.5", r"visible_share = 1.5: is no share"),
        ("seed = 'a'\n[labs.x]\nvisible_share = nan", r"visible_share = nan: is no share"),
        ("seed = 'a'\n[labs.x.goals.y]\npoints = 0", r"points = 0: are no points.*leave_out"),
        ("seed = 'a'\n[labs.x.goals.y]\npoints = nan", r"points = nan: are no points"),
        ("seed = 'a'\n[labs.x.goals.y]\ncredit = 'half'", r"'half': is no rule of credit"),
        ("seed = 'a'\n[labs.x.goals]\ny = 1", r"y: is no table"),
        ("x = " + "[" * 5000, r"is no TOML"),
    ],
)
def test_what_cannot_be_is_refused(text, words):
    with pytest.raises(ExamError, match=words):
        loads(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[labs.lab_99]", r"labs: lab_99: is not known here\. Choose of lab_00_sample"),
        ("[labs.lab_00_sample.goals.x]", r"goals: x: is not known here\. Choose of ttl, share"),
        (
            "[labs.lab_01_four_tills.goals.evenness]\nleave_out = true",
            r"leaves out every goal\. Keep one",
        ),
    ],
)
def test_labs_and_goals_have_to_be_there(text, words):
    with pytest.raises(ExamError, match=words):
        exam.agree(loads(f"seed = 'a'\n{text}"), GOALS)


@pytest.mark.parametrize("content", [None, b"\xff", b" " * (2 << 20)])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content):
    path = tmp_path / "exam.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ExamError, match=r"cannot be read|is larger than 1 MB"):
        exam.load(path)


def test_a_seed_that_could_be_guessed_is_known_as_one():
    assert loads("seed = 7").weak
    assert exam.PRACTICE.weak
    assert not loads("seed = 'twelve letters'").weak
