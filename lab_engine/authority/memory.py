"""How much memory a zone takes, and how much there is: asked before one is loaded.

[design] The figures are measured, on a zone of a million addresses of names of their own.
"""

import contextlib
import math
import os
from pathlib import Path

from lab_engine.errors import ZoneError

BYTES = 3_700  # of memory for a record
SECONDS = 84e-6  # to load one
GIGA = 1e9


def check(records: int, source: str, free: float | None = None) -> None:
    """Raise ZoneError where so many records would not fit.

    Args:
        records: about how many.
        source: what errors call the file.
        free: bytes that may be used; by default what the system has, as far as it can be told.
    """
    needed = records * BYTES
    there = _free() if free is None else free
    if needed > there:
        raise ZoneError(
            source,
            f"has about {records:,} records, which take about {needed / GIGA:.1f} GB of memory and "
            f"{records * SECONDS:.0f} s to load, and {there / GIGA:.1f} GB are free",
            "Split it by names, or load it where there is more memory.",
        )


def _free() -> float:
    """Bytes: what the system would give, and what this process may take of it."""
    return min(_of_the_system(), _of_this_process())


def _of_the_system() -> float:
    """What Linux says is available; elsewhere all that the machine has."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return (
            int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024
        )
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return math.inf


def _of_this_process() -> float:
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return math.inf
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return math.inf if most == resource.RLIM_INFINITY else float(most)
