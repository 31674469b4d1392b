"""The page of a rehearsal, opened as a file: whole, readable, and with nothing from elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lab_engine.authority.policies import Failover
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.rehearsal.populations import Population
from lab_engine.rehearsal.rehearse import rehearse
from lab_engine.simulation.parts import Clients, Resolvers

from .axe import violations

FEW = Population("few", {"clients": Clients(500, 0.1), "resolvers": Resolvers(50, 0.0)})


def shop(primary: str, ttl: int) -> Zone:
    """A name with a failover, and one that is not simulated."""
    first = RecordSet.of(
        "www",
        "A",
        primary,
        ttl,
        policy=Failover("PRIMARY"),
        set_identifier="first",
        health_check_id="hc-1",
    )
    second = RecordSet.of(
        "www", "A", "192.0.2.2", ttl, policy=Failover("SECONDARY"), set_identifier="second"
    )
    return Zone.of("shop.example", [first, second, RRset.of("t", "TXT", primary, ttl)])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with every section."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    found = rehearse(shop("192.0.2.1", 300), shop("192.0.2.9", 60), population=FEW)
    path.write_text(found.html(), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=[(1280, "light"), (1280, "dark"), (800, "dark")])
def opened(
    chromium: Browser, written: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Page, list[str], list[str]]]:
    """The page at a width and in a scheme, with what it asked for and what it complained of."""
    width, scheme = request.param
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(written.as_uri())
    yield page, asked, errors
    page.close()


def test_it_asks_for_nothing_but_itself(opened: tuple[Page, list[str], list[str]]) -> None:
    """No script, style, font or picture from elsewhere, and no error."""
    page, asked, errors = opened

    assert page.locator("h2").count() == 8
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == 1
    assert errors == []
    assert page.locator("script").count() == 0


def test_its_figures_are_drawn_and_fit(opened: tuple[Page, list[str], list[str]]) -> None:
    """Who follows, who is astray, and the parts of an outage; nothing sticks out."""
    page, _, _ = opened

    drawn = "images => images.map(image => image.naturalWidth > 0)"
    assert page.locator("img").evaluate_all(drawn) == [True, True, True]
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(wide)


def test_it_breaks_no_rule_of_accessibility(opened: tuple[Page, list[str], list[str]]) -> None:
    """WCAG 2.2 AA and best practice, in light and dark."""
    page, _, _ = opened

    assert violations(page, "main") == []


def test_every_figure_has_its_words(opened: tuple[Page, list[str], list[str]]) -> None:
    """What cannot be seen is read: a sentence with the numbers below each."""
    page, _, _ = opened

    captions = page.locator("figcaption").all_inner_texts()
    assert len(captions) == 3
    assert all("few: 50% after" in text or "Outage by its parts" in text for text in captions)
