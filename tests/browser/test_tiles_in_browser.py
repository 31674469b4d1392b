"""Cache tiles as a learner meets them: seen, pointed at, moved, refused, in light and dark."""

import re

import pytest
from playwright.sync_api import expect

from lab_engine.views.theme import sign

from .axe import sticking_out, violations
from .harness import Notebook
from .kit import LOOKS, REDRAWN, activate, active, left_behind, picture, scrolled, wear


def tiles(kit: Notebook):
    """The tiles, largest first."""
    return picture(kit, 0).locator(".lab-tile")


def moment(kit: Notebook, frame: str) -> str:
    """What the kernel says of a frame."""
    return kit.kernel_text(f"print(panel.picture.moment({frame}))")


def shown(kit: Notebook) -> str:
    """What the page says of the frame it shows."""
    return picture(kit, 0).locator(".lab-readout").inner_text()


def test_tiles_appear_and_nobody_else_is_asked(kit: Notebook) -> None:
    """Twenty of them, the first with its numbers; nothing on the console."""
    expect(tiles(kit)).to_have_count(20)

    assert "28 % of the clients" in tiles(kit).first.text_content()
    assert kit.errors == []
    assert kit.foreign == []
    assert kit.cell_errors() == []


@pytest.mark.parametrize("steps", [0, 40])
def test_the_page_shows_what_the_kernel_says_of_a_frame(kit: Notebook, steps: int) -> None:
    """In words and on the bars, at whichever frame the playhead stands."""
    forward = picture(kit, 0).get_by_role("button", name="Step forward")
    for _ in range(steps):
        forward.click()
    told = moment(kit, str(steps))
    bars = picture(kit, 0).locator(".lab-loads text.lab-strong").all_text_contents()[1:]

    assert shown(kit) == told
    assert bars == re.findall(r"\d+ %", told)


@pytest.mark.parametrize("steps", [0, 40])
def test_each_tile_wears_what_it_holds(kit: Notebook, steps: int) -> None:
    """Letter, pattern and ink, whether it was drawn anew or only changed its server."""
    forward = picture(kit, 0).get_by_role("button", name="Step forward")
    for _ in range(steps):
        forward.click()
    # Names follow where the playhead rests.
    kit.steady("Array.from(document.querySelectorAll('.lab-tile'), tile => tile.ariaLabel).join()")
    worn = picture(kit, 0).evaluate(
        """picture => [...picture.querySelectorAll('.lab-tile')].map(tile => {
            const all = (what, told) => [...tile.querySelectorAll(what)].map(told);
            return {
                name: tile.getAttribute('aria-label'),
                letters: all('.lab-letter', each => each.textContent),
                fills: all('rect[fill]', each => each.getAttribute('fill')),
                inks: [...new Set(all('text[fill]', each => each.getAttribute('fill')))],
            };
        })"""
    )
    inks = {sign(index).letter: sign(index).ink for index in range(3)}

    for tile in worn:
        held = re.findall(r"([A-C]) \(", tile["name"])
        assert tile["letters"] == held
        assert [int(fill.split("-")[-1].rstrip(")")) for fill in tile["fills"]] == [
            "ABC".index(letter) for letter in held
        ]
        assert tile["inks"] == [inks[letter] for letter in held]
    assert {letter for tile in worn for letter in tile["letters"]} == set("ABC")


def test_the_ttl_moves_the_tiles(kit: Notebook) -> None:
    """One key press, another hour: sentence and moment are those of the kernel."""
    before = picture(kit, 0).locator(".lab-words").inner_text()
    kit.page.get_by_role("slider", name="TTL").press("ArrowLeft")
    expect(picture(kit, 0).locator(".lab-words")).not_to_have_text(before)

    assert picture(kit, 0).locator(".lab-words").inner_text() == kit.kernel_text(
        "print(panel.summary)"
    )
    assert shown(kit) == moment(kit, "0")


def test_a_bad_ttl_keeps_the_tiles_and_says_why(kit: Notebook) -> None:
    """The last good picture stays."""
    before = shown(kit)
    box = kit.page.get_by_role("spinbutton", name="TTL")
    box.fill("9999")
    box.press("Enter")
    kit.page.locator(".lab-status").filter(has_text="TTL goes from 0 to 3,600 s").wait_for()

    assert shown(kit) == before
    assert kit.errors == []


def test_a_tile_is_read_by_pointer_and_by_keyboard(kit: Notebook) -> None:
    """Who it is, how large, what it holds, how long still; arrows go from tile to tile."""
    readout = picture(kit, 0).locator(".lab-readout")
    tiles(kit).nth(2).hover()
    expect(readout).to_contain_text("resolver 3, 9.3 % of the clients: leads to")
    kit.page.mouse.move(0, 0)
    expect(readout).to_contain_text("At 0:00:")

    tiles(kit).first.focus()
    kit.page.keyboard.press("ArrowRight")

    expect(tiles(kit).nth(1)).to_be_focused()
    expect(readout).to_contain_text("resolver 2, 14 % of the clients: leads to")
    expect(tiles(kit).nth(1)).to_have_attribute("aria-label", readout.inner_text())


def test_tiles_that_were_read_by_keyboard_go_when_they_are_drawn_anew(kit: Notebook) -> None:
    """All but the tile in which a key was pressed: that one stays with the key's event."""
    assert left_behind(kit, ".lab-tile") <= len(REDRAWN)


def test_shift_enter_goes_on_and_leaves_the_panel_as_it_is(kit: Notebook) -> None:
    """From a slider it runs the next cell; the panel's own is not run again, nor reset."""
    kit.kernel_text("ran = ''")
    ttl = kit.page.get_by_role("slider", name="TTL")
    ttl.press("ArrowLeft")
    ttl.press("Shift+Enter")
    kit.settle()

    assert kit.kernel_text("print(ran)") == "the cell below"
    assert active(kit) == 3
    assert kit.page.get_by_role("spinbutton", name="TTL").input_value() == "120"


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (1440, 780)])
def test_controls_and_picture_are_in_view_after_shift_enter(
    kit: Notebook, width: int, height: int
) -> None:
    """All of the panel that was just run, though JupyterLab scrolls on to the next cell."""
    kit.page.set_viewport_size({"width": width, "height": height})
    activate(kit, 1)
    kit.page.keyboard.press("Shift+Enter")
    scrolled(kit)
    room = kit.page.locator(".jp-WindowedPanel-outer").bounding_box()
    form = kit.page.locator(".lab-form").bounding_box()
    words = picture(kit, 0).locator(".lab-words").bounding_box()

    assert form["y"] >= room["y"] - 1
    assert words["y"] + words["height"] <= room["y"] + room["height"] + 1
    assert active(kit) == 2


def test_the_still_twin_folds_away(kit: Notebook) -> None:
    """It stands in the output, and takes no room while a kernel runs."""
    twins = kit.page.locator(".lab-twin")

    assert twins.count() == 3
    assert [twin.bounding_box() for twin in twins.all()] == [None] * 3


@LOOKS
def test_nothing_keeps_people_out(kit: Notebook, theme: str, width: int) -> None:
    """axe finds nothing in form and pictures, and nothing sticks out of its cell."""
    wear(kit, theme)
    kit.page.set_viewport_size({"width": width, "height": 900})
    kit.rest()

    assert violations(kit.page, ".lab-live") == []
    assert sticking_out(kit.page) == []
