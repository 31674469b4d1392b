"""Fan and dots as a learner meets them, alone and under tiles: dragged, by keys, played."""

import pytest
from playwright.sync_api import Locator, expect

from .axe import sticking_out, violations
from .conftest import Open
from .harness import Notebook
from .kit import LOOKS, REDRAWN, left_behind, wear

pytestmark = pytest.mark.long  # as lesson 02, whose pictures these are

SET_UP = """
from lab_engine import Clients, Ghost, RecordSet, Resolvers, Scenario, Zone, canary, fan
from lab_engine.authority.policies import Weighted
def part(name, address, weight):
    how = Weighted(weight)
    return RecordSet.of("www", "A", address, 60, policy=how, set_identifier=name)
zone = Zone.of("shop.example", [part("stable", "192.0.2.1", 99), part("canary", "192.0.2.2", 1)])
crowd, caches = Clients(10_000, rate=0.1), Resolvers(100)
shop = Scenario(zone, "www", clients=crowd, resolvers=caches, duration=600)
"""
PANEL = """
panel = canary(shop, "weight", "ttl", "watch", server="192.0.2.2")
panel.mark(Ghost(0.9, "you said 0.9 to 1.1 %", to=1.1))
first = panel.picture.parts[2].sentence
panel
"""
FAN = 'alone = fan(panel.scenario.scenario, panel.outcome.others, "192.0.2.2")\nalone'


@pytest.fixture(scope="module")
def opened(open_notebook: Open) -> Notebook:
    """A canary's panel, and a fan by itself."""
    page = open_notebook([SET_UP, PANEL, FAN]).run_all()
    page.page.locator(".lab-handle").wait_for()
    page.page.locator(".lab-picture").nth(3).locator("svg").wait_for()
    return page


@pytest.fixture
def page(opened: Notebook) -> Notebook:
    """As it was first drawn: wide, light, at the end of the watch, with the line where it began."""
    opened.page.set_viewport_size({"width": 1280, "height": 1200})
    wear(opened, "Light")
    opened.page.get_by_role("button", name="Reset").click()
    words = opened.page.locator(".lab-part-dots .lab-words")
    expect(words).to_have_text(opened.kernel_text("print(first)"))
    expect(opened.page.locator(".lab-status")).to_have_text("")
    time(opened).press("End")
    while (line(opened).get_attribute("aria-valuenow") or "") != "0.5":
        value = float(line(opened).get_attribute("aria-valuenow") or 0)
        line(opened).press("ArrowLeft" if value > 0.5 else "ArrowRight")
    opened.page.mouse.move(0, 0)
    opened.forget()
    return opened


def line(page: Notebook) -> Locator:
    """The line among the dots."""
    return page.page.get_by_role("slider", name="Line: At the end")


def time(page: Notebook) -> Locator:
    """The playhead of the tiles."""
    return page.page.get_by_role("slider", name="Time")


def told(page: Notebook, part: int, what: str) -> str:
    """What the kernel says of a part of the picture."""
    return page.kernel_text(f"print(panel.picture.parts[{part}].{what})")


def test_all_three_appear_and_nobody_else_is_asked(page: Notebook) -> None:
    """Tiles, a band with its line, fifty dots; nothing on the console."""
    assert page.page.locator(".lab-tile").count() == 100
    assert page.page.locator(".lab-dots circle:not(.lab-grip)").count() == 50
    expect(page.page.locator(".lab-fan-band").first).to_be_visible()
    assert page.errors == []
    assert page.foreign == []
    assert page.cell_errors() == []


def test_the_page_says_what_the_kernel_says(page: Notebook) -> None:
    """The sentences, the end of this run, and the count of the line."""
    words = page.page.locator(".lab-together .lab-words").all_inner_texts()
    readout = page.page.locator(".lab-part-fan .lab-readout").inner_text()

    assert words == [told(page, part, "sentence") for part in range(3)]
    assert readout == told(page, 1, "moment(-1)")
    assert line(page).get_attribute("aria-valuetext") == told(page, 2, "count(0.5)")


