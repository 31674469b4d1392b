"""The grader from end to end on honest submissions: marks, reports, tables, restarts, regrading."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil
import pytest

from lab_engine.errors import LabError
from lab_engine.grading.running import Runner
from tests.labs.grading import LIMITS, SEEDS, grade, hand_in, record, rows
from tests.labs.sample.make import NAME, answered, labs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WRONG = "def share(a, b):\n    return 0.25 if b == 3 else 0.5"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A lab, an exam, and a class of four that was graded."""
    folder = tmp_path_factory.mktemp("course")
    entry = labs(folder / "labs")
    handed = folder / "handed"
    hand_in(handed, "ada", answered(entry))
    hand_in(handed, "bob", answered(entry, ttl="ttl = 75", share=WRONG))
    hand_in(handed, "cleo", answered(entry, ttl="ttl = no_such_name"))
    hand_in(handed, "dan", entry.notebook.read_bytes())
    (folder / "exam.toml").write_text(SEEDS + 'title = "Autumn"\n' + LIMITS)
    said, found = grade(entry, handed, out=folder / "out", seeds=folder / "exam.toml", jobs=2)
    return folder, entry, said, found


def test_the_reference_has_all_and_the_empty_template_nothing(course):
    _, _, _, found = course

    assert found["ada"]["mark"] == "100.00"
    assert found["dan"]["mark"] == "0.00"
    assert "as they were handed out" in found["dan"]["reason"]


def test_a_near_miss_and_a_hard_coded_answer_have_a_part(course):
    """TTL 75: half. The visible pairs alone: 40 of 100 of that goal, but for a chance hit."""
    folder, _, _, found = course

    assert record(folder / "out", "bob")["found"]["visible"][0][0]["credit"] == 0.5
    assert 20 + 24 <= float(found["bob"]["mark"]) < 20 + 36


def test_what_a_cell_raised_is_told(course):
    folder, _, _, found = course
    report = (folder / "out/reports/cleo" / f"{NAME}.md").read_text()

    assert found["cleo"]["mark"] == "0.00"
    assert "NameError: name 'no\\_such\\_name' is not defined" in report
    assert "ttl: is not set" in report


def test_the_report_tells_visible_numbers_and_of_hidden_worlds_only_words(course):
    folder, _, _, _ = course
    hidden = record(folder / "out", "bob")["found"]["hidden"]
    for kind in ("md", "html"):
        report = (folder / "out/reports/bob" / f"{NAME}.{kind}").read_text()

        assert "Measured: TTL 75 s. Wanted: 60 s. That is worth 50%." in report
        assert "Measured: 100% right." in report
        assert "Hidden: reached in none of 3 hidden worlds" in report
        assert "lesson 02, part 1" in report
        assert "Visible checks 1 of 2 passed; hidden checks 0 of 2." in report
        for world in hidden:
            assert f"Measured: {world[1]['measured']}" not in report


def test_the_tables_have_everybody(course):
    folder, _, _, _ = course
    out = folder / "out"
    moodle = list(csv.DictReader((out / "moodle.csv").read_text().splitlines()))
    canvas = list(csv.DictReader((out / "canvas.csv").read_text().splitlines()))
    suites = ET.parse(out / "junit.xml").getroot()

    assert [row["Grade"] for row in moodle][::3] == ["100.00", "0.00"]
    assert canvas[0]["Student"].strip() == "Points Possible"
    assert [row[NAME] for row in canvas][:2] == ["100", "100.00"]
    assert suites[0].get("failures") == "0"
    assert suites[3].get("errors") == "1"
    assert "| share, hidden |" in (out / "summary.md").read_text()


def test_nothing_is_run_or_judged_twice(course, monkeypatch):
    folder, entry, _, found = course
    before = {path: path.stat().st_mtime_ns for path in folder.glob("out/records/*/*")}
    monkeypatch.setattr(Runner, "run", None)
    _, again = grade(entry, folder / "handed", out=folder / "out", seeds=folder / "exam.toml")

    assert again == found
    assert {path: path.stat().st_mtime_ns for path in folder.glob("out/records/*/*")} == before


def test_results_are_for_the_instructor_alone(course):
    folder, _, _, _ = course

    assert (folder / "out").stat().st_mode & 0o077 == 0


