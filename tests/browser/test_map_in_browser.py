"""The map and its panel: who is looked at, what moves, what is said, and what it costs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .axe import violations
from .harness import Notebook
from .kit import LOOKS, wear
from .pages import Pages

pytestmark = pytest.mark.long  # as lesson 03, whose picture this is

PANEL = """\
controls = ("sees", "resolver", "default", "ttl", "database")
panel = world_map(by_continent(), *controls, chosen="Paris")
panel"""
CELLS = (
    "from world import by_continent\nfrom lab_engine import Lesson, world_map",
    PANEL,
    'lesson = Lesson("03_places")\nlesson.goal("dark", panel)',
    'lesson.goal("far", panel)',
    'world_map(by_continent("own", "ecs"), title="Another")',
)
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def map_page(pages: Pages) -> Iterator[Notebook]:
    """One notebook with the panel, its goals, and a second map."""
    shutil.copy(HERE / "world.py", pages.lab.files)
    with pages.page() as page:
        page.open(pages.lab.write("map.ipynb", CELLS)).run_all()
        page.page.locator(".lab-world").nth(1).wait_for()
        page.settle()
        yield page


@pytest.fixture
def world(map_page: Notebook) -> Notebook:
    """The panel as it was first drawn, light and wide."""
    map_page.page.set_viewport_size({"width": 1280, "height": 900})
    map_page.page.emulate_media(reduced_motion="no-preference")
    wear(map_page, "Light")
    map_page.kernel_text("panel.reset()")
    map_page.settle(0.2)
    picture(map_page).get_by_label("Look at").select_option("Paris")
    picture(map_page).get_by_role("slider", name="Time").press("End")
    return map_page


def picture(page: Notebook, number: int = 0) -> Locator:
    """The panel's map, or the other."""
    return page.page.locator(".lab-picture:has(.lab-world)").nth(number)


def see(page: Notebook, option: str) -> None:
    """Choose what the authority sees."""
    page.page.get_by_label("The authority sees").select_option(option)


def test_a_user_is_chosen_from_the_list(world):
    """Its words, its tree, and its lines, dots and ribbons are what stands out."""
    picture(world).get_by_label("Look at").select_option("Cape Town")

    expect(picture(world).locator(".lab-about .lab-readout")).to_contain_text(
        "Cape Town, by way of"
    )
    expect(picture(world).locator(".lab-about .lab-packet")).to_contain_text("NA (NA)")
    chosen = picture(world).locator('.lab-chosen:not([data-user="3"])')
    assert chosen.count() == 0
    assert picture(world).locator('.lab-stream.lab-chosen[data-user="3"]').count() == 2


def test_a_user_is_chosen_by_a_click(world):
    picture(world).get_by_role("radio", name="Tokyo").locator("circle").last.click()

    expect(picture(world).get_by_label("Look at")).to_have_value("Tokyo")
    expect(picture(world).get_by_role("radio", name="Tokyo")).to_have_attribute(
        "aria-checked", "true"
    )


def test_users_are_visited_by_keyboard(world):
    """One stop for Tab, at the user looked at; arrows look at the next."""
    assert picture(world).locator('.lab-user[tabindex="0"]').count() == 1
    picture(world).locator('.lab-user[tabindex="0"]').focus()
    world.page.keyboard.press("ArrowRight")

    expect(picture(world).get_by_label("Look at")).to_have_value("London")
    assert picture(world).locator('.lab-user[tabindex="0"]').count() == 1


def test_client_subnets_lead_paris_to_dublin_and_keep_who_is_looked_at(world):
    expect(picture(world).locator(".lab-about .lab-readout")).to_contain_text("to B in Virginia")
    see(world, "client subnet /24 (ECS)")

    expect(picture(world).locator(".lab-about .lab-readout")).to_contain_text("to A in Dublin")
    expect(picture(world).get_by_label("Look at")).to_have_value("Paris")
    expect(picture(world).locator(".lab-words")).to_contain_text("half of what is served within 63")


