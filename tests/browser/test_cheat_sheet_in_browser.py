"""The cheat sheet in Chromium: one printed page, legible, and by itself."""

import re

import pytest

from tools.cheat_sheet import SHEET

from .axe import violations


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_stands_by_itself_and_is_accessible(chromium, scheme):
    """On a narrow screen, in both schemes: nothing is asked for, nothing is cut off."""
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 800, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(SHEET.as_uri())

    assert asked == [SHEET.as_uri()]
    assert violations(page, "main") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 800


def test_it_prints_on_one_page(chromium):
    page = chromium.new_page()
    page.goto(SHEET.as_uri())

    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
