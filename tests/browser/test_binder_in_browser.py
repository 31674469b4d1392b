"""Binder's steps without its containers: its base, our pins, postBuild, and a lesson opened there.

The base is what repo2docker freezes for conda, taken from PyPI: the same releases of the same
distributions. What is not Python's, as compilers' libraries, is the machine's.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.utils import canonicalize_name
from playwright.sync_api import Browser

from tests.repository import ROOT, copied
from tests.witnesses.programs import PLACES, lacking

from .harness import Lab, Notebook, as_user

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]  # the index may be slow

RELEASE = (ROOT / "binder/runtime.txt").read_text().strip().removeprefix("python-")
REPO2DOCKER = Path(find_spec("repo2docker").origin).parent  # not imported: it warns
FROZEN = REPO2DOCKER / f"buildpacks/conda/environment.py-{RELEASE}-linux-64.lock"
# As conda calls them, and as PyPI does.
NAMES = {
    "brotli-python": "brotli",
    "jupyterhub-base": "jupyterhub",
    "nbconvert-core": "nbconvert",
    "python-fastjsonschema": "fastjsonschema",
}
USER = 65_534 if os.geteuid() == 0 else None  # nobody


class Built(NamedTuple):
    """What Binder has made: where, its commands, and what pip said of its base."""

    folder: Path
    commands: Path
    complaints: list[str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands in the repository, as the user whose it is."""
        own = {"HOME": str(self.folder), "PATH": f"{self.commands}{os.pathsep}{os.environ['PATH']}"}
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | own
        files = self.folder / "files"
        return subprocess.run(
            command,
            cwd=files,
            env=environment,
            **as_user(USER),
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, *command: str) -> str:
        """What a command printed that has to succeed."""
        ended = self.run(*command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def checked(self) -> list[str]:
        """What `pip check` has to say of broken requirements."""
        ended = self.run("pip", "check")
        return ended.stdout.splitlines() if ended.returncode else []


def base() -> list[str]:
    """The distributions of repo2docker's frozen environment: those that conda built for Python."""
    frozen = FROZEN.read_text()
    found = re.findall(r"/([^/]+)-([^-/]+)-py[^-/]*\.(?:conda|tar\.bz2)", frozen)
    return [f"{NAMES.get(name, name)}=={version}" for name, version in found]


def pin(line: str) -> tuple[str, str]:
    """Name and version of a line of `pip freeze`."""
    name, _, version = line.partition("==")
    return canonicalize_name(name), version


def interpreter() -> str:
    """A Python of Binder's release; for root the system's, since its own is hidden from others."""
    if USER is None and sys.version.startswith(f"{RELEASE}."):
        return sys.executable
    return shutil.which(f"python{RELEASE}", path=PLACES) or lacking(f"Python {RELEASE}")


@pytest.fixture(scope="module")
def binder() -> Iterator[Built]:
    """Base, pins and postBuild, in the order and by the commands of repo2docker's Dockerfile."""
    # Without our own settings for uv, of which nobody at Binder knows when the base is made.
    uv = [sys.executable, "-m", "uv", "--quiet", "--no-config"]
    with tempfile.TemporaryDirectory(prefix="binder-") as name:
        folder = Path(name)
        environment = folder / "environment"
        copied(folder / "files")
        (folder / "base.txt").write_text("\n".join(base()))
        subprocess.run([*uv, "venv", "--seed", "--python", interpreter(), environment], check=True)
        install = ["pip", "install", "--no-deps", "--compile-bytecode", "--python", environment]
        subprocess.run([*uv, *install, "--requirement", folder / "base.txt"], check=True)
        if USER is not None:
            subprocess.run(["chown", "-R", f"{USER}:{USER}", folder], check=True)
        built = Built(folder, environment / "bin", [])
        built.complaints.extend(built.checked())
        built.done("pip", "install", "--no-cache-dir", "-r", "binder/requirements.txt")
        built.done("./binder/postBuild")
        yield built


@pytest.fixture(scope="module")
def lesson(binder: Built, chromium: Browser) -> Iterator[Notebook]:
    """Lesson 01 where the launch links lead, in that environment's JupyterLab, run whole."""
    python = binder.commands / "python"
    with (
        Lab(binder.folder, python=python, user=USER) as lab,
        Notebook(chromium, lab) as page,
    ):
        page.open("my/01_round_robin.ipynb").run_all(plots=1)
        page.settle()
        yield page


def test_pip_complains_of_nothing_that_is_ours(binder):
    """Neither pins nor postBuild break what Binder brings."""
    assert [line for line in binder.checked() if line not in binder.complaints] == []


def test_the_pins_are_what_is_installed(binder):
    """What the base had in older releases is lifted, and postBuild changes none of it."""
    lines = (ROOT / "binder/requirements.txt").read_text().splitlines()
    pins = {pin(line) for line in lines if " ; " not in line}
    installed = {pin(line) for line in binder.done("pip", "freeze").splitlines() if "==" in line}

    assert len(pins) > 80
    assert pins <= installed
    assert len(pins - {pin(line) for line in base()}) > 40


def test_the_course_says_that_it_runs_there(binder):
    """By its own doctor."""
    said = binder.done("python", "-m", "lab_engine", "doctor")

    assert said.splitlines()[-1] == "The course runs here."


def test_a_lesson_opens_and_runs_there(binder, lesson):
    """No cell ends in an error, the page is quiet, and it is that environment and that user."""
    where = lesson.kernel_text("import sys, os; print(sys.prefix, os.geteuid())")

    assert lesson.cell_errors() == []
    assert lesson.errors == [], (binder.folder / "server.log").read_text()[-4000:]
    assert lesson.foreign == []
    assert where.split() == [str(binder.commands.parent), str(USER or os.geteuid())]
