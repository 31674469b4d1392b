"""What learners' code finds where it is run: this package without judges, and a kernel.

An installed copy, since an editable install would lead to the repository; without the judges, the
grader and what stands in lessons and labs. It is made once for a run of the grader.
"""

import compileall
import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = Path(__file__).parents[1]
LEFT_OUT: Final = ("judging", "grading", "course")  # questions have their answers beside them
SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc")

JAIL: Final = "jail.py"  # begun from here, since others see the path of what they run in
PLUGIN: Final = "lab_reporting"  # of pytest, before nbval's


@dataclass(frozen=True)
class Runtime:
    """A folder with all that learners' code needs of ours.

    Args:
        folder: holds `lab_engine` and `jupyter/kernels/learner`.
    """

    folder: Path

    def environment(self, home: str, folder: str) -> dict[str, str]:
        """What the processes there are told, and nothing else.

        Args:
            home: their folder.
            folder: where they find this one.
        """
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": home,
            "TMPDIR": home,
            "PYTHONPATH": os.pathsep.join([folder, *libraries()]),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "JUPYTER_PATH": f"{folder}/jupyter",
            "JUPYTER_RUNTIME_DIR": f"{home}/.runtime",
            "JUPYTER_PLATFORM_DIRS": "1",
            "IPYTHONDIR": f"{home}/.ipython",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }


def made(folder: Path) -> Runtime:
    """Make a runtime in an empty folder."""
    copy = folder / "lab_engine"
    ignore = shutil.ignore_patterns("*.ipynb")
    shutil.copytree(PACKAGE, copy, ignore=lambda path, names: {*ignore(path, names), *_out(path)})
    compileall.compile_dir(copy, quiet=2, stripdir=str(folder), workers=1)
    shutil.copy(Path(__file__).with_name("reporting.py"), folder / f"{PLUGIN}.py")
    shutil.copy(Path(__file__).with_name("jail.py"), folder / JAIL)
    kernel = folder / "jupyter/kernels/learner"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(_kernel()))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return Runtime(folder)


def _out(path: str) -> set[str]:
    """What is left out of a folder of the package."""
    folder = Path(path)
    return set(LEFT_OUT) if folder in (PACKAGE, PACKAGE / "labs") else set()


def _kernel() -> dict[str, Any]:
    options = ["--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False"]
    command = [sys.executable, "-S", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return {"argv": command + options, "display_name": "learner", "language": "python"}


def libraries() -> list[str]:
    """The folders of packages. Their `.pth` files are not read, so none leads elsewhere."""
    return [each for each in sys.path if each.endswith(("site-packages", "dist-packages"))]


def bound() -> list[str]:
    """The folders of the system, of Python and of its packages."""
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    beside = [str(Path(sys.executable).parent), *libraries()]
    kept: list[str] = []
    for each in sorted({*SYSTEM, *python, *beside}):
        if not any(Path(each).is_relative_to(outer) for outer in kept):
            kept.append(each)
    return kept


def hidden() -> list[str]:
    """What has to be out of sight even if it lies within a folder of the system."""
    checkout = PACKAGE.parent
    found = [str(PACKAGE)]
    if (checkout / "pyproject.toml").is_file():
        found.append(str(checkout))
    return found


@cache
def version(*, judges: bool) -> str:
    """A hash of this package's code, with the judges or as learners' code finds it."""
    sources = [
        (path.relative_to(PACKAGE).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
        if judges or not {*LEFT_OUT} & {*path.relative_to(PACKAGE).parts[:-1]}
    ]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()
