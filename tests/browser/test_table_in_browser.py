"""A table of predictions on a page without JupyterLab: committed row by row, and kept there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lab_engine.course import Lesson
from lab_engine.course.card import Card, TableCard

KEYS = ("geo", "canary", "sticky")
PAGE = """<!doctype html><title>cards</title><div id="card"></div><script type="module">
const file = new Blob([SOURCE], { type: "text/javascript" });
const { default: card } = await import(URL.createObjectURL(file));
const traits = { _kind: "table", spec: SPEC, state: STATE, committed: {} };
const put = (name, value) => { traits[name] = value; window.sent = value; };
const model = { get: (name) => traits[name], set: put, save_changes() {}, on() {}, off() {} };
card.initialize({ model });
card.render({ model, el: document.getElementById("card") });
window.ready = true;
</script>"""


@pytest.fixture
def table(tmp_path: Path) -> TableCard:
    """Three rows of lesson 07's, with nothing said yet."""
    lesson = Lesson("07_balancers", folder=tmp_path, say=lambda _: None)
    return lesson.table(*KEYS, title="Who can …")


@pytest.fixture
def page(chromium: Browser, table: TableCard) -> Iterator[Page]:
    """The table on a page with a memory of its own."""
    parts = {"SOURCE": str(Card._esm), "SPEC": table.spec, "STATE": table.state}
    body = PAGE
    for name, value in parts.items():
        body = body.replace(name, json.dumps(value).replace("</", "<\\/"), 1)
    with chromium.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda asked: asked.fulfill(body=body, content_type="text/html"))
        page.goto("http://lab.invalid/")
        page.wait_for_function("window.ready")
        yield page


def said(page: Page) -> dict[str, str]:
    """What the kernel was told, by row."""
    sent = page.evaluate("window.sent ?? {}")
    return {key: each["value"] for key, each in sent.items()}


def choose(page: Page, key: str, table: TableCard, option: str) -> None:
    """Choose in a row, as the arrow keys do: that does not commit yet."""
    asks = {row["key"]: row["ask"] for row in table.spec["rows"]}
    page.get_by_role("combobox", name=asks[key]).select_option(option)


def test_rows_are_committed_by_enter_by_a_click_and_by_going_on(page, table):
    """Shift+Enter commits every row in which something is chosen."""
    choose(page, "geo", table, "DNS")
    assert said(page) == {}
    page.get_by_role("combobox").nth(0).press("Enter")
    choose(page, "canary", table, "balancer")
    page.get_by_role("button", name="Commit: give a canary 5 %").click()
    choose(page, "sticky", table, "either way")
    page.get_by_role("combobox").nth(2).press("Shift+Enter")

    assert said(page) == {"geo": "DNS", "canary": "balancer", "sticky": "either way"}
    expect(page.locator("select:disabled")).to_have_count(3)


def test_a_page_that_is_loaded_anew_tells_the_kernel_what_was_said(page, table):
    """A kernel that was lost knows nothing of it; the browser does."""
    choose(page, "canary", table, "balancer")
    page.get_by_role("combobox").nth(1).press("Enter")
    page.reload()
    page.wait_for_function("window.ready")

    assert said(page) == {"canary": "balancer"}


def test_nothing_can_be_committed_before_it_is_chosen(page):
    expect(page.get_by_role("button", name="Commit", disabled=True)).to_have_count(len(KEYS))
    page.get_by_role("combobox").nth(0).press("Enter")

    assert said(page) == {}
