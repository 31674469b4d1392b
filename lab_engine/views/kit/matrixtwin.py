"""The still twin of a matrix: the cells that page/matrix.js shows once all was asked."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from .matrix import SYMBOLS, Matrix
from .svg import element, picture

_WIDTH, _MARGIN, _HEAD, _TOP, _ROW, _LABEL = 920, 8, 44, 46, 36, 96
_LETTER: Final = 7.3  # pixels of width, about


def matrix_svg(matrix: Matrix) -> str:
    """All of it, and the sentence's first part below."""
    parts = [
        element("text", matrix.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", matrix.hint, x=_MARGIN, y=37, class_="f"),
        *_heads(matrix),
    ]
    for index, row in enumerate(matrix.rows):
        y = _HEAD + _TOP + _ROW * index
        parts.append(element("line", x1=_MARGIN, x2=_MARGIN + _WIDTH, y1=y, y2=y, class_="g"))
        parts.append(element("text", row, x=_MARGIN, y=y + 21, class_="b"))
        parts += _cells(matrix, row, y)
    bottom = _HEAD + _TOP + _ROW * len(matrix.rows)
    at = matrix.columns.index(matrix.chosen)
    x, width = _x(matrix, at) - 4, _wide(matrix) - 2
    box = element(
        "rect", x=x, y=_HEAD + 1, width=width, height=bottom - _HEAD, fill="none", class_="c"
    )
    parts.append(box)
    return picture(_WIDTH + 2 * _MARGIN, bottom + 12, parts, 0)


def _wide(matrix: Matrix) -> float:
    return (_WIDTH - _LABEL) / len(matrix.columns)


def _x(matrix: Matrix, column: int) -> float:
    return _MARGIN + _LABEL + _wide(matrix) * column


def _heads(matrix: Matrix) -> Iterator[str]:
    most = int((_wide(matrix) - 6) / _LETTER)
    for index, column in enumerate(matrix.columns):
        lines = wrap(column, most, break_long_words=False, break_on_hyphens=False)
        for line, words in enumerate(lines):
            y = _HEAD + 14 + 14 * line
            yield element("text", words, x=_x(matrix, index) + 2, y=y, class_="b")


def _cells(matrix: Matrix, row: str, y: float) -> Iterator[str]:
    for index, column in enumerate(matrix.columns):
        cell = matrix.at(row, column)
        if cell is None:
            continue
        x = _x(matrix, index) + 2
        state = f"{SYMBOLS[cell.state]} {cell.state}".strip()
        if state:
            weight = "" if cell.state == "right" else "b"
            yield element("text", state, x=x, y=y + 15, class_=weight)
        yield element("text", cell.note, x=x, y=y + (29 if state else 21), class_="f")
