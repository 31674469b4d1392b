"""Notebooks on disk, and how long all of them take under nbval with how much memory."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LESSONS = Path(__file__).parents[1] / "lessons"
NBVAL = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q"]
NBVAL += ["-p", "no:cacheprovider"]
LARGEST_KB, FIRST_S, LONGEST_S, MOST_MB = 200, 15, 150, 250


def rows() -> list[dict[str, Any]]:
    """Size of the largest, duration of all and of lesson 01, memory of the hungriest process."""
    paths = [path for path in sorted(LESSONS.rglob("*.ipynb")) if '"code"' in path.read_text()]
    largest_kb = max(path.stat().st_size for path in paths) / 1000
    first_s, _ = _nbval([LESSONS / "01_round_robin.ipynb"])
    took_s, done = _nbval(paths)
    # of this process's finished descendants, kernels included
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    passed = re.search(r"(\d+) passed", done.stdout)
    return [
        _row("largest notebook on disk", largest_kb, LARGEST_KB, "KB"),
        _row("lesson 01 under nbval", first_s, FIRST_S, "s"),
        _row(f"all {len(paths)} notebooks under nbval", took_s, LONGEST_S, "s"),
        _row("peak memory of a lesson's kernel, at most", peak_mb, MOST_MB, "MB"),
        {
            "what": "cells that nbval compared",
            "measured": passed[0] if passed else "none",
            "budget": "all",
            "ok": done.returncode == 0,
        },
    ]


def _nbval(paths: Sequence[Path]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Seconds until these notebooks were run and compared, and what came of it."""
    begun = time.perf_counter()
    done = subprocess.run(
        [*NBVAL, *(str(path.relative_to(LESSONS)) for path in paths)],
        cwd=LESSONS,
        env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return time.perf_counter() - begun, done


def _row(what: str, value: float, budget: float, unit: str) -> dict[str, Any]:
    return {
        "what": what,
        "measured": f"{value:.0f} {unit}",
        "budget": f"<= {budget} {unit}",
        "ok": value <= budget,
    }
