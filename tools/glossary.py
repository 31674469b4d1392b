"""Writes the glossary's page, and links the first use of each of its words in each lesson.

`python -m tools.glossary` after a word or a lesson has changed; `tests/test_glossary.py` holds all
three equal. A link's title is what the word means: browsers show it on hover, and the front end of
the pictures on focus, too (`views/page/glossary.css`).
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat

LESSONS: Final = Path(__file__).parents[1] / "lessons"
PAGE: Final = "glossary.ipynb"
PAGES: Final = (PAGE, "symptoms.ipynb")  # those that only lead to others
KERNEL: Final = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
HEAD: Final = """\
# Glossary

The words of this course, one line each. DNS's own are those of \
[RFC 9499](https://www.rfc-editor.org/rfc/rfc9499), those for routing are Route 53's. In a lesson, \
point at a dotted word, or reach it with Tab, to read its line.

[Start here](00_start_here.ipynb)"""
# What is no prose: code, links, pictures, tags, headings, rows of tables, what a reference says,
# and the heading of a fold, in which Markdown is shown as it is written.
_APART: Final = re.compile(
    r"<summary>[\s\S]*?</summary>|```[\s\S]*?```|`[^`]*`|!?\[[^\]]*\]\([^)]*\)|<[^>]*>|^#.*$|^\|.*$|https?://\S+",
    re.MULTILINE,
)
_LINK: Final = re.compile(r"\[([^\]]+)\]\((?:\.\./)*glossary\.ipynb#[^)\s]* \"[^\"]*\"\)")


@dataclass(frozen=True)
class Term:
    """A word of the glossary.

    Attributes:
        name: as its heading has it.
        says: what it means, one line.
        source: where it comes from.
        also: other spellings.
    """

    name: str
    says: str
    source: str
    also: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Of its heading, as JupyterLab makes it."""
        return self.name.replace(" ", "-")

    def link(self, spelled: str, to_lessons: str) -> str:
        """A link to it, in the words of a lesson."""
        return f'[{spelled}]({to_lessons}{PAGE}#{self.anchor} "{self.says}")'


def terms() -> list[Term]:
    """All words, in the order of the alphabet."""
    with (LESSONS / "glossary.toml").open("rb") as file:
        found = tomllib.load(file)
    every = [
        Term(name, each["says"], each["from"], tuple(each.get("also", ())))
        for name, each in found.items()
    ]
    return sorted(every, key=lambda term: term.name.lower())


def page(words: Sequence[Term]) -> Any:
    """The page, as a notebook without code."""
    body = [f"### {term.name}\n\n{_told(term)}" for term in words]
    cells = [
        nbformat.v4.new_markdown_cell(HEAD, id="head", metadata=_slide("slide")),
        nbformat.v4.new_markdown_cell("\n\n".join(body), id="words", metadata=_slide("subslide")),
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def _slide(kind: str) -> dict[str, Any]:
    """What `tools.slides` would mark; that module needs this one."""
    return {"slideshow": {"slide_type": kind}}


def _told(term: Term) -> str:
    also = f" Also: {', '.join(term.also)}." if term.also else ""
    return f"{term.says}{also} *({term.source})*"


def plain(markdown: str) -> str:
    """The same text without links to the glossary."""
    return _LINK.sub(r"\1", markdown)


def linked(texts: Sequence[str], words: Sequence[Term], to_lessons: str = "") -> list[str]:
    """The texts of a lesson, with the first use of each word linked, and no other.

    Args:
        texts: its Markdown, cell by cell.
        words: those to link.
        to_lessons: the way from the lesson's folder to `lessons/`, such as `../`.
    """
    found = [plain(text) for text in texts]
    for term in words:
        for index, text in enumerate(found):
            if place := _first(term, text):
                start, end = place
                link = term.link(text[start:end], to_lessons)
                found[index] = text[:start] + link + text[end:]
                break
    return found


def _first(term: Term, text: str) -> tuple[int, int] | None:
    """Where a word first stands in prose, in any of its spellings."""
    spelled = sorted((term.name, *term.also), key=len, reverse=True)
    either = "|".join(re.escape(each) for each in spelled)
    word = re.compile(rf"(?<![\w.-])(?:{either})(?![\w-])", _case(term))
    apart = [match.span() for match in _APART.finditer(text)]
    for match in word.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in apart):
            return match.span()
    return None


def _case(term: Term) -> re.RegexFlag:
    """Words may begin a sentence; names and abbreviations are written one way."""
    return re.IGNORECASE if term.name.islower() else re.RegexFlag(0)


def lessons() -> Iterator[Path]:
    """Every notebook that teaches."""
    for path in sorted(LESSONS.rglob("*.ipynb")):
        if path.name not in PAGES and ".ipynb_checkpoints" not in path.parts:
            yield path


def to_lessons(path: Path) -> str:
    """The way from a lesson's folder to `lessons/`."""
    return "../" * (len(path.relative_to(LESSONS).parts) - 1)


def main() -> None:
    """Write the page, and the links of every lesson."""
    words = terms()
    nbformat.write(page(words), LESSONS / PAGE)
    for path in lessons():
        notebook = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        told = linked([cell.source for cell in cells], words, to_lessons(path))
        for cell, text in zip(cells, told, strict=True):
            cell.source = text
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
