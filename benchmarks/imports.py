"""What `import lab_engine` costs, beside a Python that imports nothing."""

import statistics
import subprocess
import sys
import time
from typing import Any

PAIRS = 15
BUDGET_S = 0.15


def rows() -> list[dict[str, Any]]:
    """The time of the import alone: the difference of interleaved pairs of whole processes."""
    extra = statistics.median(
        _seconds("import lab_engine") - _seconds("pass") for _ in range(PAIRS)
    )
    return [
        {
            "what": "`import lab_engine`",
            "measured": f"{extra * 1000:.0f} ms",
            "budget": f"<= {BUDGET_S * 1000:.0f} ms",
            "ok": extra <= BUDGET_S,
        }
    ]


def _seconds(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun
