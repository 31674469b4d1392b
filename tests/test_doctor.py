"""What the doctor says of a machine, and of one where something is wrong."""

import json
import os
import socket
import subprocess
import sys
import tomllib
import webbrowser
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from lab_engine.__main__ import main
from lab_engine.commands import doctor
from tests.commands import ENVIRONMENT, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = [Requirement(each).name for each in PROJECT["dependencies"]]
# Runs the doctor where packages are gone: neither installed nor to be imported.
GONE = """
import importlib.metadata, runpy, sys

gone = dict(each.split("=") for each in sys.argv.pop().split(","))
installed = importlib.metadata.Distribution.from_name

def left(name):
    if name in gone:
        raise importlib.metadata.PackageNotFoundError(name)
    return installed(name)

class Refusing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in gone.values():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

importlib.metadata.Distribution.from_name = left
sys.meta_path.insert(0, Refusing)
sys.argv[1:] = ["doctor"]
runpy.run_module("lab_engine", run_name="__main__", alter_sys=True)
"""


def missed(*options):
    """What a doctor in a process of its own finds missing, and all that it says."""
    command = [sys.executable, *options]
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    found = [line[4:].split(":")[0].strip() for line in done.stdout.splitlines() if "BAD" in line]
    assert done.stdout.splitlines()[-1].startswith(f"{len(found)} of these must be mended")
    return found, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "gone", [*([each] for each in NEEDED), ["numpy", "dnspython"], NEEDED], ids=", ".join
)
def test_packages_that_are_missing_are_told_with_one_command_for_all(gone):
    """Whichever they are, and however many."""
    modules = {name: doctor.MODULES.get(name, name.replace("-", "_")) for name in gone}

    found, said = missed("-c", GONE, ",".join(map("=".join, modules.items())))
    assert sorted(found) == sorted(gone)
    (command,) = (line for line in said.splitlines() if " -m pip " in line)
    assert command.strip().startswith(f"Run: {sys.executable} -m pip install ")
    assert all(f'"{name}' in command for name in gone)


@pytest.mark.slow
def test_where_nothing_is_installed_everything_is_missed():
    """As by the system's Python in a clone: `-S` leaves the standard library and the folder."""
    found, said = missed("-S", "-m", "lab_engine", "doctor")

    assert found == ["lab-engine", *NEEDED]
    assert f'Run: make lab, in "{ROOT}"; without make: {sys.executable} -m pip' in said


