"""Pages of JupyterLab that stay open for whoever comes next: to load one takes seconds of CPU."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser

from .harness import Lab, Notebook
from .kit import wear


class Pages:
    """Pages of one server in one browser. Whoever counts what a page loads takes a fresh one."""

    def __init__(self, chromium: Browser, lab: Lab) -> None:
        self.chromium = chromium
        self.lab = lab
        self._idle: list[Notebook] = []

    def close(self) -> None:
        """Close those that nobody has."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def page(
        self, *, theme: str = "light", width: int = 1280, height: int = 900, fresh: bool = False
    ) -> Iterator[Notebook]:
        """A page to open a notebook in, as wide and as dark as is asked for."""
        known = bool(self._idle) and not fresh
        page = self._idle.pop() if known else self._new(theme)
        page.page.set_viewport_size({"width": width, "height": height})
        if known:
            _tidied(page, theme)
        yield page
        if page.page.is_closed():
            return
        if page.errors or page.page.locator(".jp-Dialog").count():
            page.close()
        else:
            page.shut_down()
            self._idle.append(page)

    def _new(self, theme: str) -> Notebook:
        self.lab.theme(theme)
        return Notebook(self.chromium, self.lab)


def _tidied(page: Notebook, theme: str) -> None:
    """As a new page is, but for what JupyterLab has loaded."""
    page.page.bring_to_front()
    page.page.emulate_media(reduced_motion="no-preference")
    page.page.mouse.move(0, 0)
    wear(page, theme.capitalize())
    page.forget()
