"""One JupyterLab and one Chromium for all browser tests of a worker; a page for each that asks."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Error as PlaywrightError

from . import harness
from . import kit as pictures
from .pages import Pages

HERE = Path(__file__).parent
FAILURES = HERE.parents[1] / "build/failures"
STATE = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel;
    return kernel && [kernel.status, kernel.connectionStatus, kernel.handleComms];
}"""
Open = Callable[..., harness.Notebook]

# What is waited for comes, and nobody knows how busy the machine is.
expect.set_options(timeout=harness.PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and let it wait in peace."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            if not item.get_closest_marker("timeout"):  # a file may need longer, and says so
                item.add_marker(pytest.mark.timeout(5 * harness.PATIENCE_MS / 1000))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """What the pages of a test showed when it failed: their words told, a picture kept."""
    report = yield
    if report.failed:
        report.sections += [(f"page {name}", seen(page, item)) for name, page in shown(item)]
    return report


def shown(item: pytest.Item) -> Iterator[tuple[str, harness.Notebook]]:
    """The open pages among the fixtures of a test, by name."""
    for name, value in getattr(item, "funcargs", {}).items():
        if isinstance(value, harness.Notebook) and not value.page.is_closed():
            yield name, value


def seen(page: harness.Notebook, item: pytest.Item) -> str:
    """The words and errors of a page, or why they cannot be had."""
    FAILURES.mkdir(parents=True, exist_ok=True)
    path = FAILURES / f"{item.name[:80].replace('/', '-')}.png"
    try:
        page.page.screenshot(path=path, timeout=10_000)
        words = page.page.inner_text("body", timeout=10_000)
        return f"{path}\n{words}\n{page.errors}\n{page.page.evaluate(STATE)}"
    except PlaywrightError as error:
        return str(error)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; without one the test is skipped, or fails if LAB_REQUIRE_PEERS=1.

    For this folder only: as long as Playwright runs, its event loop runs in the main thread, and no
    test could call asyncio.run.
    """
    try:
        started = harness.browser()
        browser = started.__enter__()
    except harness.NoBrowserError as missing:
        if os.environ.get("LAB_REQUIRE_PEERS") == "1":
            raise
        pytest.skip(str(missing))
    yield browser
    started.__exit__(None, None, None)


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Lab]:
    """A JupyterLab of its own, with what its kernels import beside its notebooks."""
    with harness.Lab(tmp_path_factory.mktemp("lab")) as lab:
        for name in ("toy.py", "caches.py"):
            shutil.copy(HERE / name, lab.files)
        yield lab


@pytest.fixture(scope="package")
def pages(chromium: Browser, lab: harness.Lab) -> Iterator[Pages]:
    """Pages of that JupyterLab: `with pages.page(theme="dark") as page`."""
    pages = Pages(chromium, lab)
    yield pages
    pages.close()


def _opener(pages: Pages) -> Iterator[Open]:
    """Open a notebook of the given cells: `notebook(["panel"], width=800, theme="dark")`."""
    with contextlib.ExitStack() as opened:

        def open_cells(cells: Sequence[str], **page: Any) -> harness.Notebook:
            # A name of its own: JupyterLab keeps the kernel of a path it has seen.
            name = pages.lab.write(f"cells-{uuid.uuid4().hex}.ipynb", cells)
            return opened.enter_context(pages.page(**page)).open(name)

        yield open_cells


@pytest.fixture(scope="package")
def kit_page(pages: Pages) -> Iterator[harness.Notebook]:
    """A notebook with one of each picture of the kit, run once for all that look at it."""
    with pages.page() as page:
        page.open(pages.lab.write("kit.ipynb", pictures.CELLS)).run_all()
        page.page.locator(".lab-log").wait_for()
        yield page


@pytest.fixture
def kit(kit_page: harness.Notebook) -> harness.Notebook:
    """That notebook as it was first drawn."""
    return pictures.afresh(kit_page)


notebook = pytest.fixture(_opener, name="notebook")
open_notebook = pytest.fixture(_opener, scope="module", name="open_notebook")