def test_the_line_moves_by_keys(page: Notebook) -> None:
    """A step, ten steps, to either end; each says its count, and fills the dots below it."""
    for key, at in (("ArrowRight", 0.55), ("PageUp", 1.05), ("ArrowLeft", 1.0), ("End", 5)):
        line(page).press(key)

        assert line(page).get_attribute("aria-valuetext") == told(page, 2, f"count({at})")
    assert page.page.locator(".lab-dot-below").count() == int(told(page, 2, "below(5)"))
    line(page).press("Home")
    assert page.page.locator(".lab-dot-below").count() == 0


def test_the_line_is_dragged(page: Notebook) -> None:
    """To where the pointer is let go, and no further."""
    box = page.page.locator(".lab-dots").bounding_box()
    assert box is not None
    middle, high = box["x"] + box["width"] / 2, box["y"] + 100
    page.page.mouse.move(box["x"] + 20, high)
    page.page.mouse.down()
    page.page.mouse.move(middle, high, steps=3)
    page.page.mouse.up()
    page.page.mouse.move(box["x"] + 20, high)

    assert line(page).get_attribute("aria-valuenow") == "2.5"


def test_dots_go_when_they_are_drawn_anew(page: Notebook) -> None:
    """Though the line was moved by keys: it stays with the keys' events, and with it no dot."""
    assert left_behind(page, ".lab-handle") <= 2 * len(REDRAWN)  # the line, and what it was in


def test_the_fan_follows_the_playhead(page: Notebook) -> None:
    """Of the tiles: a minute in, it shows a minute; a fan alone stays whole."""
    time(page).press("Home")
    for _ in range(13):  # frames of five seconds each, since a hundred tiles are that fine
        time(page).press("ArrowRight")
    readout = page.page.locator(".lab-part-fan .lab-readout")

    expect(readout).to_have_text(told(page, 1, "moment(5)"))
    alone = page.page.locator(".lab-readout").last.inner_text()
    assert alone == page.kernel_text("print(alone.moment(-1))")


def test_play_moves_tiles_and_fan(page: Notebook) -> None:
    """By its button, from the beginning again."""
    readout = page.page.locator(".lab-part-fan .lab-readout")
    before = readout.inner_text()
    page.page.get_by_role("button", name="Play").click()
    expect(readout).not_to_have_text(before)
    page.page.get_by_role("button", name="Pause").click()

    assert page.errors == []


def scale(page: Notebook) -> list[str]:
    """The numbers at the fan's axes, whether or not its band goes beyond them."""
    ticks = page.page.locator(".lab-part-fan .lab-tick").all_text_contents()
    return [tick.removeprefix("≥") for tick in ticks]


def test_a_control_moves_all_three(page: Notebook) -> None:
    """Another TTL is another band, another fifty outcomes; the axis stays."""
    ticks = scale(page)
    words = page.page.locator(".lab-part-dots .lab-words")
    before = words.inner_text()
    page.page.get_by_role("slider", name="TTL").press("ArrowRight")
    expect(words).not_to_have_text(before)
    page.settle()

    assert words.inner_text() == told(page, 2, "sentence")
    assert scale(page) == ticks


def test_a_bad_weight_keeps_the_picture_and_says_why(page: Notebook) -> None:
    """The last good one stays."""
    words = page.page.locator(".lab-part-dots .lab-words")
    before = words.inner_text()
    box = page.page.get_by_role("spinbutton", name="Canary's weight")
    box.fill("300")
    box.press("Enter")
    page.page.locator(".lab-status").filter(has_text="goes from 1 to 255").wait_for()

    assert words.inner_text() == before
    assert page.errors == []


@LOOKS
def test_nothing_keeps_people_out(page: Notebook, theme: str, width: int) -> None:
    """axe finds nothing, and nothing sticks out of its cell."""
    wear(page, theme)
    page.page.set_viewport_size({"width": width, "height": 1200})
    page.rest()

    assert violations(page.page, ".lab-live") == []
    assert sticking_out(page.page) == []
