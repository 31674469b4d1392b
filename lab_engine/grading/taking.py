"""What a learner handed in: a notebook of any kind, of which only the text of the answers is taken.

Cells are found by their ids, whatever type they have by now and wherever they stand; of two with
one id the last counts. Where ids are gone (formats before 4.5 have none, and some tools drop them)
the last cell that sets the variable is taken. Everything else in the file is ignored.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lab_engine.errors import LabError

from .catalogue import Sheet

LARGEST: Final = 16 << 20  # octets of a notebook
MOST_PARTS: Final = 1_000_000  # brackets and commas of its JSON, each of which becomes an object
LONGEST: Final = 20_000  # letters of an answer cell
NEIGHBOURS: Final = 3  # with which the pieces of a cell are joined
MARK: Final = re.compile(r"Worksheet\(\s*['\"]([a-z0-9_]{1,80})['\"]")
CLEAR: Final = "Clear its outputs (Edit > Clear Outputs of All Cells), save, and hand it in again."
AGAIN: Final = "Hand in the .ipynb file that you saved in Jupyter."


class Ungradable(LabError):  # noqa: N818 - a verdict rather than a mistake
    """A submission that cannot be graded, and why."""


@dataclass(frozen=True)
class Cell:
    """One cell of a submission: its id, if it has one, and its text."""

    id: str
    source: str


@dataclass(frozen=True)
class Book:
    """A submission that could be read.

    Args:
        cells: all of them, in order.
        copied: the file of the course it says it is a copy of, or nothing.
        format: of the notebook, such as `4.5`.
    """

    cells: tuple[Cell, ...]
    copied: str
    format: str


@dataclass(frozen=True)
class Taken:
    """The answers of a submission.

    Args:
        answers: id of the answer's cell -> its text.
        warnings: for the learner.
        untouched: whether all of it is as it was handed out.
    """

    answers: Mapping[str, str]
    warnings: tuple[str, ...]
    untouched: bool


def read(data: bytes) -> Book:
    """The cells of a notebook.

    Raises:
        Ungradable: it is too large, or no notebook.
    """
    if len(data) > LARGEST:
        raise Ungradable("The file", f"is larger than {LARGEST >> 20} MB", CLEAR)
    if sum(data.count(each) for each in (b"[", b"{", b",")) > MOST_PARTS:
        raise Ungradable("The file", "has more parts than a notebook of Jupyter", CLEAR)
    try:
        book = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Ungradable("The file", "is not encoded in UTF-8", AGAIN) from None
    except (ValueError, RecursionError):
        raise Ungradable("The file", "is no notebook: it is not JSON", AGAIN) from None
    try:
        cells = tuple(_cell(each) for each in _cells(book))
        written = f"{int(book['nbformat'])}.{int(book.get('nbformat_minor', 0))}"
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Ungradable("The file", "is no notebook: it has no cells", AGAIN) from None
    return Book(cells, _copied(book.get("metadata")), written)


def _cells(book: Any) -> Sequence[Any]:
    if "worksheets" in book and "cells" not in book:  # nbformat 3
        return [cell for each in book["worksheets"] for cell in each["cells"]]
    found = book["cells"]
    if not isinstance(found, list):
        raise TypeError
    return found


def _cell(cell: Any) -> Cell:
    source = cell["source"] if "source" in cell else cell["input"]
    if isinstance(source, list):
        source = "".join(source)
    identity = cell.get("id", "")
    if not isinstance(source, str) or not isinstance(identity, str):
        raise TypeError
    return Cell(identity, source)


def _copied(metadata: Any) -> str:
    stamp = metadata.get("lab_engine") if isinstance(metadata, dict) else None
    found = stamp.get("from") if isinstance(stamp, dict) else None
    return found if isinstance(found, str) else ""


def lab_of(book: Book | None, name: str, known: Sequence[str]) -> str | None:
    """The lab that a submission is of, or None.

    Its set-up cell says so, or what it was copied from; else its name.

    Args:
        book: what was read, if it could be.
        name: of the file.
        known: names of labs.
    """
    said = [found for cell in book.cells for found in MARK.findall(cell.source)] if book else []
    for each in [*said, book.copied if book else "", name]:
        for lab in known:
            if lab in each:
                return lab
    return None


def taken(book: Book, sheet: Sheet, answers: Mapping[str, str]) -> Taken:
    """The answers of a submission.

    Args:
        book: what was handed in.
        sheet: the notebook as it was handed out.
        answers: id of the answer's cell -> the variable it sets.

    Raises:
        Ungradable: not one answer is there.
    """
    warnings: list[str] = []
    found: dict[str, str] = {}
    for cell, variable in answers.items():
        text = _text(book, sheet, cell, variable, warnings)
        if text is not None and len(text) > LONGEST:
            warnings.append(f"The answer {variable} has more than {LONGEST:,} letters: left out.")
            text = None
        found[cell] = "" if text is None else text
    if not any(found.values()):
        rule = f"holds none of the answer cells {', '.join(answers)}"
        raise Ungradable("The notebook", rule, "Fill in the lab's own copy, and hand that in.")
    untouched = all(
        not text.strip() or text.strip() == sheet.handed_out(cell).strip()
        for cell, text in found.items()
    )
    return Taken(found, tuple(warnings), untouched)


def _text(book: Book, sheet: Sheet, cell: str, variable: str, warnings: list[str]) -> str | None:
    """The text of one answer; what is unusual about it is said."""
    places = [place for place, each in enumerate(book.cells) if each.id == cell]
    if len(places) > 1:
        warnings.append(f"The cell {cell} stands there {len(places)} times: the last one counts.")
    if places:
        source = book.cells[places[-1]].source
        if _parsed(source) and sets(source, variable):
            return source
        return _joined(book, sheet, places[-1], variable, warnings) or source
    setting = [each.source for each in book.cells if sets(each.source, variable)]
    if not setting:
        warnings.append(f"The cell {cell} is missing, and no other cell sets {variable}.")
        return None
    why = "" if any(each.id for each in book.cells) else f" (format {book.format} has no ids)"
    warnings.append(
        f"The cell {cell} is missing{why}: the last cell that sets {variable} was taken for it."
    )
    return setting[-1]


def _joined(book: Book, sheet: Sheet, place: int, variable: str, warnings: list[str]) -> str | None:
    """An answer that was split: its cell, and as many neighbours as make a whole with it.

    Neighbours that were handed out are no pieces of it.
    """
    for size in range(NEIGHBOURS + 1, 1, -1):
        for first in range(place - size + 1, place + 1):
            window = range(max(first, 0), min(first + size, len(book.cells)))
            pieces = [book.cells[each] for each in window]
            strangers = [each for each in pieces if each.id in sheet.all_ids]
            text = "\n".join(each.source for each in pieces)
            if len(strangers) == 1 and _parsed(text) and sets(text, variable):
                warnings.append(
                    f"The cell {strangers[0].id} has been split: it was joined with what stands "
                    "beside it. Merge the pieces (Edit > Merge Selected Cells)."
                )
                return text
    return None


def sets(source: str, variable: str) -> bool:
    """Whether a cell sets a variable, or defines a function of that name, at its top level."""
    tree = _parsed(source)
    if tree is None:  # magics, or a mistake: then by the look of it
        look = rf"^(async )?(def )?{variable}\b\s*(\(|=[^=]|:)"
        return bool(re.search(look, source, re.MULTILINE))
    return any(variable in _names(each) for each in tree.body)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source) if len(source) <= LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in statement.names}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
