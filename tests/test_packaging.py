"""What is installed, and where else that is written down: locks, Binder, CI, documents.

Offline: pins are compared with ranges, nothing is resolved.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import lab_engine
from lab_engine.control.operations import ASKING, CHANGING
from tools.pythons import RELEASES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN_TIME = [Requirement(text) for text in PROJECT["dependencies"]]
TEST = [Requirement(text) for text in PROJECT["optional-dependencies"]["test"]]
LOCKS = ["requirements.txt", "requirements-test.txt"]
ENVIRONMENTS = [
    {
        "python_version": release,
        "python_full_version": f"{release}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": platform,
        "platform_system": system,
        "os_name": "nt" if platform == "win32" else "posix",
        "extra": "",
    }
    for release in RELEASES
    for platform, system in (("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows"))
]
Environment = dict[str, str]


def lines(lock: str) -> list[str]:
    """The lines of a lock file that say something."""
    text = (ROOT / lock).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@functools.cache
def pins(lock: str) -> dict[str, list[tuple[str, Marker | None]]]:
    """Package name -> its pinned versions, each with the marker under which it holds."""
    found: dict[str, list[tuple[str, Marker | None]]] = {}
    for requirement in map(Requirement, lines(lock)):
        (specifier,) = requirement.specifier
        pin = (specifier.version, requirement.marker)
        found.setdefault(canonicalize_name(requirement.name), []).append(pin)
    return found


def holding(lock: str, name: str, environment: Environment) -> list[str]:
    """The pins of one package that hold in an environment."""
    candidates = pins(lock).get(canonicalize_name(name), [])
    return [version for version, marker in candidates if not marker or marker.evaluate(environment)]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_is_flat(lock: str) -> None:
    """Only `name==version ; marker`: options and addresses would switch off Binder's cache."""
    form = re.compile(r"[a-z0-9][a-z0-9._-]*==[0-9][\w.+!]*( ; .+)?")

    assert [line for line in lines(lock) if not form.fullmatch(line)] == []


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda e: f"{e['sys_platform']}-{e['python_version']}"
)
@pytest.mark.parametrize(("lock", "ranges"), [(LOCKS[0], RUN_TIME), (LOCKS[1], RUN_TIME + TEST)])
def test_each_dependency_is_pinned_once_inside_its_range(
    lock: str, ranges: list[Requirement], environment: Environment
) -> None:
    """On every platform and Python, each range of pyproject.toml has exactly one pin, inside it."""
    wanted = [each for each in ranges if not each.marker or each.marker.evaluate(environment)]

    for requirement in wanted:
        held = holding(lock, requirement.name, environment)
        assert len(held) == 1, f"{requirement.name} has the pins {held} in {lock}"
        assert requirement.specifier.contains(Version(held[0])), f"{requirement} but {held[0]}"


def test_no_package_has_two_pins_in_one_environment() -> None:
    """Markers that split a pin do not overlap."""
    for lock in LOCKS:
        for name in pins(lock):
            assert all(len(holding(lock, name, each)) <= 1 for each in ENVIRONMENTS), name


def test_the_test_lock_extends_the_run_time_lock() -> None:
    """Each pin of requirements.txt holds in requirements-test.txt: learners get what is tested."""
    for name in pins(LOCKS[0]):
        for each in ENVIRONMENTS:
            run_time = holding(LOCKS[0], name, each)
            assert not run_time or run_time == holding(LOCKS[1], name, each), name


def test_binder_installs_the_same_pins() -> None:
    """binder/requirements.txt is the root's file, and Binder's Python the one locked for."""
    binder = ROOT / "binder"
    oldest = re.fullmatch(r">=(3\.\d+)", PROJECT["requires-python"])

    assert (binder / "requirements.txt").read_bytes() == (ROOT / LOCKS[0]).read_bytes()
    assert oldest is not None
    assert (binder / "runtime.txt").read_text().strip() == f"python-{oldest[1]}"
    assert os.access(binder / "postBuild", os.X_OK)
    assert "pip install --no-deps -e ." in (binder / "postBuild").read_text()


def test_a_dev_container_has_binders_python_and_does_what_make_lab_does() -> None:
    """Its file may have comments, as VS Code's have."""
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text()
    container = json.loads(
        re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', r"\1", text, flags=re.DOTALL)
    )
    release = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")

    assert container["image"].rpartition(":")[2].split("-")[0] == release
    assert container["postCreateCommand"].split(" && ")[0] == "make setup"
    assert container["postCreateCommand"].endswith("-m lab_engine course update")
    assert ".devcontainer/" in (ROOT / "README.md").read_text()


