"""The large counts: checks, tests with LAB_LONG=1, other versions, benchmarks; a table closes it.

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
    "pythons": ["make", "pythons"],
    "benchmarks": [*MODULE, "benchmarks"],
}


class Done(NamedTuple):
    """One finished step: its name, exit code, duration in seconds and last printed line.

    Without a code it was not run, and the line says why.
    """

    name: str
    code: int | None
    seconds: float
    last: str

    def row(self) -> str:
        """A line of the closing table."""
        verdict = {None: "not run", 0: "passed"}.get(self.code, f"FAILED ({self.code})")
        return f"{self.name:<12} {verdict:<12} {self.seconds:>7.0f} s  {self.last}"


def run(name: str, command: list[str]) -> Done:
    """Runs a command, passing its output on while keeping the last line."""
    print(f"== {name}", flush=True)
    started = time.monotonic()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
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


def table(results: list[Done]) -> int:
    """Prints a line for each; 1 when any of them failed, else 0."""
    width = max(len(result.row()) for result in results)
    print("", "-" * width, *(result.row() for result in results), "-" * width, sep="\n")
    return int(any(result.code for result in results))


def main() -> int:
    """Runs all steps; the exit code is 1 when any of them failed."""
    os.environ.setdefault("LAB_LONG", "1")
    return table([run(name, command) for name, command in STEPS.items()])


if __name__ == "__main__":
    sys.exit(main())
