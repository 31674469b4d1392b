"""The unit tests under every other Python that the course promises to run on; a table closes it.

    python -m tools.pythons --numprocesses auto    what follows the name goes to pytest

Each release gets an environment of its own, with the locked pins, in build/. uv looks for it, among
pyenv's too, and fetches it if it can; one that cannot be had is told, and is no failure.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.long import Done, run, table

ROOT: Final = Path(__file__).parents[1]
RELEASES: Final = ("3.11", "3.12", "3.13", "3.14")
UV: Final = [sys.executable, "-m", "uv"]


def others() -> list[str]:
    """The releases but the one that this is."""
    own = "{}.{}".format(*sys.version_info)
    return [release for release in RELEASES if release != own]


def reach_pyenv() -> None:
    """Let pyenv's commands be those of all its versions, not of the one that is chosen here."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    if versions.is_dir():
        names = sorted((each.name for each in versions.iterdir()), reverse=True)
        os.environ["PYENV_VERSION"] = ":".join(names)


def had(release: str, folder: Path) -> bool:
    """Whether there is such a Python; then it has an empty environment in that folder."""
    command = [*UV, "venv", "--quiet", "--clear", "--python", release, str(folder)]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def tested(release: str) -> Done:
    """The unit tests with the locked pins under a release."""
    folder = ROOT / "build" / f"python-{release}"
    if not had(release, folder):
        return Done(release, None, 0, "not to be had here")
    install = [*UV, "pip", "install", "--quiet", "--python", str(folder)]
    pins = run(release, [*install, "--requirement", "requirements-test.txt"])
    if pins.code:
        return pins
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    return run(release, [str(folder / "bin/python"), "-m", "pytest", *sys.argv[1:]])


def main() -> int:
    """Test all of them; the exit code is 1 when any failed."""
    reach_pyenv()
    os.environ.pop("LAB_LONG", None)
    return table([tested(release) for release in others()])


if __name__ == "__main__":
    sys.exit(main())
