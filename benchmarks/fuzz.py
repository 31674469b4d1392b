"""How many hostile packets the message handler was tried with, and how fast they go."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HARNESS = Path(__file__).parents[1] / "tests" / "fuzz" / "fuzz_messages.py"
RUNS = 50_000


def rows() -> list[dict[str, Any]]:
    """Coverage-guided inputs of one run of the atheris harness."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, HARNESS, "-max_len=600", f"-runs={RUNS}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    tried = re.search(r"Done (\d+) runs", done.stderr)
    took_s = time.perf_counter() - begun
    return [
        {
            "what": "fuzz cases tried with atheris, none of which broke the handler",
            "measured": f"{int(tried[1]) if tried else 0:,} in {took_s:.0f} s",
            "budget": f"{RUNS:,}",
            "ok": done.returncode == 0 and tried is not None,
        }
    ]
