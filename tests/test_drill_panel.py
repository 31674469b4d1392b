"""The panel of a drill: what its buttons do, and what it shows; the browser has its own tests."""

import pytest

from lab_engine import LabError, drill_panel
from lab_engine.views.drills import DEEDS, LONGEST, MOST_AT_ONCE, DrillPanel

from .test_twin import A, pair, virtual


class Clock:
    """Tells the time that a test says it is."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def panel(clock):
    """A panel over a virtual drill, at this clock."""
    made = DrillPanel(virtual, virtual=True, clock=clock)
    yield made
    made.stop()


def passing(panel, clock, seconds):
    """Let the page ask for news twice a second, for so long."""
    for _ in range(int(2 * seconds)):
        clock.now += 0.5
        panel.look()


def test_it_begins_with_an_empty_strip_and_says_how_to_start(panel):
    assert panel.picture.marks == () or all(mark.span == (0, 0) for mark in panel.picture.marks)
    assert "Start the drill" in panel.status
    assert panel.bars is None
    assert not panel.going


def test_the_strip_fills_as_time_goes_on(panel, clock):
    panel.press("start")
    passing(panel, clock, 3)
    some = len(panel.picture.marks)
    panel.press("kill", "primary")
    passing(panel, clock, 5)

    assert panel.result.ended == pytest.approx(8, abs=0.2)
    assert len(panel.picture.marks) > some
    assert panel.picture.end == LONGEST


@pytest.mark.slow
def test_a_death_is_measured_beside_the_law(panel, clock):
    panel.press("start")
    passing(panel, clock, 2)
    panel.press("kill", "primary")
    passing(panel, clock, 12)

    assert [name for name, _ in panel.bars.rows] == ["seen", "the law"]
    assert panel.bars.rows[0][1] == panel.result.measured[0].parts
    assert panel.bars.ghosts[0].value == panel.result.foretold[0].least


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("kill", "Primary refuses connections."),
        ("slow", "Primary takes 3 s more for each answer."),
        ("lie", "Primary answers 200 to its health check, and 500 to everybody else."),
    ],
)
def test_each_deed_is_done_and_said(panel, deed, said):
    panel.press("start")
    panel.press(deed, "primary")

    assert panel.status == said
    assert panel.result.measured[0].event.address == A


@pytest.mark.slow
def test_who_is_healed_is_well_again(panel, clock):
    panel.press("start")
    panel.press("kill", "primary")
    passing(panel, clock, 10)
    panel.press("heal", "primary")

    assert panel.status == "Primary is well again."
    assert panel.result.record.changed[-1].failure is None


def test_what_needs_a_drill_says_so(panel):
    panel.press("kill", "primary")

    assert panel.status == "Start the drill first."
    assert not panel.going


def test_what_is_refused_is_said_and_the_drill_goes_on(panel):
    panel.press("start")
    panel.press("kill", "tertiary")

    assert "tertiary: is no back end of this drill" in panel.status
    assert panel.going


@pytest.mark.slow
def test_it_ends_by_itself_and_its_picture_stays(panel, clock):
    panel.press("start")
    panel.press("kill", "primary")
    passing(panel, clock, LONGEST + 2)

    assert not panel.going
    assert panel.status == "The drill is over. Start begins another."
    assert panel.bars.rows[0][1].total > 2


@pytest.mark.slow
def test_start_begins_anew(panel, clock):
    panel.press("start")
    panel.press("kill", "primary")
    passing(panel, clock, 10)
    panel.press("start")

    assert panel.result.measured == ()
    assert panel.going


def test_a_page_that_was_away_is_not_made_up_for(panel, clock):
    panel.press("start")
    began = panel.result.ended
    clock.now += 100
    panel.look()

    assert panel.result.ended == pytest.approx(began + MOST_AT_ONCE)


def test_a_page_that_leaves_ends_it(panel):
    panel.press("start")
    panel._buttons._handle_custom_msg({"left": True}, [])

    assert not panel.going


@pytest.mark.parametrize("nonsense", [{}, {"deed": "explode"}, {"deed": 7}, None, "kill"])
def test_nonsense_from_a_page_does_nothing(panel, nonsense):
    before = panel.status
    panel._buttons._handle_custom_msg(nonsense, [])

    assert (panel.status, panel.going) == (before, False)


def test_an_unknown_button_is_refused(panel):
    with pytest.raises(LabError, match="start, stop, kill, slow, lie, heal"):
        panel.press("explode")


def test_it_offers_back_ends_by_name(panel):
    assert panel._buttons.whom == ["primary", "secondary"]
    assert [each["name"] for each in panel._buttons.deeds] == [each.name for each in DEEDS]


def test_what_it_says_of_itself_is_the_same_every_time(panel, clock):
    """Notebooks are compared by it."""
    before = repr(panel)
    panel.press("start")
    passing(panel, clock, 3)

    assert repr(panel) == before
    assert "<svg" not in before


@pytest.mark.waits
def test_a_live_one_has_sockets_and_ends_them():
    panel = drill_panel(pair())
    panel.press("start")
    panel.press("kill", "secondary")
    panel.look()

    assert panel.result.live
    assert panel.going
    panel.stop()
    assert not panel.going
