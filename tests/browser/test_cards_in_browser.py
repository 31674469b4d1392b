"""Cards as a learner meets them: committed, compared, come back, and never in the way of keys."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator

from tests.counts import LONG
from tools.shield import shield

from . import harness
from .axe import violations
from .conftest import Open
from .harness import Notebook, until
from .kit import LOOKS
from .pages import Pages

SET_UP = "from toy_cards import *\nlesson = toy_lesson()\nran = []"
CELLS = {
    "set up": SET_UP,
    "ask second": 'lesson.ask("second")',
    "reveal second": 'ran.append("second")\nlesson.reveal("second", "192.0.2.2")',
    "ask worst": 'lesson.ask("worst")',
    "reveal worst": 'ran.append("worst")\nlesson.reveal("worst", 150)',
    "ask band": 'lesson.ask("band")',
    "reveal band": 'ran.append("band")\nlesson.reveal("band", (0.23, 2.54))',
    "quiz": "lesson.quiz()",
    "goal": 'panel = Panel()\nlesson.goal("majority", panel)',
    "move": "panel.move(6)\npanel.move(8)",
    "keep": "lesson.keep()",
    "sleep": until("awake"),
    "end": "",
}
ORDER = list(CELLS)
BEFORE = [name for name in ORDER if name.split()[0] not in ("reveal", "move", "sleep", "end")]
ANSWERS = "toy-answers.jsonl"
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"
FORGET = "Object.keys(localStorage).forEach(key => /^lab-/.test(key) && delete localStorage[key])"


@pytest.fixture(scope="module")
def shared(lab: harness.Lab, open_notebook: Open) -> Notebook:
    """A notebook with one cell of each kind."""
    shutil.copy(Path(__file__).parent / "toy_cards.py", lab.files)
    return open_notebook(list(CELLS.values()))


@pytest.fixture
def cards(shared: Notebook) -> Notebook:
    """The notebook with all its questions on the page, and nothing said yet."""
    fresh(shared)
    return shared


@pytest.fixture
def alone(notebook: Open) -> Notebook:
    """The same in a notebook of its own, as a learner has it.

    Each run of a cell leaves the kernel its former cards: what loads a notebook anew would load
    those of all tests before it.
    """
    opened = notebook(list(CELLS.values()))
    fresh(opened)
    return opened


def fresh(cards: Notebook) -> None:
    """Forget all that was said, and ask everything anew."""
    (cards.lab.files / "awake").touch()  # a cell may sleep that the last test came upon
    cards.settle(0)
    cards.forget()
    cards.page.bring_to_front()
    for name in (ANSWERS, "awake"):
        (cards.lab.files / name).unlink(missing_ok=True)
    cards.page.evaluate(FORGET)
    cards.command("notebook:clear-all-cell-outputs")
    for name in BEFORE:
        start(cards, name)
    card(cards, "Your answers").wait_for()


def reload(cards: Notebook) -> None:
    """Load the page anew; where the first card is lost on the way, do what its copy says.

    ipywidgets looks for a model for two seconds, ten times a second, and not once more at the end:
    a page that is busy just then has its models a moment later, and never shows them.
    """
    cards.reload()
    shown = card(cards, "Which address").get_by_role("status")
    shown.or_(cards.page.get_by_text("model not found")).first.wait_for(state="attached")
    if not shown.count():
        run(cards, "ask second")


def run(cards: Notebook, *names: str) -> None:
    """Run cells one after another, and wait for them."""
    for name in names:
        start(cards, name, wait=True)


def start(cards: Notebook, name: str, *, wait: bool = False) -> None:
    """Run a cell; in one step, since a click just before may still be making another one active."""
    script = f"""([index, wait]) => {{
        {NOTEBOOK}.activeCellIndex = index;
        {NOTEBOOK}.deselectAll();
        const done = window.jupyterapp.commands.execute("notebook:run-cell").then(() => 0);
        return wait ? done : 0;
    }}"""
    cards.page.evaluate(script, [ORDER.index(name), wait])


def card(cards: Notebook, words: str) -> Locator:
    """The card in which these words stand."""
    return cards.page.locator(".lab-card", has_text=words)


def said(card: Locator, words: str) -> None:
    """Wait until a card says this."""
    card.get_by_role("status").filter(has_text=words).wait_for()


def records(cards: Notebook) -> list[tuple[str, str, object]]:
    """What stands in the file of answers."""
    lines = map(json.loads, (cards.lab.files / ANSWERS).read_text().splitlines())
    return [(line["key"], line["kind"], line["value"]) for line in lines]


def wait_active(cards: Notebook, index: int) -> None:
    """Wait until a cell is the active one."""
    now = NOTEBOOK.replace(".content", "?.content?.activeCellIndex")
    cards.page.wait_for_function(f"{now} === {index}")


def test_a_prediction_is_committed_and_compared_by_keyboard(cards: Notebook) -> None:
    """Choose, commit, Shift+Enter: the result cell runs, and the same card compares."""
    second = card(cards, "Which address")
    second.evaluate("node => node.marked = true")
    second.get_by_role("radio", name="one at random").focus()
    cards.page.keyboard.press("Space")
    cards.page.keyboard.press("Tab")
    cards.page.keyboard.press("Enter")
    said(second, "You said “one at random”. Now run the cell below.")
    assert second.get_by_role("radio", name="192.0.2.2").is_disabled()

    cards.page.keyboard.press("Shift+Enter")
    said(second, "You said “one at random”; 192.0.2.2 came first.")
    said(second, "Route 53 draws at random.")
    assert second.evaluate("node => node.marked")
    assert cards.kernel_text("print(*ran)") == "second"
    assert records(cards)[0] == ("second", "said", "one at random")
    assert cards.errors == []


FOCUS = [
    ("Which address", "radio", "one at random", "ask second"),
    ("worst outage", "slider", "your answer", "ask worst"),
    ("each server see", "radio", "a third each", "quiz"),
    ("Which address", "button", "Commit", "ask second"),
    ("worst outage", "spinbutton", "your answer", "ask worst"),
    ("the canary", "spinbutton", "from", "ask band"),
    ("Your answers", "button", "Download", "keep"),
]


@pytest.mark.parametrize(("words", "role", "name", "cell"), FOCUS if LONG else FOCUS[:2])
def test_shift_enter_goes_on_from_everywhere(
    cards: Notebook, words: str, role: str, name: str, cell: str
) -> None:
    """The next cell runs, the one after it is active, and the card is not built anew."""
    here = card(cards, words)
    here.evaluate("node => node.marked = true")
    here.get_by_role(role, name=name).first.focus()
    cards.page.keyboard.press("Shift+Enter")
    wait_active(cards, ORDER.index(cell) + 2)

    assert here.evaluate("node => node.marked")


def test_who_has_chosen_and_goes_on_has_committed(cards: Notebook) -> None:
    """Without a press of the button, which is easily forgotten."""
    second = card(cards, "Which address")
    second.get_by_label("192.0.2.2").check()
    cards.page.keyboard.press("Shift+Enter")

    said(second, "You said “192.0.2.2”, and so it was.")


def test_so_has_who_chose_below_a_picture(lab: harness.Lab, notebook: Open) -> None:
    """The picture was there first, and heard the keys first."""
    shutil.copy(Path(__file__).parent / "toy_cards.py", lab.files)
    shows = "from lab_engine import asked, serve, Zone\nasked(serve(Zone.from_text(ZONE)).log)"
    rest = [SET_UP, CELLS["ask second"], CELLS["reveal second"], ""]
    (lab.files / ANSWERS).unlink(missing_ok=True)
    page = notebook([f"from caches import ZONE\n{shows}", *rest])
    page.page.evaluate(FORGET)
    page.command("notebook:run-cell-and-select-next")
    page.page.locator(".lab-log").wait_for()
    page.command("notebook:run-cell-and-select-next")
    page.command("notebook:run-cell-and-select-next")
    second = card(page, "Which address")
    second.get_by_label("one at random").check()
    page.page.keyboard.press("Shift+Enter")

    said(second, "You said “one at random”; 192.0.2.2 came first.")


def test_an_answer_that_was_not_chosen_is_asked_for(cards: Notebook) -> None:
    """Nothing is suggested by where a slider stands."""
    for words, remedy in (("Which address", "Choose one first."), ("worst outage", "Move the")):
        card(cards, words).get_by_role("button", name="Commit").click()
        said(card(cards, words), remedy)

    assert not (cards.lab.files / ANSWERS).exists()


def test_a_number_beyond_the_axis_is_told_its_ends_and_enter_commits(cards: Notebook) -> None:
    """What was missing is no longer said once it is there."""
    worst = card(cards, "worst outage")
    box = worst.get_by_role("spinbutton")
    box.fill("5000")
    box.press("Enter")
    said(worst, "Type a number from 10 s to 1,000 s.")
    box.fill("90")
    assert worst.get_by_role("status").inner_text() == ""
    box.press("Enter")

    said(worst, "You said 90 s. Now run the cell below.")


def test_a_number_is_put_on_the_axis_by_keyboard(cards: Notebook) -> None:
    """Slider and box move together, and the gap is told on the axis and in words."""
    worst = card(cards, "worst outage")
    slider, box = worst.get_by_role("slider"), worst.get_by_role("spinbutton")
    assert slider.get_attribute("aria-valuetext") == "not placed yet"
    slider.focus()
    cards.page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == f"{box.input_value()} s"
    box.fill("60")
    assert slider.get_attribute("aria-valuetext") == "60 s"
    cards.page.keyboard.press("Shift+Enter")

    said(worst, "You said 60 s; it was 150 s: 2.5 times too low.")
    assert worst.locator(".card-tag").all_inner_texts() == ["you said 60 s", "it was 150 s"]
    assert worst.locator(".card-mark").first.evaluate("node => node.style.left").startswith("38.9")


def test_an_interval_has_two_ends(cards: Notebook) -> None:
    """In whichever order they are given."""
    band = card(cards, "the canary")
    band.get_by_role("spinbutton", name="from").fill("1.1")
    band.get_by_role("button", name="Commit").click()
    said(band, "Place both ends first.")
    band.get_by_role("spinbutton", name="to").fill("0.9")
    band.get_by_role("button", name="Commit").click()
    said(band, "You said 0.9 to 1.1 %.")
    run(cards, "reveal band")

    said(band, "it was 0.23 to 2.54 %: 11.5 times too narrow.")


def test_a_quiz_lets_try_again(cards: Notebook) -> None:
    """A wrong option is told its misconception, and the right one why."""
    frozen = card(cards, "each server see")
    frozen.get_by_label("a third each").check()
    frozen.get_by_role("button", name="Check").click()
    said(frozen, "That is the average of a long time.")
    frozen.get_by_label("all or nothing, for 300 s").check()
    frozen.get_by_role("button", name="Check").click()

    said(frozen, "Right, after 2 tries.")
    assert frozen.get_by_role("button").count() == 0
    assert [kind for _, kind, _ in records(cards)] == ["tried", "tried"]


def test_a_goal_ticks_itself(cards: Notebook) -> None:
    """And says so to who cannot see the tick."""
    goal = card(cards, "Send 192.0.2.1 more than 60 % of the requests for 60 s.")
    goal.get_by_role("img", name="not reached yet").wait_for()
    run(cards, "move")

    said(goal, "Reached with 2 moves.")
    goal.get_by_role("img", name="reached", exact=True).wait_for()


def test_a_commitment_while_a_cell_runs_is_noted_at_once(cards: Notebook) -> None:
    """The kernel hears of it later, after the result even, and compares all the same."""
    second = card(cards, "Which address")
    start(cards, "sleep")
    start(cards, "reveal second")
    second.get_by_label("one at random").check()
    second.get_by_role("button", name="Commit").click()
    said(second, "You said “one at random”. Now run the cell below.")
    assert not (cards.lab.files / ANSWERS).exists()
    (cards.lab.files / "awake").touch()

    said(second, "192.0.2.2 came first.")
    assert [kind for _, kind, _ in records(cards)] == ["said", "seen"]


def test_answers_come_back_after_a_reload_and_a_restart(alone: Notebook) -> None:
    """From the file beside the notebook."""
    commit(alone, "one at random")
    run(alone, "reveal second")
    said(card(alone, "Which address"), "192.0.2.2 came first.")
    alone.command("docmanager:save")
    reload(alone)
    said(card(alone, "Which address"), "192.0.2.2 came first.")

    restart(alone)
    alone.command("notebook:clear-all-cell-outputs")
    run(alone, "set up", "ask second")
    said(card(alone, "Which address"), "You said “one at random”; 192.0.2.2 came first.")


def test_what_is_said_to_a_dead_card_is_not_lost(cards: Notebook) -> None:
    """The page keeps it, says how to go on, and hands it to the next kernel."""
    restart(cards)
    commit(cards, "192.0.2.1 again")
    said(card(cards, "Which address"), "run this cell again")
    assert not (cards.lab.files / ANSWERS).exists()

    run(cards, "set up", "ask second", "reveal second")
    said(card(cards, "Which address"), "You said “192.0.2.1 again”; 192.0.2.2 came first.")
    assert records(cards)[0] == ("second", "said", "192.0.2.1 again")


def test_two_tabs_show_the_same(alone: Notebook, chromium: Browser) -> None:
    """What is said in one is seen in the other at once."""
    alone.command("docmanager:save")
    with Notebook(chromium, alone.lab) as other:
        other.page.goto(f"{alone.lab.url}/lab/workspaces/other/tree/{alone.path}")
        card(other, "Which address").wait_for()
        commit(other, "one at random")
        said(card(alone, "Which address"), "You said “one at random”.")
        other.page.close()  # not the kernel, which both share


def test_the_next_day_it_shows_what_was_said_and_how_to_go_on(
    alone: Notebook, pages: Pages
) -> None:
    """Without the kernel there are still copies, and no error."""
    commit(alone, "one at random")
    run(alone, "reveal second")
    said(card(alone, "Which address"), "192.0.2.2 came first.")
    alone.settle()
    name = "next-day.ipynb"
    shutil.copy(alone.save(), alone.lab.files / name)
    with pages.page() as later:
        later.open(name)
        copy = later.page.locator(".lab-twin", has_text="Which address")
        copy.wait_for()

        error = later.page.get_by_text("model not found")
        error.first.wait_for(state="attached")

        assert not [each for each in error.all() if each.is_visible()]
        assert "You said “one at random”; 192.0.2.2 came first." in copy.inner_text()
        waiting = later.page.locator(".lab-twin", has_text="worst outage").inner_text()
        assert "Run this cell (Shift+Enter) to answer." in waiting


def test_a_result_stays_hidden_until_it_is_run(pages: Pages) -> None:
    """Neither it nor its first line is to be seen when a lesson is opened."""
    output = nbformat.v4.new_output("stream", text="SECRET\n")
    cells = [
        nbformat.v4.new_code_cell('# lesson.ask("second")'),
        nbformat.v4.new_code_cell('lesson.reveal("second")', outputs=[output], execution_count=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    shield(notebook)
    notebook.cells[1].source = "print('SEC' + 'RET')"
    nbformat.write(notebook, pages.lab.files / "hidden.ipynb")
    with pages.page() as page:
        page.open("hidden.ipynb")
        page.page.locator(".jp-OutputPlaceholder").wait_for()
        assert "SECRET" not in page.page.locator(".jp-Notebook").inner_text()

        page.command("notebook:run-all-cells")
        page.page.get_by_text("SECRET").wait_for()


def test_answers_are_downloaded_and_restored_with_a_click_each(
    cards: Notebook, tmp_path: Path
) -> None:
    """On another machine, say."""
    commit(cards, "one at random")
    file = downloaded(cards, tmp_path)
    fresh(cards)
    card(cards, "Your answers").get_by_label("Restore my answers").set_input_files(file)

    said(card(cards, "Your answers"), "Answers restored: 1.")
    said(card(cards, "Which address"), "You said “one at random”.")
    assert file.name == ANSWERS


def test_a_download_waits_for_what_was_said_a_moment_before(
    cards: Notebook, tmp_path: Path
) -> None:
    """A busy kernel has not heard of it yet, and the file is to hold it all the same."""
    card(cards, "worst outage").wait_for()
    start(cards, "sleep")
    commit(cards, "one at random")
    with cards.page.expect_download() as waiting:
        card(cards, "Your answers").get_by_role("button", name="Download").click()
        (cards.lab.files / "awake").touch()
    waiting.value.save_as(tmp_path / ANSWERS)

    assert '"one at random"' in (tmp_path / ANSWERS).read_text()


def test_who_is_left_by_the_kernel_still_has_what_it_had_noted(
    cards: Notebook, tmp_path: Path
) -> None:
    """The first press says so; nor is a file lost in silence that nobody takes."""
    keeper = card(cards, "Your answers")
    commit(cards, "one at random")
    file = downloaded(cards, tmp_path)
    restart(cards)
    keeper.get_by_role("button", name="Download").click()
    said(keeper, "Press Download again for what it had noted before.")
    again = downloaded(cards, tmp_path / "again")
    keeper.get_by_label("Restore my answers").set_input_files(file)

    said(keeper, "run this cell again, and choose the file again.")
    assert again.read_text() == file.read_text() != ""
    assert cards.errors == []


def downloaded(cards: Notebook, folder: Path) -> Path:
    """Press Download, and keep the file."""
    with cards.page.expect_download() as waiting:
        card(cards, "Your answers").get_by_role("button", name="Download").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


@LOOKS
def test_axe_finds_nothing(cards: Notebook, theme: str, width: int) -> None:
    """Neither before an answer nor after."""
    wear(cards, theme)
    cards.page.set_viewport_size({"width": width, "height": 900})
    before = violations(cards.page, ".lab-card")
    commit(cards, "one at random")
    card(cards, "worst outage").get_by_role("spinbutton").fill("60")
    card(cards, "worst outage").get_by_role("button").click()
    run(cards, "reveal second", "reveal worst", "move")
    said(card(cards, "worst outage"), "it was")
    after = violations(cards.page, ".lab-card")
    worst = card(cards, "worst outage")
    worst.evaluate("node => node.append(document.createElement('select'))")
    power = violations(cards.page, ".lab-card")
    wear(cards, "Light")

    assert before == after == []
    assert [each.split(":")[0] for each in power] == ["select-name"]


def commit(cards: Notebook, option: str) -> None:
    """Say what comes first."""
    second = card(cards, "Which address")
    second.get_by_label(option).check()
    second.get_by_role("button", name="Commit").click()


def wear(cards: Notebook, theme: str) -> None:
    """Change JupyterLab's theme on the page."""
    command = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    cards.page.evaluate(f"{command}.then(() => 0)", f"JupyterLab {theme}")


def restart(cards: Notebook) -> None:
    """Restart the kernel and leave the page as it is."""
    kernel = "window.jupyterapp.shell.currentWidget?.context.sessionContext.session?.kernel"
    cards.page.evaluate(f"{kernel}.restart().then(() => 0)")
    cards.page.wait_for_function(f"{kernel}?.status === 'idle'")