def test_other_jobs_another_order_and_another_hash_seed_change_nothing(course):
    """Grading in another process, one at a time, from a zip made backwards."""
    folder, entry, _, found = course
    out = folder / "other"
    paths = [str(folder / "handed" / each) for each in ("dan", "bob", "ada")]
    code = (
        "import sys, shutil; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path;"
        "from lab_engine.grading.catalogue import Entry;"
        "from tests.labs.grading import grade;"
        "from tests.labs.sample.make import HERE, NAME;"
        "entry = Entry(NAME, Path(sys.argv[2]), 'sample_judge', HERE);"
        "grade(entry, *map(Path, sys.argv[5:]), out=sys.argv[3], seeds=sys.argv[4], jobs=1)"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(entry.notebook), str(out)]
    command += [str(folder / "exam.toml"), *paths]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7"})

    for student in ("ada", "bob", "dan"):
        one, other = record(folder / "out", student), record(out, student)
        assert {**one, "place": ""} == {**other, "place": ""}
        assert rows(out)[student]["mark"] == found[student]["mark"]


class TestRegrading:
    """With `--regrade` nothing of a learner's is run; the exam's terms may have changed."""

    @pytest.fixture
    def again(self, course, tmp_path, monkeypatch):
        """Grades again from a copy of the results, with another exam."""
        folder, entry, _, _ = course
        out = tmp_path / "out"
        subprocess.run(["cp", "-r", folder / "out", out], check=True)
        monkeypatch.setattr(Runner, "run", None)

        def run(terms, **more):
            (tmp_path / "exam.toml").write_text(SEEDS + LIMITS + terms)
            seeds = tmp_path / "exam.toml"
            return grade(entry, folder / "handed", out=out, seeds=seeds, regrade=True, **more)[1]

        return run

    def test_a_goal_is_left_out(self, again):
        found = again(f"[labs.{NAME}.goals.share]\nleave_out = true\n", check="share")

        assert [found[each]["mark"] for each in ("ada", "bob")] == ["100.00", "50.00"]

    def test_points_and_credit_are_changed(self, again):
        terms = f"[labs.{NAME}.goals.ttl]\npoints = 180\ncredit = 'all-or-nothing'\n"
        found = again(terms, check="ttl")

        assert found["ada"]["mark"] == "100.00"
        assert float(found["bob"]["mark"]) < 25 * 0.6  # 0 of 75, and not all of the rest

    def test_fewer_hidden_worlds_are_judged_from_what_was_given(self, again, course):
        found = again(f"[labs.{NAME}]\nhidden = 1\n")

        assert found["ada"]["mark"] == "100.00"
        assert again("")["bob"]["mark"] == rows(course[0] / "out")["bob"]["mark"]

    def test_another_seed_asks_for_what_was_not_given(self, again, course):
        with pytest.raises(LabError, match=r"was not asked for .* Grade without --regrade"):
            again(f"[labs.{NAME}]\nhidden = 30\n")

    def test_a_goal_that_is_none_is_refused(self, again):
        with pytest.raises(LabError, match=r"shore: is no goal .* Choose of share, ttl"):
            again("", check="shore")


def test_a_check_that_was_mended_is_judged_anew_and_only_that_one(course, tmp_path, monkeypatch):
    """The module of the lab has changed: the kept answers are judged by it, and nothing is run."""
    folder, entry, _, _ = course
    mended = tmp_path / "mended"
    mended.mkdir()
    text = (entry.folder / "sample_judge.py").read_text()
    text = text.replace("near(abs(ttl - 60), 0, 60)", "1.0").replace("near(rate, 1, 0)", "1.0")
    (mended / "sample_judge.py").write_text(text)
    other = type(entry)(entry.name, entry.notebook, entry.module, mended)
    subprocess.run(["cp", "-r", folder / "out", tmp_path / "out"], check=True)
    monkeypatch.setattr(Runner, "run", None)

    grade(
        other,
        folder / "handed",
        out=tmp_path / "out",
        seeds=folder / "exam.toml",
        regrade=True,
        check="ttl",
    )
    kept = record(tmp_path / "out", "bob")["found"]["hidden"]

    assert [world[0]["credit"] for world in kept] == [1.0, 1.0, 1.0]
    assert min(world[1]["credit"] for world in kept) < 1


