"""What grading costs beside running the same notebooks, and how much memory the grader takes.

The notebooks are the tests' sample lab's, whose checks cost nothing. They are run under nbval
with nothing to check, in as many processes as the grader has jobs, each of which takes its share of
them: so pytest is begun once for many, which a grader that keeps them apart cannot do. Plain nbval
begins a process for each; that is measured, too, and has no budget.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COUNT = 320 if os.environ.get("LAB_LONG") == "full" else 16
JOBS = os.cpu_count() or 1
MOST, MOST_MB, MOST_S = 2.0, 300, 10.0


def rows() -> list[dict[str, Any]]:
    """The ratio to running alone, seconds for each submission, and the grader's peak memory."""
    from tests.labs.sample.make import answered, labs

    with tempfile.TemporaryDirectory(prefix="lab-grading-") as name:
        folder = Path(name)
        entry = labs(folder / "labs")
        paths = []
        for number in range(COUNT):
            path = folder / "handed" / f"student-{number:03d}" / entry.notebook.name
            path.parent.mkdir(parents=True)
            book = answered(entry, ttl=f"ttl = 60  # {number}")
            book.cells = [cell for cell in book.cells if not cell.id.startswith("check-")]
            path.write_text(json.dumps(book))
            paths.append(path)
        shares = [paths[job::JOBS] for job in range(JOBS)]
        together_s = _run(shares)
        few = paths[: 4 * JOBS]
        each_s = _run([[path] for path in few]) * COUNT / len(few)
        graded_s, peak_mb = _grade(folder, entry.notebook)
    what = f"grading {COUNT} submissions with {JOBS} jobs, checks that cost nothing"
    return [
        {
            "what": f"{what}: time of running them",
            "measured": f"{graded_s / together_s:.2f}x ({graded_s:.0f} s / {together_s:.0f} s)",
            "budget": f"<= {MOST:g}x",
            "ok": graded_s <= MOST * together_s,
        },
        {
            "what": "the same: time of plain nbval, a process for each",
            "measured": f"{graded_s / each_s:.2f}x",
            "budget": "—",
            "ok": True,
        },
        {
            "what": "the same: for each submission, on one core",
            "measured": f"{graded_s * JOBS / COUNT:.2f} s",
            "budget": f"<= {MOST_S:g} s",
            "ok": graded_s * JOBS / COUNT <= MOST_S,
        },
        {
            "what": "the same: peak memory of the grader itself",
            "measured": f"{peak_mb:.0f} MB",
            "budget": f"<= {MOST_MB} MB",
            "ok": peak_mb <= MOST_MB,
        },
    ]


def _run(shares: Sequence[Sequence[Path]]) -> float:
    """Seconds until all notebooks were run, each share in a process, so many of them at once."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q"]
    command += ["-p", "no:cacheprovider", "-c", os.devnull]

    def one(share: Sequence[Path]) -> None:
        notebooks = map(str, share)
        done = subprocess.run(
            [*command, *notebooks], check=False, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise RuntimeError(f"notebooks that should pass do not:\n{done.stdout[-2000:]}")

    begun = time.perf_counter()
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(one, shares))
    return time.perf_counter() - begun


def _grade(folder: Path, notebook: Path) -> tuple[float, float]:
    """Seconds of grading the class, and the peak memory of the grader's own process in MB."""
    command = [sys.executable, "-m", "benchmarks.grading", str(folder), str(notebook)]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    took_s = time.perf_counter() - begun
    marks, peak_kb = done.stdout.split()[-2:]
    if int(marks) != COUNT:
        raise RuntimeError(f"only {marks} of {COUNT} have all points")
    return took_s, int(peak_kb) / 1000


def _main(folder: Path, notebook: Path) -> None:
    from lab_engine.grading.catalogue import Entry
    from tests.labs.grading import SEEDS, grade
    from tests.labs.sample.make import HERE, NAME

    (folder / "exam.toml").write_text(SEEDS)
    entry = Entry(NAME, notebook, "sample_judge", HERE)
    out, exam = folder / "out", folder / "exam.toml"
    _, found = grade(entry, folder / "handed", out=out, seeds=exam, jobs=JOBS)
    best = sum(row["mark"] == "100.00" for row in found.values())
    print(best, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
