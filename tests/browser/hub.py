"""A real JupyterHub with the course on it, set up of hub/ as far as one machine allows.

The hub comes from PyPI and its proxy from npm, into a folder of its own; learners' servers are
plain processes in homes of their own. Everything is on loopback and is stopped by its process id.
No test is in here.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import psutil
import pytest
from playwright.sync_api import Browser

from tests.hubs import HUB, before_each_start, configuration
from tests.ports import free_port
from tests.repository import ROOT, copied
from tests.witnesses.programs import find

from .harness import PATIENCE_MS, Notebook

SET: Final = configuration("tljh")
# What no list of the project pins, since nobody installs it here but this.
PACKAGES: Final = ("jupyterhub>=6.1,<7", "jupyterhub-idle-culler>=2,<3")
PROXY: Final = "configurable-http-proxy@5"
_START: Final = 600  # seconds at most until a learner's server answers
_SCOPES: Final = ["list:users", "read:users:activity", "read:servers", "delete:servers"]


class Programs(NamedTuple):
    """The folder of the commands of the hub's environment, and the path of its proxy."""

    commands: Path
    proxy: Path


class Learner(NamedTuple):
    """Whom the hub serves: where, and the folder of the files; a `Lab` for a `Notebook`."""

    name: str
    url: str
    files: Path


def ran(*command: object, **more: Any) -> None:
    """Run a command to its end; a failure has what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def installed(folder: Path) -> Programs:
    """The hub, the course as hub/README.md installs it, and the proxy, below a folder.

    Where npm is missing or a registry is out of reach, the test is skipped, or fails if
    LAB_REQUIRE_PEERS=1.
    """
    npm = find("npm")
    puller = re.search(r"nbgitpuller==[\d.]+", (HUB / "README.md").read_text())
    assert puller is not None
    uv = [sys.executable, "-m", "uv", "--quiet"]
    commands = folder / "venv/bin"
    install = [*uv, "pip", "install", "--compile-bytecode", "--python", commands / "python"]
    try:
        ran(*uv, "venv", "--python", sys.executable, folder / "venv")
        ran(*install, "--requirement", ROOT / "requirements.txt", *PACKAGES, puller[0])
        ran(npm, "install", "--prefix", folder, "--no-audit", "--no-fund", PROXY)
    except RuntimeError as failed:
        if os.environ.get("LAB_REQUIRE_PEERS") == "1":
            raise
        pytest.skip(f"JupyterHub cannot be installed: {failed}")
    ran(*install, "--no-deps", ROOT)
    return Programs(commands, folder / "node_modules/.bin/configurable-http-proxy")


class Hub:
    """A JupyterHub on loopback whose learners have the course, as it is in this folder.

    Attributes:
        started: every process of the hub that was running when it was told to stop.
        left: those of them that had to be ended one by one.
    """

    def __init__(self, root: Path, programs: Programs) -> None:
        self.started: list[psutil.Process] = []
        self.left: list[psutil.Process] = []
        self._root = root
        self._programs = programs
        self._password = secrets.token_hex()
        self._address = f"http://127.0.0.1:{free_port()}"
        own = {"HOME": str(root), "PATH": f"{programs.commands}{os.pathsep}{os.environ['PATH']}"}
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        self._environment = kept | own
        self._process: psutil.Popen | None = None

    def __enter__(self) -> Self:
        self._publish()
        (self._root / "hub.json").write_text(json.dumps(self._configuration()))
        command = [str(self._programs.commands / "jupyterhub"), "--config", "hub.json"]
        with (self._root / "hub.log").open("wb") as log:
            self._process = psutil.Popen(
                command, cwd=self._root, env=self._environment, stdout=log, stderr=log
            )
        self._wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def processes(self) -> list[psutil.Process]:
        """The hub and all that it started, each the child of another."""
        assert self._process is not None
        return [self._process, *self._process.children(recursive=True)]

    def stop(self) -> None:
        """Tell the hub to stop, and end what is left then."""
        if self._process is None or not self._process.is_running():
            return
        self.started = self.processes()
        self._process.terminate()
        _, self.left = psutil.wait_procs(self.started, timeout=PATIENCE_MS / 1000)
        for process in self.left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(self.left)

    def learner(self, name: str) -> Learner:
        """Give somebody a home with the course in it, as z2jh.yaml does at each start."""
        home = self._root / "homes" / name
        home.mkdir(parents=True, exist_ok=True)
        command = before_each_start(self._root / "course", "class")
        ran(*command, env=self._environment | {"HOME": str(home)})
        return Learner(name, f"{self._address}/user/{name}", home)

    def enter(self, chromium: Browser, learner: Learner) -> Notebook:
        """Log in, wait for the learner's server, and see JupyterLab."""
        page = Notebook(chromium, learner)
        page.page.goto(f"{self._address}/hub/login")
        page.page.get_by_label("Username").fill(learner.name)
        page.page.get_by_label("Password").fill(self._password)
        page.page.get_by_role("button", name="Sign in").click()
        page.page.wait_for_url(f"{learner.url}/lab*", timeout=_START * 1000)
        return page

    def log(self) -> str:
        """What the hub, its proxy and the learners' servers have said."""
        return (self._root / "hub.log").read_text()

    def _publish(self) -> None:
        """A repository with a branch `class` that has what stands in this folder now."""
        git = [find("git"), "-C", copied(self._root / "course")]
        ran(*git, "init", "--quiet", "--initial-branch", "class")
        ran(*git, "add", "--all")
        me = ["-c", "user.name=class", "-c", "user.email=class@shop.example"]
        ran(*git, *me, "commit", "--quiet", "--message", "The course")

    def _configuration(self) -> dict[str, Any]:
        """What The Littlest JupyterHub makes of tljh.yaml, but for users and limits of systemd."""
        cull = SET["services"]["cull"]
        times = [f"--timeout={cull['timeout']}", f"--cull-every={cull['every']}"]
        culler = [str(self._programs.commands / "jupyterhub-idle-culler"), *times]
        return {
            "JupyterHub": {
                "bind_url": self._address,
                "hub_bind_url": f"http://127.0.0.1:{free_port()}",
                "authenticator_class": "shared-password",
                "spawner_class": "simple",
                "services": [{"name": "cull", "command": culler}],
                "load_roles": [{"name": "cull", "services": ["cull"], "scopes": _SCOPES}],
            },
            "Authenticator": {"allow_all": True},
            "SharedPasswordAuthenticator": {"user_password": self._password},
            "ConfigurableHTTPProxy": {
                "api_url": f"http://127.0.0.1:{free_port()}",
                "command": [str(self._programs.proxy)],
            },
            "Spawner": {
                "mem_limit": SET["limits"]["memory"],
                "cpu_limit": SET["limits"]["cpu"],
                "default_url": {"jupyterlab": "/lab"}[SET["user_environment"]["default_app"]],
                "args": ["--allow-root", "--LabApp.expose_app_in_browser=True"],
                "start_timeout": _START,
                "http_timeout": _START,
            },
            "SimpleLocalProcessSpawner": {
                "home_dir_template": str(self._root / "homes" / "{username}")
            },
        }

    def _wait(self) -> None:
        assert self._process is not None
        for _ in range(1200):
            if self._process.poll() is not None:
                break
            with suppress(OSError), urllib.request.urlopen(f"{self._address}/hub/health"):
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(self.log())
