"""What Binder will make of this repository, as repo2docker says without building it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
INSTALL = re.compile(r"apt-get (?:-qq )?install")
LESSONS = sorted((ROOT / "lessons").rglob("*.ipynb"))


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory):
    """The Dockerfile that repo2docker writes for the folder that Binder reads."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "binder", folder / "binder")
    (folder / "requirements.txt").write_text("a-file-that-is-not-to-be-read")
    return written(folder)


def written(folder):
    """What repo2docker would build of a folder."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug"]
    command += ["--user-id", "1000", "--user-name", "jovyan", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_binder_takes_the_python_that_ci_runs(dockerfile):
    """The one of runtime.txt, from an environment that repo2docker knows."""
    release = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")

    assert f"environment.py-{release}" in unescaped(dockerfile)


def test_binder_installs_the_pins_before_the_course_is_copied(dockerfile):
    """So a change of a lesson does not install everything anew."""
    pins = dockerfile.index('pip install --no-cache-dir -r "binder/requirements.txt"')

    assert pins < dockerfile.index("COPY --chown=1000:1000 src/ ")


def test_binder_ends_with_the_courses_own_step_as_a_plain_user(dockerfile):
    """`postBuild` is run, and by nobody special."""
    lines = [line for line in dockerfile.splitlines() if re.match(r"(RUN \./|USER )", line)]

    assert lines[-2:] == ["USER ${NB_USER}", "RUN ./binder/postBuild"]


def test_binder_reads_nothing_else(dockerfile):
    """Not the root's pins."""
    assert 'install --no-cache-dir -r "requirements.txt"' not in dockerfile


@pytest.mark.slow
def test_binder_installs_nothing_of_debians_that_no_lesson_calls(dockerfile, tmp_path):
    """Beyond what repo2docker itself needs; with an apt.txt there would be one step more."""
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    (tmp_path / "binder" / "apt.txt").write_text("bind9-dnsutils\n")

    assert len(INSTALL.findall(dockerfile)) + 1 == len(INSTALL.findall(written(tmp_path)))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lessons_call_no_program_that_binder_lacks(path):
    """No cell leaves Python for a shell."""
    cells = nbformat.read(path, as_version=4).cells
    lines = [
        line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()
    ]

    assert not [line for line in lines if line.lstrip().startswith(("!", "%%bash", "%%sh"))]


def unescaped(text):
    """Repo2docker writes `-2d` for a dash in the names of what it copies."""
    return re.sub(r"-([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)
