"""Writes the README's picture of each lesson: the still twin of one of its stored outputs.

`python -m tools.covers` after a lesson has changed, and it brings the README's words for them up to
date, too. Which cell it is stands in course.toml (`cover`); `tests/test_overview.py` holds both.
"""

import base64
import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Final, NamedTuple

import nbformat

from lab_engine.course.overview import stages

LESSONS: Final = Path(__file__).parents[1] / "lessons"
README: Final = LESSONS.parent / "README.md"
COVERS: Final = LESSONS / "pictures" / "covers"
TWIN: Final = re.compile(r'<img alt="(?P<alt>[^"]*)" src="(?P<source>[^"]*)"')
PACKED: Final = "data:image/svg+xml;base64,"


class Cover(NamedTuple):
    """A lesson's picture: its file, what it shows, and the sentence for who cannot see it."""

    path: Path
    svg: str
    alt: str


def covers() -> Iterator[Cover]:
    """Of each lesson that names a cell for it."""
    for stage in stages():
        if stage.cover:
            source, alt = _twin(LESSONS / f"{stage.notebook}.ipynb", stage.cover)
            yield Cover(COVERS / f"{stage.notebook[:2]}.svg", source, alt)


def _twin(path: Path, cell: str) -> tuple[str, str]:
    """The last picture in the outputs of a cell, and its words."""
    outputs = next(each for each in nbformat.read(path, 4).cells if each.id == cell).outputs
    html = "".join(each.get("data", {}).get("text/html", "") for each in outputs)
    *_, found = TWIN.finditer(html)
    source = found["source"]
    if source.startswith(PACKED):
        svg = base64.b64decode(source.removeprefix(PACKED)).decode()
    else:
        svg = (path.parent / unescape(source)).read_text(encoding="utf-8")
    return svg, unescape(found["alt"])


def told(readme: str) -> str:
    """The README with each picture's words as they are now."""
    for cover in covers():
        source = f'<img src="lessons/pictures/covers/{cover.path.name}" width="200" alt="'
        before, found, after = readme.partition(source)
        readme = before + found + escape(cover.alt) + after[after.find('"') :]
    return readme


def main() -> None:
    """Write them all."""
    for cover in covers():
        cover.path.write_text(cover.svg, encoding="utf-8")
    README.write_text(told(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