def test_a_grader_that_is_killed_leaves_nobody_behind_and_loses_nothing(course, tmp_path):
    """Killed with -9 while the second of three loops: the first is not run again."""
    folder, entry, _, _ = course
    handed, out = tmp_path / "handed", tmp_path / "out"
    hand_in(handed, "ada", answered(entry))
    hand_in(handed, "bob", answered(entry, ttl="import time\ntime.sleep(10_000)"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path;"
        "from lab_engine.grading.catalogue import Entry;"
        "from tests.labs.grading import grade;"
        "from tests.labs.sample.make import HERE, NAME;"
        "entry = Entry(NAME, Path(sys.argv[2]), 'sample_judge', HERE);"
        "grade(entry, Path(sys.argv[5]), out=sys.argv[3], seeds=sys.argv[4], jobs=1)"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(entry.notebook), str(out)]
    command += [str(folder / "exam.toml"), str(handed)]
    with subprocess.Popen(command) as grader:
        whole = psutil.Process(grader.pid)
        while not _kernel_of_bob(whole, out):
            assert grader.poll() is None
            time.sleep(0.05)  # to look costs more than to grade
        below = whole.children(recursive=True)
        os.kill(grader.pid, signal.SIGKILL)
    gone, left = psutil.wait_procs(below, timeout=60)
    first = record(out, "ada")
    hand_in(handed, "bob", answered(entry, share=WRONG))
    _, found = grade(entry, handed, out=out, seeds=folder / "exam.toml", jobs=1)

    assert gone
    assert left == []
    assert first["found"] is not None
    assert record(out, "ada") == first
    assert found["ada"]["mark"] == "100.00"
    assert 0 < float(found["bob"]["mark"]) < 100


def _kernel_of_bob(grader, out):
    """Whether the first is done and the second has a kernel."""
    if not list(Path(out).glob("records/*/ada.json")):
        return False
    if json.loads(next(Path(out).glob("records/*/ada.json")).read_text())["found"] is None:
        return False
    commands = []
    for each in grader.children(recursive=True):
        try:
            commands.append(" ".join(each.cmdline()))
        except psutil.Error:
            continue
    return any("ipykernel_launcher" in each for each in commands)


def test_without_an_exam_it_is_practice_and_says_so(course, tmp_path):
    folder, entry, _, _ = course
    shown = []
    progress = lambda *far: shown.append(far)  # noqa: E731
    said, found = grade(entry, folder / "handed/ada", out=tmp_path / "out", progress=progress)

    assert shown == [(1, 1)]
    assert any("everybody can draw the hidden worlds" in line for line in said)
    assert found["ada"]["mark"] == "100.00"


@pytest.mark.parametrize("what", ["seeds", "out"])
def test_seeds_and_results_lie_outside_the_submissions(course, tmp_path, what):
    folder, entry, _, _ = course
    inside = folder / "handed" / "inside"
    given = {"out": tmp_path / "out", what: inside}

    with pytest.raises(LabError, match="lies among the submissions"):
        grade(entry, folder / "handed", **given)


def test_a_check_that_fails_by_itself_is_graded_again_and_tells_students_nothing(course, tmp_path):
    """What it says may be of hidden worlds: it is for the instructor."""
    folder, entry, _, _ = course
    (tmp_path / "broken").mkdir()
    text = (entry.folder / "sample_judge.py").read_text()
    text = text.replace("    ttl = given", "    raise ValueError(world)\n    ttl = given", 1)
    (tmp_path / "broken/sample_judge.py").write_text(text)
    broken = type(entry)(entry.name, entry.notebook, entry.module, tmp_path / "broken")
    out, seeds = tmp_path / "out", folder / "exam.toml"
    _, found = grade(broken, folder / "handed/ada", out=out, seeds=seeds)
    report = (out / "reports/ada" / f"{NAME}.md").read_text()

    assert found["ada"]["mark"] == "0.00"
    assert "weights" not in report
    assert "Ask your instructor" in report
    assert "ValueError: {'weights': [[1, 3]" in (out / "summary.md").read_text()
    assert grade(entry, folder / "handed/ada", out=out, seeds=seeds)[1]["ada"]["mark"] == "100.00"
