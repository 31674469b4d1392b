"""Play: the page moves the playhead by itself, as far as the learner and the system want it to."""

from playwright.sync_api import Locator, expect

from .harness import Notebook
from .kit import picture


def head(kit: Notebook, number: int = 0) -> Locator:
    """The range that scrubs."""
    return picture(kit, number).get_by_role("slider", name="Time")


def clock(kit: Notebook) -> str:
    """The time it stands at."""
    return picture(kit, 0).locator(".lab-clock").inner_text()


def button(kit: Notebook, name: str) -> Locator:
    """A button of the tiles' playhead."""
    return picture(kit, 0).get_by_role("button", name=name, exact=True)


def test_play_runs_without_the_kernel(kit: Notebook) -> None:
    """Not a byte crosses while it plays; a second press pauses."""
    button(kit, "Play").click()
    expect(picture(kit, 0).locator(".lab-clock")).not_to_have_text("0:00 of 60:00")
    button(kit, "Pause").click()
    at = clock(kit)
    kit.rest()

    assert clock(kit) == at
    assert kit.received == 0


def test_what_the_server_says_of_its_files_is_not_of_the_kernel(kit: Notebook) -> None:
    """An autosave, or a look of the file browser, may come while a picture plays."""
    kit.save()
    kit.settle()

    assert kit.received == 0


def test_the_range_steps_leaps_and_plays_by_keyboard(kit: Notebook) -> None:
    """Arrows go from moment to moment, pages by a tenth, Home and End to the ends; space plays."""
    stops = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "PageUp", "End", "Home"):
        head(kit).press(key)
        stops.append(clock(kit).split(" of ")[0])

    assert stops == ["0:10", "0:20", "0:10", "6:10", "59:50", "0:00"]

    head(kit).press(" ")
    button(kit, "Pause").wait_for()
    head(kit).press(" ")
    button(kit, "Play").wait_for()


def test_a_screen_reader_is_told_the_moment(kit: Notebook) -> None:
    """The value of the range is a sentence, not a number of steps."""
    head(kit).press("ArrowRight")

    told = kit.kernel_text("print(panel.picture.moment(1))")
    assert head(kit).get_attribute("aria-valuetext") == told


def test_a_drag_goes_to_the_nearest_moment(kit: Notebook) -> None:
    """A click half-way is half of the watch."""
    box = head(kit).bounding_box()
    kit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    assert clock(kit) in ("29:50 of 60:00", "30:00 of 60:00")


def test_it_ends_at_the_end_and_begins_again(kit: Notebook) -> None:
    """And does not go round by itself."""
    head(kit).press("End")
    head(kit).press("ArrowLeft")
    picture(kit, 0).get_by_role("combobox", name="Speed").select_option("4")
    button(kit, "Play").click()
    button(kit, "Play").wait_for()
    assert clock(kit) == "59:50 of 60:00"

    # Both presses in one moment: how far it would get between two is the machine's business.
    button(kit, "Play").evaluate("button => { button.click(); button.click(); }")

    picture(kit, 0).get_by_role("combobox", name="Speed").select_option("1")
    assert clock(kit) == "0:00 of 60:00"


def test_it_rests_while_out_of_sight(kit: Notebook) -> None:
    """Scrolled off, it stands; back in sight, it goes on."""
    button(kit, "Play").click()
    kit.page.locator(".jp-WindowedPanel-outer").evaluate("room => room.scrollTo(0, 1e6)")
    at = kit.steady("document.querySelector('.lab-picture .lab-clock')?.textContent")
    assert at != "59:50 of 60:00"

    picture(kit, 0).locator(".lab-play").scroll_into_view_if_needed()
    expect(picture(kit, 0).locator(".lab-clock")).not_to_have_text(at)

    button(kit, "Pause").click()


def test_with_less_motion_there_are_only_steps(kit: Notebook) -> None:
    """Also while it plays: it stops at once."""
    button(kit, "Play").click()
    kit.page.emulate_media(reduced_motion="reduce")
    expect(button(kit, "Pause")).to_be_hidden()
    expect(button(kit, "Play")).to_be_hidden()
    at = clock(kit)
    head(kit).press(" ")
    kit.rest()
    assert clock(kit) == at

    button(kit, "Step forward").click()

    assert clock(kit) != at


def test_the_playhead_stays_where_it_is_when_the_scenario_moves(kit: Notebook) -> None:
    """So that the same second can be compared."""
    head(kit).press("PageUp")
    at, words = clock(kit), picture(kit, 0).locator(".lab-words")
    before = words.inner_text()
    kit.page.get_by_role("slider", name="TTL").press("ArrowLeft")
    expect(words).not_to_have_text(before)

    assert clock(kit) == at
