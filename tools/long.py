"""The full counts: checks, tests with LAB_LONG=1, newest versions, benchmarks; a table closes it.

    python tools/long.py --numprocesses auto    what follows the name goes to pytest

Not a test runner: each step is the command that the Makefile runs, and none is left out because an
earlier one failed.
"""

import os
import subprocess
import sys
import time
from typing import NamedTuple

MODULE = [sys.executable, "-m"]
STEPS = {
    "ruff check": [*MODULE, "ruff", "check", "."],
    "ruff format": [*MODULE, "ruff", "format", "--check", "."],
    "mypy": [*MODULE, "mypy"],
    "pytest": [*MODULE, "pytest", *sys.argv[1:]],
    "newest": ["make", "newest"],
    "benchmarks": [*MODULE, "benchmarks"],
}


class Done(NamedTuple):
    """One finished step: its name, exit code, duration in seconds and last printed line."""

    name: str
    code: int
    seconds: float
    last: str

    def row(self) -> str:
        """A line of the closing table."""
        verdict = "passed" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.name:<12} {verdict:<12} {self.seconds:>7.0f} s  {self.last}"


def run(name: str, command: list[str]) -> Done:
    """Runs a command, passing its output on while keeping the last line."""
    print(f"== {name}", flush=True)
    started = time.monotonic()
    environment = {**os.environ, "LAB_LONG": "1", "PYTHONUNBUFFERED": "1"}
    last = ""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip(" =\n") or last
    return Done(name, process.returncode, time.monotonic() - started, last)


def main() -> int:
    """Runs all steps; the exit code is 1 when any of them failed."""
    results = [run(name, command) for name, command in STEPS.items()]
    width = max(len(result.row()) for result in results)
    print("", "-" * width, *(result.row() for result in results), "-" * width, sep="\n")
    return int(any(result.code for result in results))


if __name__ == "__main__":
    sys.exit(main())
