"""Query volumes as measured: a CSV file with a line for each resolver, the volume last."""

import csv
import math
from pathlib import Path

from lab_engine.authority.files import file_text
from lab_engine.errors import ScenarioError


def volumes(path: str | Path) -> tuple[float, ...]:
    """The last column of a CSV file. A first line that ends in a word is taken for headings.

    Raises:
        LabError: the file cannot be read or holds no volume; or a line without a number of 0 or
            more, which is named.
    """
    try:
        rows = [*csv.reader(file_text(path).splitlines())]
    except csv.Error as wrong:
        raise ScenarioError(str(path), f"is not CSV: {wrong}", "Correct it.") from wrong
    if rows and rows[0] and rows[0][-1].strip()[:1].isalpha():
        rows[0] = []  # headings
    found: list[float] = []
    for at, row in enumerate(rows, 1):
        if row:
            found.append(_volume(row[-1], f"{path} line {at}", known=bool(found)))
    if not any(found):
        raise ScenarioError(str(path), "holds no volume", "Give at least one that is above 0.")
    return tuple(found)


def _volume(text: str, where: str, *, known: bool) -> float:
    """A number; what is none is quoted if the file is `known` to hold some, or begins as one."""
    try:
        volume = float(text)
    except ValueError:
        volume = math.nan
    if not 0 <= volume < math.inf:
        quoted = f": {text[:20]!r}" if known or not text[:1].isalpha() else ""
        raise ScenarioError(f"{where}{quoted}", "is no volume", "Write a number of 0 or more.")
    return volume
