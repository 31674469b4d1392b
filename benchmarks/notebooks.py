"""Notebooks on disk, and how long all of them take under nbval with how much memory."""

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LESSONS = Path(__file__).parents[1] / "lessons"
LARGEST_KB, LONGEST_S, MOST_MB = 200, 150, 500


def rows() -> list[dict[str, Any]]:
    """Size of the largest, duration of all, peak memory of the hungriest process."""
    paths = sorted(LESSONS.glob("*.ipynb"))
    largest_kb = max(path.stat().st_size for path in paths) / 1000
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p"]
    done = subprocess.run(
        [*command, "no:cacheprovider", *(path.name for path in paths)],
        cwd=LESSONS,
        env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    took_s = time.perf_counter() - begun
    # of this process's finished descendants, kernels included
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    passed = re.search(r"(\d+) passed", done.stdout)
    return [
        _row("largest notebook on disk", largest_kb, LARGEST_KB, "KB"),
        _row(f"all {len(paths)} notebooks under nbval", took_s, LONGEST_S, "s"),
        _row("peak memory of a lesson's kernel, at most", peak_mb, MOST_MB, "MB"),
        {
            "what": "cells that nbval compared",
            "measured": passed[0] if passed else "none",
            "budget": "all",
            "ok": done.returncode == 0,
        },
    ]


def _row(what: str, value: float, budget: float, unit: str) -> dict[str, Any]:
    return {
        "what": what,
        "measured": f"{value:.0f} {unit}",
        "budget": f"<= {budget} {unit}",
        "ok": value <= budget,
    }
