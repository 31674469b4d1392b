"""The static site: every page is there, leads where it says, and fetches nothing."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from lab_engine.course.overview import stages
from tools.launch import LESSONS
from tools.site import LABS, build

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """What a page leads to, what it fetches, and where it may be entered."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links, self.fetched, self.anchors, self.folds = [], [], set(), 0
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        """Collect."""
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.folds += given.get("class") == "course-result"
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("img", "script", "link", "iframe") and (given.get("src") or given.get("href")):
            self.fetched.append(given.get("src") or given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages by their path, each read."""
    out = tmp_path_factory.mktemp("site")
    return {path.relative_to(out).as_posix(): (path, Page(path)) for path in build(out)}


def test_every_lesson_has_a_page(site):
    """As in the course's own list, with the pages that lead to them."""
    wanted = {f"{stage.notebook}.html" for stage in stages()}
    wanted |= {f"labs/{path.stem}.html" for path in LABS.glob("lab_*.ipynb")}

    assert wanted | {"index.html", "glossary.html", "symptoms.html", "cheat_sheet.html"} == set(
        site
    )


def test_no_link_is_broken(site):
    """Neither to a page nor to a heading of one."""
    read = {path.resolve(): page for path, page in site.values()}
    broken = []
    for path, page in site.values():
        for link in page.links:
            target, _, anchor = unquote(link).partition("#")
            if re.match(r"\w+:", target):
                continue
            there = read.get((path.parent / target).resolve() if target else path.resolve())
            if there is None or (anchor and anchor not in there.anchors):
                broken.append(f"{path.name}: {link}")

    assert not broken


def test_nothing_is_fetched_from_elsewhere(site):
    """Pages are read without a network; pictures are the site's own."""
    for path, page in site.values():
        assert all(
            each.startswith("data:") or (path.parent / each).exists() for each in page.fetched
        ), path.name


def test_results_stay_folded_until_they_are_asked_for(site):
    """As many as JupyterLab hides."""
    for stage in stages():
        notebook = nbformat.read(LESSONS / f"{stage.notebook}.ipynb", as_version=4)
        hidden = [
            cell
            for cell in notebook.cells
            if cell.metadata.get("jupyter", {}).get("outputs_hidden") and cell.outputs
        ]
        assert site[f"{stage.notebook}.html"][1].folds == len(hidden), stage.notebook


def test_no_markdown_is_left_as_it_is_written(site):
    """Links within a fold's heading are none; what is shown is the text."""
    for path, _ in site.values():
        summaries = re.findall(r"<summary>.*?</summary>", path.read_text(), re.DOTALL)

        assert not [each for each in summaries if "](" in each], path.name