def test_play_fills_the_drawer_and_lights_lines(world):
    """At first one entry; after some minutes more, and the lines of whom they serve are lit."""
    see(world, "client subnet /24 (ECS)")
    expect(picture(world).locator(".lab-about .lab-readout")).to_contain_text("Dublin")
    time = picture(world).get_by_role("slider", name="Time")
    rows = picture(world).locator(".lab-entry:not(.lab-key):visible")
    time.press("Home")
    expect(rows).to_have_count(1)
    first = picture(world).locator(".lab-goes.lab-lit").count()
    for _ in range(4):
        time.press("ArrowRight")

    assert rows.count() > 1
    assert picture(world).locator(".lab-goes.lab-lit").count() > first
    world.settle(0.2)
    world.forget()
    at = picture(world).locator(".lab-clock").inner_text()
    picture(world).get_by_role("button", name="Play").click()
    expect(picture(world).locator(".lab-clock")).not_to_have_text(at)
    picture(world).get_by_role("button", name="Pause").click()
    assert world.received == 0


def test_a_file_that_is_no_database_is_said_and_the_picture_stays(world):
    """Under the controls, with the box marked; an empty line is as before."""
    before = picture(world).locator(".lab-words").inner_text()
    box = world.page.get_by_label("Geo database")
    box.fill("nothing.mmdb")
    box.press("Enter")
    status = world.page.locator(".lab-form:has(select) .lab-status").first

    expect(status).to_contain_text("nothing.mmdb: cannot be read: there is no such file")
    expect(status).to_contain_text("The picture still shows the last values that worked.")
    assert box.get_attribute("aria-invalid") == "true"
    assert picture(world).locator(".lab-words").inner_text() == before
    box.fill("")
    box.press("Enter")
    expect(status).to_have_text("")


def test_both_goals_tick_when_they_are_reached(world):
    """Paris goes dark without a default, once subnets are told; far with one in Asia."""
    goals = world.page.locator(".lab-card:has-text('Goal')")
    see(world, "client subnet /24 (ECS)")
    world.page.get_by_label("Default record").select_option("as for AS")
    expect(goals.nth(1)).to_contain_text("Reached")
    world.page.get_by_role("spinbutton", name="TTL").fill("60")
    world.page.get_by_role("spinbutton", name="TTL").press("Enter")
    world.page.get_by_label("Default record").select_option("none")

    expect(goals.nth(0)).to_contain_text("Reached")


@LOOKS
def test_nothing_is_cut_and_axe_finds_nothing(world, width, theme):
    """All text of the map lies within it, at both widths, light and dark."""
    wear(world, theme)
    world.page.set_viewport_size({"width": width, "height": 900})
    world.settle(0.2)
    outside = picture(world).evaluate(
        """picture => [...picture.querySelectorAll('svg text')].filter(text => {
            const [own, frame] = [text, text.closest('svg')].map(n => n.getBoundingClientRect());
            return own.width && (own.left < frame.left - 1 || own.right > frame.right + 1
                || own.bottom > frame.bottom + 1);
        }).map(text => text.textContent)"""
    )

    assert outside == []
    assert violations(world.page, ".lab-live") == []


def test_the_page_asked_nobody_else_and_complained_of_nothing(world):
    assert world.foreign == []
    assert world.errors == []


def test_a_further_map_brings_no_outlines_along(world):
    """They are of the front end, which the page has already: a whole panel is below 60 KB."""
    world.forget()
    world.page.evaluate("""() => {
        const { content } = window.jupyterapp.shell.currentWidget;
        content.activeCellIndex = 4;
        return window.jupyterapp.commands.execute("notebook:run-cell").then(() => 0);
    }""")
    picture(world, 1).locator(".lab-land").wait_for()
    world.settle()

    assert 0 < world.received < 60_000
    assert picture(world, 1).locator(".lab-land").get_attribute("d").startswith("M")
