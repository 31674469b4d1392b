"""The learner's copies of the labs, made of the notebooks that hold their solutions.

A solution's lines stand between two marks; what the learner gets in their place may stand between
them too, as comments:

    ### BEGIN SOLUTION
    ttl = 60
    ### INSTEAD
    # ttl = None
    ### END SOLUTION

Links of a solution are those of its folder, `](../../lessons/…)`; the copy lies one folder higher.
The copy's check cells keep the output of a check that is passed, which is the same for every right
answer; so a copy fails under nbval until it is solved.
"""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import nbformat

from lab_engine.errors import LabError

BEGIN: Final = "### BEGIN SOLUTION"
INSTEAD: Final = "### INSTEAD"
END: Final = "### END SOLUTION"
SOLUTIONS: Final = "solutions"
HIGHER: Final = ("](../../", "](../")  # a link to elsewhere in a solution, and in its copy


def copied(solution: Any) -> Any:
    """The learner's copy of a notebook with a solution: an nbformat notebook, as is what is given.

    Outputs of answer cells are left out, and of cells that show what an answer function gives: the
    solution's would tell. Those of others stay.

    Raises:
        LabError: a mark is missing or stands at the wrong place.
    """
    copy = deepcopy(solution)
    functions = _functions(solution.cells)
    for cell in copy.cells:
        if _shows(cell, functions):
            cell.outputs = []
        if BEGIN in cell.source or END in cell.source:
            cell.source = without_solution(cell.source)
            cell.outputs = []
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(*HIGHER)
    return copy


def _functions(cells: Any) -> set[str]:
    """The functions that are defined between the marks."""
    return {
        name
        for cell in cells
        if BEGIN in cell.source
        for name in re.findall(r"^ *def (\w+)\(", cell.source, re.MULTILINE)
    }


def _shows(cell: Any, functions: set[str]) -> bool:
    """Whether it is a cell that calls one of the functions."""
    called = set(re.findall(r"\b(\w+)\(", cell.source))
    return cell.cell_type == "code" and bool(called & functions)


def without_solution(source: str) -> str:
    """A cell's text as the learner gets it.

    Raises:
        LabError: a mark is missing or stands at the wrong place.
    """
    kept, state = [], END
    for line in source.splitlines():
        mark = line.strip()
        if mark in (BEGIN, INSTEAD, END):
            if mark not in {END: (BEGIN,), BEGIN: (INSTEAD, END), INSTEAD: (END,)}[state]:
                raise LabError(mark, "stands at the wrong place", f"Write {BEGIN} … {END}.")
            state = mark
        elif state == END:
            kept.append(line)
        elif state == INSTEAD:
            kept.append(line.replace("# ", "", 1))
    if state != END:
        raise LabError(state, "is not ended", f"Write {END} below it.")
    return "\n".join(kept)


def build(labs: Path) -> list[Path]:
    """Write the learner's copies of all solutions. Returns what was written.

    Args:
        labs: the folder that holds `solutions`, and the copies beside it.

    Raises:
        LabError: as `copied`.
    """
    written = []
    for path in sorted((labs / SOLUTIONS).glob("lab_*.ipynb")):
        target = labs / path.name
        book = nbformat.reads(path.read_text(), as_version=4)  # type: ignore[no-untyped-call]
        target.write_text(nbformat.writes(copied(book)) + "\n")  # type: ignore[no-untyped-call]
        written.append(target)
    return written
