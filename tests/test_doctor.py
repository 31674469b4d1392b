"""What the doctor says of a machine, and of one where something is wrong."""

import json
import os
import socket
import webbrowser

import pytest
from packaging.requirements import Requirement

from lab_engine.__main__ import main
from lab_engine.course import doctor


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


def test_packages_of_other_systems_and_of_extras_are_not_missed(monkeypatch):
    """A marker that does not hold here asks for nothing."""
    needed = ["no-such-package>=1; extra == 'test'", "another; python_version < '3'", "simpy>=4"]
    monkeypatch.setattr(doctor, "requires", lambda _name: needed)

    (sign,) = doctor.packages()
    assert (sign.verdict, sign.found) == ("good", "all 1 in their ranges")


def test_ports_that_cannot_be_had(monkeypatch):
    """As in a container without a network of its own."""

    def refuse(*_arguments):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    sign = doctor.ports()
    assert (sign.verdict, sign.found) == ("missing", "Operation not permitted")


@pytest.mark.parametrize(
    ("octets", "verdict"),
    [(None, "optional"), (449_999_999, "missing"), (450_000_000, "good")],
)
def test_memory(octets, verdict):
    """What Binder guarantees is enough."""
    assert doctor.memory(octets).verdict == verdict


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
