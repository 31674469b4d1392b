"""The package as others get it: built, installed where there is no checkout, and used."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import dns.message
import dns.query
import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]  # the index may be slow

ROOT = Path(__file__).parents[1]
ZONE = """$ORIGIN shop.example.
$TTL 60
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.53
www A 192.0.2.1
"""


def done(*command, folder):
    """What a command printed; it has to succeed."""
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(
        [*map(str, command)], cwd=folder, env=plain, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the sdist, and with the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    done(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The folder of the commands of a fresh environment with the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("fresh")
    done(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    (wheel,) = built.glob("*.whl")
    commands = folder / "venv" / "bin"
    done(commands / "pip", "install", "--quiet", wheel, folder=folder)
    return commands


def test_both_forms_are_built(built):
    """One of each, under the name that indexes know."""
    names = sorted(path.name for path in built.iterdir())

    assert len(names) == 2
    assert re.fullmatch(r"lab_engine-[\d.]+-py3-none-any\.whl", names[0])
    assert re.fullmatch(r"lab_engine-[\d.]+\.tar\.gz", names[1])


def test_an_installed_wheel_answers_for_a_zone(installed, tmp_path):
    """`lab-engine serve`, asked by dnspython."""
    (tmp_path / "shop.zone").write_text(ZONE)
    command = [str(installed / "lab-engine"), "serve", "shop.zone"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": ""}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            said = next(line for line in server.stdout if "Serving" in line)
            port = int(re.search(r"on 127\.0\.0\.1:(\d+)", said)[1])
            asked = dns.message.make_query("www.shop.example", "A")
            answer = dns.query.udp(asked, "127.0.0.1", port=port, timeout=60)
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate()

    assert [item.address for rrset in answer.answer for item in rrset] == ["192.0.2.1"]


def test_an_installed_wheel_passes_the_doctor(installed, tmp_path):
    """All that the wheel asks for came with it, in its range."""
    said = done(installed / "lab-engine", "doctor", folder=tmp_path)

    assert said.splitlines()[-1] == "The course runs here."
    assert (installed.parent / "etc" / "ipython" / "ipython_config.py").exists()