def test_a_sound_machine_is_called_sound(capsys):
    """Where these tests run, the course does."""
    assert main(["doctor"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "The course runs here."
    assert any(line.startswith("ok     Python: 3.") for line in lines)


def test_json_has_every_sign(capsys):
    """For other programs: what, verdict, found, remedy."""
    assert main(["doctor", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert {"Python", "ports on loopback", "free memory", "browser", *doctor.PEERS} <= {
        each["what"] for each in found
    }
    assert all(set(each) == {"what", "verdict", "found", "remedy"} for each in found)


def test_one_thing_amiss_is_status_1_and_said_with_its_remedy(monkeypatch, capsys, tmp_path):
    """A folder that cannot be written to."""
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)

    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "BAD    this folder: cannot be written to\n       Go to a folder of your own" in said
    assert said.endswith("1 of these must be mended before the course runs.\n")


@pytest.mark.parametrize(
    ("release", "verdict"),
    [((3, 10), "missing"), ((3, 11), "good"), ((3, 14), "good"), ((3, 15), "optional")],
)
def test_python(release, verdict):
    """Too old is refused, too new is said."""
    sign = doctor.python(release)

    assert sign.verdict == verdict
    assert bool(sign.remedy) == (verdict != "good")


@pytest.mark.parametrize(
    ("needed", "found"),
    [("numpy>=99", "wanted >=99"), ("no-such-package>=1", "not installed")],
)
def test_a_package_that_is_missing_or_too_old_comes_with_the_command(monkeypatch, needed, found):
    """Ready to be pasted."""
    monkeypatch.setattr(doctor, "requires", lambda _name: [needed, "simpy>=4"])

    (sign,) = doctor.packages()
    assert sign.verdict == "missing"
    assert found in sign.found
    assert f'pip install "{Requirement(needed)}"' in sign.remedy


def uninstalled(name):
    raise PackageNotFoundError(name)


def test_packages_without_the_course_s_own(monkeypatch):
    """Its folder on the path is not enough: kernels begin elsewhere."""
    monkeypatch.setattr(doctor, "requires", uninstalled)

    course, packages = doctor.packages()
    assert (course.what, course.verdict, course.found) == (
        "lab-engine",
        "missing",
        "not installed",
    )
    assert course.remedy.endswith(f'{sys.executable} -m pip install -e "{ROOT}"')
    assert packages.found == f"all {len(NEEDED)} in their ranges"


def test_a_course_without_its_source_is_to_be_installed_anew(monkeypatch, tmp_path):
    """Nothing says there what it needs."""
    monkeypatch.setattr(doctor, "requires", uninstalled)
    monkeypatch.setattr(doctor, "COURSE", tmp_path)

    (sign,) = doctor.packages()
    assert sign.remedy == "Install the course anew, as its README.md says."


def test_several_that_are_wrong_have_one_remedy_which_is_said_once(monkeypatch, capsys):
    """Below the last of them."""
    monkeypatch.setattr(doctor, "requires", lambda _name: ["numpy>=99", "simpy>=4", "no-such>=1"])

    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    command = f'Run: {sys.executable} -m pip install "numpy>=99" "no-such>=1"'
    assert f"BAD    no-such: not installed\n       {command}\n" in said
    assert said.count(command) == 1


def test_conditions_wait_until_there_is_something_to_read_them(monkeypatch):
    """Without packaging nobody knows whether they hold here; and ranges are not compared."""
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    needed = ["no-such; extra == 'test'", "another; sys_platform == 'win32'", "numpy>=99", "a.b<2"]
    monkeypatch.setattr(doctor, "requires", lambda _name: needed)

    (sign,) = doctor.packages()
    assert sign.what == "a.b"
    assert sign.remedy.endswith(' -m pip install "a.b<2"')


@pytest.mark.parametrize("wrong", [None, ModuleNotFoundError("no")])
def test_a_package_whose_module_is_gone_is_installed_anew(monkeypatch, wrong):
    """It is listed, so pip would find it satisfied."""

    def find(name):
        if isinstance(wrong, Exception):
            raise wrong
        return wrong if name == "dns" else name

    monkeypatch.setattr(doctor, "find_spec", find)
    monkeypatch.setattr(doctor, "requires", lambda _name: ["dnspython>=2"])

    (sign,) = doctor.packages()
    assert sign.found.endswith(" is damaged: no module dns")
    assert sign.remedy.endswith('-m pip install --force-reinstall "dnspython>=2"')


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/srv/course/.venv/bin/python", "/srv/course/.venv/bin/python -m pip"),
        (r"C:\My course\python.exe", r'"C:\My course\python.exe" -m pip'),
        ("", "python -m pip"),
    ],
)
def test_pip_is_that_of_the_interpreter_that_was_asked(monkeypatch, path, typed):
    """By its path, since another one has packages of its own; in quotes where it has spaces."""
    monkeypatch.setattr(doctor, "requires", lambda _name: ["numpy>=99"])
    monkeypatch.setattr(sys, "executable", path)

    (sign,) = doctor.packages()
    assert sign.remedy == f'Run: {typed} install "numpy>=99"'


def test_packages_of_other_systems_and_of_extras_are_not_missed(monkeypatch):
    """A marker that does not hold here asks for nothing."""
    needed = ["no-such-package>=1; extra == 'test'", "another; python_version < '3'", "simpy>=4"]
    monkeypatch.setattr(doctor, "requires", lambda _name: needed)

    (sign,) = doctor.packages()
    assert (sign.verdict, sign.found) == ("good", "all 1 in their ranges")


def refuse(*_arguments):
    raise OSError(1, "Operation not permitted")


def test_ports_that_cannot_be_had(monkeypatch):
    """As in a container without a network of its own."""
    monkeypatch.setattr(socket.socket, "bind", refuse)

    sign = doctor.ports()
    assert (sign.verdict, sign.found) == ("missing", "Operation not permitted")


@pytest.mark.parametrize(
    ("octets", "verdict"),
    [(None, "optional"), (449_999_999, "missing"), (450_000_000, "good")],
)
def test_memory(octets, verdict):
    """What Binder guarantees is enough; nothing is said to need as much."""
    sign = doctor.memory(octets)

    assert sign.verdict == verdict
    assert bool(sign.remedy) == (verdict != "good")
    assert (
        sign.remedy.endswith("450 MB are enough for any lesson and its server.") or not sign.remedy
    )


def test_memory_is_the_least_of_machine_and_container(monkeypatch, tmp_path):
    """A container's limit, less what it has used, if that is less."""
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  2000 kB\n")
    (tmp_path / "memory.max").write_text("1500000\n")
    (tmp_path / "memory.current").write_text("500000\n")

    assert doctor._machine(tmp_path / "meminfo") == 2_048_000
    assert doctor._container(tmp_path) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor._container(tmp_path) is None
    assert doctor._machine(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("stat", "left"),
    [
        ("anon 100000\nfile 800000\ninactive_file 700000\nactive_file 90000\n", 1_300_000),
        ("inactive_file 950000\n", 1_500_000),  # the two are not read in one moment
        ("anon 100000\n", 600_000),
        ("inactive_file\n", 600_000),
        ("", 600_000),
    ],
)
def test_files_that_a_container_keeps_in_memory_are_not_in_the_way(tmp_path, stat, left):
    """It gives them up when somebody needs the room."""
    (tmp_path / "memory.max").write_text("1500000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text(stat)

    assert doctor._container(tmp_path) == left


def test_psutil_knows_of_every_system(monkeypatch):
    """And where it is missing, or does not know, the system's own file is read."""
    memory = SimpleNamespace(available=600_000_000)
    told = SimpleNamespace(virtual_memory=lambda: memory)
    monkeypatch.setattr(doctor, "_container", lambda _group: None)
    monkeypatch.setattr(doctor, "_machine", lambda _meminfo: 500_000_000)

    monkeypatch.setitem(sys.modules, "psutil", told)
    assert doctor.available() == 600_000_000
    memory.available = 0
    assert doctor.available() == 0
    told.virtual_memory = refuse
    assert doctor.available() == 500_000_000
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert doctor.available() == 500_000_000


@pytest.mark.parametrize(
    ("limit", "verdict"), [(None, "good"), (255, "missing"), (256, "good"), (10_000, "good")]
)
def test_open_files(limit, verdict):
    """What macOS allows is enough."""
    assert doctor.files(limit).verdict == verdict


def test_no_browser_is_no_obstacle(monkeypatch):
    """JupyterLab prints its address."""

    def none(*_arguments):
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)

    assert doctor.browser().verdict == "optional"


def test_a_peer_that_is_not_there_is_said_with_what_it_is_for(monkeypatch):
    """Nothing but that part needs it."""
    monkeypatch.setattr(doctor.shutil, "which", lambda _name, path: None)

    sign = doctor.peer("haproxy")
    assert (sign.verdict, sign.found) == (
        "optional",
        "not here; it is for lesson 07's real load balancer",
    )
    assert "sudo apt-get install haproxy; with Homebrew: brew install haproxy" in sign.remedy


def test_what_brings_a_peer_is_named():
    """Debian's packages are those that the tests install."""
    script = (ROOT / "tools" / "peers.sh").read_text().splitlines()

    assert {name: f"{name} {peer.debian}" in script for name, peer in doctor.PEERS.items()} == (
        dict.fromkeys(doctor.PEERS, True)
    )
