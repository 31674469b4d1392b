"""The notebooks beside the lessons, as a learner meets them: each opened, run and looked at.

Those that are played elsewhere are left out, and no other: what is new is opened here.
"""

import shutil
from collections.abc import Iterator

import pytest

from tests.counts import long_but

from .course import LESSONS, assert_quiet
from .harness import Notebook
from .layout import assert_readable
from .pages import Pages

PLAYED = {"extra/kubernetes"}  # with the lessons
ASIDES = sorted(
    name
    for path in LESSONS.rglob("*.ipynb")
    if not path.name[0].isdigit()
    and (name := str(path.relative_to(LESSONS).with_suffix(""))) not in PLAYED
)


@pytest.fixture(scope="module")
def page(pages: Pages) -> Iterator[Notebook]:
    """A page in which all of them are opened, one after the other."""
    shutil.copytree(LESSONS, pages.lab.files / "lessons", dirs_exist_ok=True)
    with pages.page() as page:
        yield page.open(pages.lab.write("first.ipynb", []))


@pytest.mark.parametrize("name", long_but(ASIDES, "extra/getaddrinfo"))
def test_it_runs_and_can_be_read_and_heard(page: Notebook, name: str) -> None:
    """Without an error and without asking anybody else, at both widths, light and dark."""
    page.replace(f"lessons/{name}.ipynb")
    page.forget()
    page.run_each()
    page.settle()

    assert_quiet(page)
    assert_readable(page, name)
