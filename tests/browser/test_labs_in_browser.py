"""The labs as a learner meets them: each copy opened in JupyterLab, run, and looked at.

All are opened in one page, one after the other.
"""

import shutil
from collections.abc import Iterator

import nbformat
import pytest

from lab_engine.labs.judging import MODULES
from tests.counts import long_but

from .course import LESSONS
from .harness import Notebook
from .layout import BREAKS, assert_readable
from .pages import Pages

LABS = LESSONS.parent / "labs"
NOT_YET = "NotYetError"


@pytest.fixture(scope="module")
def page(pages: Pages) -> Iterator[Notebook]:
    """A page in which all of them are opened, beside the lessons that they point to."""
    for folder in (LESSONS, LABS):
        shutil.copytree(folder, pages.lab.files / folder.name, dirs_exist_ok=True)
    with pages.page() as page:
        yield page.open(pages.lab.write("first.ipynb", []))


QUICK = [name for name in MODULES if name.startswith(("lab_03", "lab_08"))]


@pytest.mark.parametrize("name", long_but(MODULES, *QUICK))
def test_a_copy_says_in_one_line_what_is_missing_and_fails_nowhere_else(
    page: Notebook, name: str
) -> None:
    """Each check raises, once and kindly; text and outputs can be read at both widths."""
    errors = run(page, f"labs/{name}.ipynb")
    checks = [
        cell
        for cell in nbformat.read(LABS / f"{name}.ipynb", 4).cells
        if cell.id.startswith("check-")
    ]

    assert [each.split(": ")[0] for each in errors] == [NOT_YET] * len(checks)
    assert all("\n" not in each for each in errors)
    assert_readable(page, name)
    assert (page.errors, page.foreign) == ([], [])


def test_what_breaks_a_layout_is_found(page: Notebook) -> None:
    """Text that is cut, too wide, upon other text, broken within words, or scrolled sideways."""
    before = page.page.evaluate(BREAKS)
    page.page.locator(".jp-OutputArea-output").first.evaluate(
        """area => area.insertAdjacentHTML("beforeend", `<div style="position:relative">
            <p style="width:5000px;margin:0">wide</p>
            <p style="width:9px;overflow:hidden;white-space:nowrap">cut here</p>
            <p style="width:9px;overflow:auto;white-space:nowrap">scroll here</p>
            <div data-mime-type="application/vnd.jupyter.stderr" style="width:99px">
            <pre>an error whose words are broken by an unlucky width</pre></div>
            <b style="position:absolute;top:0;left:0">upon</b></div>`)"""
    )
    found = [each for each in page.page.evaluate(BREAKS) if each not in before]

    kinds = {each.split(":")[0] for each in found}
    assert kinds == {
        "wider than its area",
        "text cut",
        "scrolls sideways",
        "text over text",
        "word broken",
    }


def run(page: Notebook, path: str) -> list[str]:
    """Run every cell of a notebook in place of the one before it; what they ended in."""
    page.replace(path)
    page.forget()
    page.run_each()
    page.settle()
    return page.cell_errors()
