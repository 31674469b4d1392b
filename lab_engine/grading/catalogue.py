"""The labs that there are to be graded, and what of a lab's notebook is run.

What is run are the cells of the learner's copy up to the last answer, without its checks, with the
submission's text in the answer cells, and a last cell that hands the answers over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.judging import MODULES

CHECK: Final = "check-"
ANSWER: Final = "answer-"
LABS: Final = Path(__file__).parents[2] / "labs"
EXPORT: Final = "from lab_engine.labs.exporting import export\n\nexport(globals(), {path!r})"


@dataclass(frozen=True)
class Entry:
    """Where a lab is.

    Args:
        name: of the lab.
        notebook: the learner's copy.
        module: holds its `LAB`.
        folder: in which that module is found, if it is none of the package.
    """

    name: str
    notebook: Path
    module: str
    folder: Path | None = None


def entries(labs: Path = LABS) -> dict[str, Entry]:
    """The labs whose notebooks are in a folder, by their names.

    Raises:
        LabError: there are none.
    """
    found = {
        name: Entry(name, labs / f"{name}.ipynb", f"lab_engine.labs.judging.{module}")
        for name, module in MODULES.items()
        if (labs / f"{name}.ipynb").is_file()
    }
    if not found:
        remedy = "Name the course's folder of labs with --labs."
        raise LabError(str(labs), "holds no notebooks of labs", remedy)
    return found


@dataclass(frozen=True)
class Sheet:
    """A lab's notebook as it was handed out.

    Args:
        name: of the lab.
        cells: id and source of each code cell, in order.
        all_ids: of its cells of every type.
    """

    name: str
    cells: tuple[tuple[str, str], ...]
    all_ids: frozenset[str]

    def handed_out(self, cell: str) -> str:
        """The text of a cell.

        Raises:
            LabError: there is no such cell.
        """
        for each, source in self.cells:
            if each == cell:
                return source
        rule = f"is no cell of {self.name}"
        raise LabError(cell, rule, "Give the answer's cell this id, and build the labs anew.")

    def filled(self, answers: Mapping[str, str], socket: str) -> tuple[str, tuple[str, ...]]:
        """A notebook to be run, and the ids of its code cells in order.

        Args:
            answers: id of an answer's cell -> its text.
            socket: where the answers are to be handed over.
        """
        last = max(place for place, (each, _) in enumerate(self.cells) if each in answers)
        cells = [
            (each, answers.get(each, source))
            for each, source in self.cells[: last + 1]
            if not each.startswith(CHECK)
        ]
        cells.append(("export", EXPORT.format(path=socket)))
        book = {
            "cells": [_code(each, source) for each, source in cells],
            "metadata": {"kernelspec": {"name": "learner", "display_name": "learner"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return json.dumps(book), tuple(each for each, _ in cells)


def sheet(entry: Entry) -> Sheet:
    """The notebook of a lab.

    Raises:
        LabError: it is not there, or no notebook.
    """
    try:
        book = json.loads(entry.notebook.read_bytes())
        cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
        found = tuple((cell["id"], "".join(cell["source"])) for cell in cells)
        ids = frozenset(cell["id"] for cell in book["cells"])
    except (OSError, ValueError, LookupError, TypeError) as wrong:
        rule = f"is no notebook with ids: {wrong}"
        remedy = "Write it anew: python -m lab_engine labs build"
        raise LabError(str(entry.notebook), rule, remedy) from None
    return Sheet(entry.name, found, ids)


def _code(cell: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": cell,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
