"""The panel of a drill on a page: pressed by keyboard, filled live, ended by a restart."""

import pytest
from playwright.sync_api import Locator, expect

from .axe import sticking_out, violations
from .conftest import Open
from .harness import Notebook

ZONE = """\
from lab_engine import RecordSet, Zone, drill_panel
from lab_engine.authority.policies import Failover

def member(role, address, check):
    return RecordSet.of("www", "A", address, 60, policy=Failover(role),
                        set_identifier=role.lower(), health_check_id=check)

zone = Zone.of("shop.example", [
    member("PRIMARY", "192.0.2.1", "hc-1"), member("SECONDARY", "192.0.2.2", "")])
"""
CELLS = [ZONE, "panel = drill_panel(zone)\npanel", "twin = drill_panel(zone, virtual=True)\ntwin"]


@pytest.fixture(scope="module")
def drills(open_notebook: Open) -> Notebook:
    """A notebook with a live panel and a virtual one."""
    page = open_notebook(CELLS)
    page.run_all()
    page.page.locator(".lab-buttons").nth(1).wait_for()
    return page


def panel(page: Notebook, number: int) -> Locator:
    """The live panel, or the virtual one."""
    return page.page.locator(".jp-OutputArea-child:has(.lab-buttons)").nth(number)


def press(page: Notebook, number: int, name: str) -> None:
    """Press a button by keyboard."""
    button = panel(page, number).get_by_role("button", name=name, exact=True)
    button.focus()
    page.page.keyboard.press("Enter")


def status(page: Notebook, number: int) -> Locator:
    """The line below the buttons."""
    return panel(page, number).locator(".lab-status")


@pytest.mark.parametrize("number", [0, 1], ids=["live", "virtual"])
def test_a_primary_is_killed_and_the_strip_fills(drills: Notebook, number: int) -> None:
    """By keyboard alone; at the end the outage stands beside the law."""
    shown = panel(drills, number)
    press(drills, number, "Start")
    expect(status(drills, number)).to_have_text("The drill is running. Let a back end fail.")
    press(drills, number, "Kill")
    expect(status(drills, number)).to_have_text("Primary refuses connections.")
    marks = shown.locator(".lab-mark")
    some = marks.count()

    words = shown.locator(".lab-words").first
    expect(words).to_contain_text("The client is served again after")
    expect(shown.get_by_role("img").last).to_be_visible()
    assert marks.count() > some
    expect(shown.locator(".lab-words").last).to_contain_text("Outage by its parts: seen")
    press(drills, number, "Stop")
    expect(status(drills, number)).to_have_text("The drill is over. Start begins another.")
    assert drills.errors == []
    assert drills.foreign == []


def test_a_mark_keeps_the_focus_while_the_strip_fills(drills: Notebook) -> None:
    """Whoever reads it is not thrown out by the next half second."""
    press(drills, 1, "Start")
    drills.page.wait_for_timeout(1500)
    panel(drills, 1).locator('.lab-mark[tabindex="0"]').focus()
    focused = drills.page.locator(".lab-mark:focus")
    mark, name = (focused.get_attribute(each) for each in ("data-mark", "aria-label"))
    drills.page.wait_for_timeout(1500)

    assert focused.get_attribute("data-mark") == mark
    assert focused.get_attribute("aria-label") != name  # it has grown meanwhile
    press(drills, 1, "Stop")


def test_cells_run_meanwhile(drills: Notebook) -> None:
    """A drill holds up nobody."""
    press(drills, 1, "Start")

    assert drills.kernel_text("print(1 + 1)") == "2"
    assert drills.kernel_text("print(twin.going)") == "True"
    press(drills, 1, "Stop")


def test_axe_finds_nothing(drills: Notebook) -> None:
    """Names, contrast, roles; and nothing is wider than the page."""
    assert violations(drills.page, ".lab-live") == []
    assert sticking_out(drills.page) == []


def test_after_a_restart_it_is_quiet_and_says_so(drills: Notebook) -> None:
    """The last test of this notebook: its kernel is gone."""
    press(drills, 0, "Start")
    expect(status(drills, 0)).to_have_text("The drill is running. Let a back end fail.")
    drills.page.evaluate(
        "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    expect(status(drills, 0)).to_contain_text("The kernel was restarted")
    drills.page.wait_for_timeout(1500)

    assert drills.errors == []