def test_the_readme_names_the_pythons_that_are_tested() -> None:
    """From the oldest to the newest."""
    assert f"Python {RELEASES[0]} to {RELEASES[-1]}" in (ROOT / "README.md").read_text()


def test_on_windows_the_readme_types_the_same() -> None:
    """Line by line, but for what things are called there."""
    readme = (ROOT / "README.md").read_text().partition("\n## The course")[0]
    blocks = [
        block.splitlines() for block in re.findall(r"```console\n(.*?)```", readme, re.DOTALL)
    ]
    (unix,) = (block for block in blocks if block[0] == "$ python3 -m venv .venv")
    windows = [line[2:] for block in blocks for line in block if line.startswith("> ")]
    names = {"python3 ": "py ", "bin/pip": "bin/python -m pip", ".venv/bin/": ".venv/Scripts/"}

    text = "\n".join(line.removeprefix("$ ").partition("   #")[0] for line in unix)
    for name, there in names.items():
        text = text.replace(name, there)
    assert len(windows) == 5
    assert windows == text.replace("/", "\\").splitlines()


def test_the_layout_has_every_folder() -> None:
    """Each at the top that git has, but those that only programs read."""
    layout = (ROOT / "README.md").read_text().partition("\n## Layout\n")[2]
    folders = {name.split("/")[0] for name in tracked_texts() if "/" in name}
    told = set(re.findall(r"^(\w+)/\s", layout, re.MULTILINE))

    assert told == {name for name in folders if not name.startswith(".")}


def test_ci_calls_the_command_of_the_readme() -> None:
    """`.ci/run` runs `make test`, and so does a reader of README.md."""
    readme = (ROOT / "README.md").read_text()

    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in readme or not readme.strip()


def test_the_version_has_a_changelog_entry() -> None:
    """CHANGELOG.md has a dated section for the version, and one for what is not released."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    version = re.escape(lab_engine.__version__)

    assert re.search(rf"^## \[{version}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert re.search(r"^## \[Unreleased\]$", changelog, re.MULTILINE)


def test_each_dependency_has_one_reason() -> None:
    """CONTRIBUTING.md names each dependency once, with its reason, and nothing besides."""
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Dependencies\n")[2]
    rows = re.findall(r"^\| ([a-z][\w.-]*) \| .{10,} \|$", section, re.MULTILINE)

    assert sorted(rows) == sorted(each.name for each in RUN_TIME + TEST)


def tracked_texts() -> dict[str, str]:
    """Every text file that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = {}
    for name in filter(None, names.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            texts[name] = data.decode()
    return texts


@pytest.mark.slow
def test_no_machine_is_written_down() -> None:
    """No tracked file names a folder of somebody's machine or a package index's host."""
    folders = "work|root|home|Users"
    hosts = "|".join(
        [r"pypi\.(org|python)/", "python" + "hosted", r"registry\.npm", r"deb\.debian"]
    )
    pattern = re.compile(rf"(?<![\w.$}}~*-])/({folders})/|{hosts}")

    found = [
        f"{name}: {hit[0]}"
        for name, text in tracked_texts().items()
        if (hit := pattern.search(text))
    ]
    assert found == []


def test_no_merge_is_left_half_done() -> None:
    """No tracked file has both sides of it, between the marks that git writes."""
    marks = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)

    assert [name for name, text in tracked_texts().items() if marks.search(text)] == []


def test_importing_the_package_is_light() -> None:
    """`import lab_engine` loads none of the heavy libraries."""
    heavy = {"anywidget", "dns", "ipywidgets", "numpy", "plotly", "simpy"}
    program = f"import sys, lab_engine; print(*sorted({heavy!r} & sys.modules.keys()))"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []


def test_the_readme_lists_the_operations_of_the_api() -> None:
    """Each operation that the control plane has stands in README.md, and no other."""
    text = (ROOT / "README.md").read_text()
    listed = text.split("The operations there are")[1].split("Anything else")[0]

    there = {name for name in {**ASKING, **CHANGING} if not name.startswith("lab:")}
    assert set(re.findall(r"`(\w+)`", listed)) == there


@pytest.mark.slow
def test_a_learner_runs_nbval_with_the_same_settings(tmp_path):
    """With none of the plugins that the tests of the course have besides."""
    (tmp_path / "my").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "labs/lab_01_four_tills.ipynb", tmp_path / "my")
    command = [sys.executable, "-m", "pytest", "-p", "nbval.plugin", "--nbval", "--collect-only"]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [*command, "my"], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
