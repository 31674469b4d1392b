"""What axe-core finds wrong with our widgets, and what a screen reader would find no name for."""

from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CONTROLS: Final = {
    *("button", "checkbox", "combobox", "DisclosureTriangle", "image", "img", "link", "listbox"),
    *("menuitem", "option", "radio", "slider", "spinbutton", "switch", "tab", "textbox"),
}


def violations(page: Page, selector: str) -> list[str]:
    """`rule: HTML` of each part of what the selector finds that breaks a rule of WCAG 2.2 AA."""
    # JupyterLab's body has no height, and axe then takes all in it for hidden from sight.
    page.evaluate("document.body.style.height = '100vh'")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    # A rule about whole pages.
    options["rules"] = {"region": {"enabled": False}}
    found = Axe().run(page, context=selector, options=options).response["violations"]
    page.evaluate("document.body.style.height = ''")
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def sticking_out(page: Page) -> list[str]:
    """What is wider than the picture or the form that it stands in, as HTML."""
    script = """() => [...document.querySelectorAll('.lab-live')].flatMap(live => {
        const right = live.getBoundingClientRect().right + 1;
        return [...live.querySelectorAll('svg, input, button, select, text')]
            .filter(node => node.getBoundingClientRect().right > right)
            .map(node => node.outerHTML.slice(0, 120));
    })"""
    return list(page.evaluate(script))


def unnamed(page: Page, selector: str) -> list[str]:
    """The role of each control or picture without a name in Chromium's accessibility tree.

    Only of those below what the selector finds.
    """
    session = page.context.new_cdp_session(page)
    document = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    at = {"nodeId": document, "selector": selector}
    found = []
    for node in session.send("DOM.querySelectorAll", at)["nodeIds"]:
        below = session.send("Accessibility.queryAXTree", {"nodeId": node})["nodes"]
        found += [
            each["role"]["value"]
            for each in below
            if not each["ignored"]
            and each["role"]["value"] in CONTROLS
            and not each.get("name", {}).get("value", "").strip()
        ]
    session.detach()
    return found
