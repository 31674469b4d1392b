"""A bar on a terminal for what takes long."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDTH = 40


@contextmanager
def progress() -> Iterator[Callable[[float, float], None] | None]:
    """A bar for people who have waited for a second; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    due = time.monotonic() + 1

    def show(done: float, total: float) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        due = time.monotonic() + 0.1
        full = round(WIDTH * done / total)
        _write(f"\r[{'#' * full:<{WIDTH}}] {done / total:4.0%}")

    try:
        yield show
    finally:
        _write("\r\x1b[K")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
