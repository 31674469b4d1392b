"""The launch links: each opens its lesson on mybinder.org, and README.md's the first one.

The repository's address stands in one place, `[project.urls]` of pyproject.toml. `python -m
tools.launch` writes the links of all lessons and of README.md from it, and what hub/ pulls;
`tools.lessons` those of the lessons that it runs.
"""

import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import nbformat

from tools import glossary

ROOT: Final = Path(__file__).parents[1]
LESSONS: Final = ROOT / "lessons"
START: Final = LESSONS / "00_start_here.ipynb"
README: Final = ROOT / "README.md"
HUBS: Final = (ROOT / "hub" / "README.md", ROOT / "hub" / "z2jh.yaml")
PLACEHOLDER: Final = "OWNER/REPO"
_GITHUB: Final = re.compile(r"https://github\.com/(?P<slug>[\w.-]+/[\w.-]+)")
# As it is written, and as a part of another address.
_WRITTEN: Final = re.compile(r"(?P<host>https://github\.com/)[\w.-]+/[\w.-]+")
_QUOTED: Final = re.compile(r"(?P<host>https%3A%2F%2Fgithub\.com%2F)[\w.-]+%2F[\w.-]+")
_LINK: Final = re.compile(r"\[Binder[^\]]*\]\(https://mybinder\.org/[^)]*\)")
_LINE: Final = re.compile(r"^(?P<line>\*\*Time:\*\*.*?)(?: \*\*Launch:\*\* \[.*)?$", re.MULTILINE)


def slug() -> str:
    """Owner and name of the repository, as pyproject.toml has them.

    Raises:
        ValueError: the address there is not one of a repository on GitHub.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = _GITHUB.fullmatch(project["urls"]["Repository"])
    if found is None:
        raise ValueError(f"{project['urls']['Repository']} is not https://github.com/{PLACEHOLDER}")
    return found["slug"]


def link(path: Path, repository: str) -> str:
    """The launch link of a lesson, in Markdown; one that still has no address says so.

    Binder opens the learner's copy, which its set-up has made.
    """
    name = path.relative_to(LESSONS).as_posix()
    said = f"Binder, once {PLACEHOLDER} is an address" if repository == PLACEHOLDER else "Binder"
    return f"[{said}](https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/my/{name})"


def launched(text: str, path: Path, repository: str) -> str:
    """A lesson's opening with its launch link at the end of the line that says its time."""
    return _LINE.sub(lambda at: f"{at['line']} **Launch:** {link(path, repository)}", text, count=1)


def pointed(text: str, repository: str) -> str:
    """A text whose addresses on GitHub are all the repository's, as those of hub/ are."""
    text = _WRITTEN.sub(lambda at: f"{at['host']}{repository}", text)
    return _QUOTED.sub(lambda at: f"{at['host']}{repository.replace('/', '%2F')}", text)


def headed(text: str, repository: str) -> str:
    """README.md with its launch link."""
    return _LINK.sub(lambda _: link(START, repository), text, count=1)


def lessons() -> list[Path]:
    """Those that have an opening: all but the pages that only lead to others."""
    return sorted(glossary.lessons())


def main() -> int:
    """Write every link and address."""
    for path in lessons():
        notebook = nbformat.read(path, as_version=4)
        opening = notebook.cells[0]
        before, opening.source = opening.source, launched(opening.source, path, slug())
        if opening.source != before:
            nbformat.write(notebook, path)
    _rewrite(README, headed)
    for path in HUBS:
        _rewrite(path, pointed)
    return 0


def _rewrite(path: Path, as_it_should_be: Callable[[str, str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = as_it_should_be(before, slug())
    if after != before:
        path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
