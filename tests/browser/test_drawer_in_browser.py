"""The cache drawer on a page: rows that drain, blocks in blocks, the row that answered flashes."""

from itertools import pairwise

import pytest
from playwright.sync_api import Locator, expect

from .axe import violations
from .harness import Notebook
from .kit import LOOKS, wear

SET_UP = """
from lab_engine import Clock, RecordSet, State, Zone, drawer, forward, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.policies import Geolocation
apex = Zone.from_text('''$ORIGIN shop.example.
@ 3600 SOA ns hostmaster 1 7200 900 1209600 60
@ 3600 NS ns
@ 300 CNAME cdn
@ 30 MX 10 mail
ns 3600 A 192.0.2.53
cdn 20 A 192.0.2.9
mail 300 A 192.0.2.5
''', forgiving="exact_first")
clock = Clock()
server = serve(apex)
cache = forward(server, clock=clock)
"""
ORDER = """
inside = drawer(cache)
inside.ask("shop.example", "A")
clock.wait(10)
inside.ask("shop.example", "MX")
inside
"""
SCOPES = """
places = {"198.18.0.0/16": "DE", "198.18.16.0/20": "FR", "198.18.1.0/24": "JP"}
sets = [RecordSet.of("geo", "A", f"192.0.2.{n}", 60, policy=Geolocation(CountryCode=code),
        set_identifier=code) for n, code in enumerate(places.values(), 1)]
atlas = Atlas({network: Place(code) for network, code in places.items()})
geo = serve(Zone.of("shop.example", sets), state=State(atlas=atlas))
blocks = drawer(forward(geo, ecs=24, clock=clock))
for subnet in ("198.18.1.0/24", "198.18.17.0/24", "198.18.200.0/24", "198.18.1.0/24"):
    blocks.ask("geo.shop.example", subnet=subnet)
blocks
"""


NESTED = """
from lab_engine.views.kit.drawer import Drawer, Look, Row, Spot
networks = ("198.18.0.0/16", "198.18.16.0/20", "198.18.1.0/24", "198.18.17.0/24")
entries = [Row(Spot("geo.", "A", each), "192.0.2.1", 30, 60) for each in networks]
Drawer("Overlapping scopes", (Look("One look.", tuple(entries)),))
"""


@pytest.fixture(scope="module")
def page(open_notebook) -> Notebook:
    """Three drawers: of the broken apex, of client subnets, and of scopes that overlap."""
    made = open_notebook([SET_UP, ORDER, SCOPES, NESTED])
    made.run_all()
    assert made.cell_errors() == []
    made.page.locator(".lab-drawer").nth(2).wait_for()
    return made


def picture(page: Notebook, number: int = 0) -> Locator:
    """One of the two."""
    return page.page.locator(".lab-picture").nth(number)


def row(page: Notebook, label: str, number: int = 0) -> Locator:
    """A row by what it is called."""
    return picture(page, number).locator(
        ".lab-entry-row", has=page.page.get_by_text(label, exact=True)
    )


def head(page: Notebook, number: int = 0) -> Locator:
    """The playhead's range."""
    return picture(page, number).get_by_role("slider", name="Time")


def test_the_last_question_is_shown_at_first(page: Notebook) -> None:
    """The row that answered says so in words, and so does the line below."""
    head(page).press("End")
    answered = row(page, "shop.example. CNAME")

    expect(answered).to_contain_text("◀ answered")
    expect(answered).to_contain_text("290 s left")
    expect(row(page, "cdn.shop.example. MX")).to_contain_text("∅ no such record")
    expect(picture(page).locator(".lab-readout")).to_contain_text(
        "The row shop.example. CNAME answers"
    )
    assert page.errors == []
    assert page.foreign == []


def test_questions_are_gone_through_by_keyboard(page: Notebook) -> None:
    """Back to an empty drawer, and forward again; a screen reader is told what happened."""
    head(page).press("Home")
    expect(picture(page)).to_contain_text("It holds nothing.")
    expect(picture(page).locator(".lab-entry:visible")).to_have_count(0)
    head(page).press("ArrowRight")
    expect(picture(page).locator(".lab-entry:visible")).to_have_count(2)

    assert "upstream was asked" in head(page).get_attribute("aria-valuetext")


def test_play_goes_through_the_questions(page: Notebook) -> None:
    """By itself, without the kernel."""
    head(page).press("Home")
    page.settle(0.2)
    page.forget()
    picture(page).get_by_role("combobox", name="Speed").select_option("4")
    picture(page).get_by_role("button", name="Play", exact=True).click()
    picture(page).get_by_role("button", name="Play", exact=True).wait_for()
    picture(page).get_by_role("combobox", name="Speed").select_option("1")

    expect(row(page, "shop.example. CNAME")).to_contain_text("◀ answered")
    assert page.received == 0


def test_the_row_that_answered_flashes_unless_motion_is_unwanted(page: Notebook) -> None:
    """With less motion it only stands out, and is said."""
    counted = {}
    answered = row(page, "shop.example. CNAME")
    # A flash is over before a slow test has looked for it, so the row counts them.
    answered.evaluate(
        """row => { row.flashes = 0; row.animate = (...how) => {
            row.flashes++; return Element.prototype.animate.apply(row, how); } }"""
    )
    for wish in ("no-preference", "reduce"):
        page.page.emulate_media(reduced_motion=wish)
        head(page).press("Home")
        answered.evaluate("row => { row.flashes = 0 }")
        head(page).press("End")
        counted[wish] = answered.evaluate("row => row.flashes")
        expect(answered).to_contain_text("◀ answered")
    page.page.emulate_media(reduced_motion="no-preference")

    assert counted == {"no-preference": 1, "reduce": 0}


def test_a_client_subnet_is_answered_by_a_block_inside_its_key(page: Notebook) -> None:
    """Each scope is a row of its own, and the one of the last client answered."""
    head(page, 1).press("End")

    expect(row(page, "for 198.18.1.0/24", 1)).to_contain_text("◀ answered")
    expect(row(page, "geo.shop.example. A", 1)).to_contain_text("no entry of its own")
    expect(picture(page, 1).locator("li li")).to_have_count(3)


def test_blocks_lie_within_blocks(page: Notebook) -> None:
    """A /16 holds a /24 and a /20, which holds a /24; one look needs no playhead."""
    blocks = [picture(page, 2).locator(f".lab-drawer {'li ' * depth}li") for depth in (1, 2, 3)]
    boxes = [each.first.bounding_box() for each in blocks]

    assert [each.count() for each in blocks] == [4, 3, 1]
    for around, within in pairwise(boxes):
        assert around["x"] < within["x"]
        assert around["x"] + around["width"] > within["x"] + within["width"]
    expect(head(page, 2)).to_be_hidden()


@LOOKS
def test_it_can_be_read_light_and_dark_wide_and_narrow(
    page: Notebook, theme: str, width: int
) -> None:
    """Axe finds nothing, and nothing sticks out."""
    page.page.set_viewport_size({"width": width, "height": 900})
    wear(page, theme)
    for number in (0, 1):
        head(page, number).press("End")
    page.rest()
    found = violations(page.page, ".lab-picture")
    sticks_out = page.page.evaluate(
        """() => [...document.querySelectorAll('.lab-drawer *')]
            .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth)
            .map(node => node.outerHTML.slice(0, 120))"""
    )
    wear(page, "Light")
    page.page.set_viewport_size({"width": 1280, "height": 900})

    assert found == []
    assert sticks_out == []
