"""Ten minutes of random keys in lesson 01: neither kernel nor page grows, and nobody complains.

The whole lesson is open in JupyterLab, every cell is run and every card answered. What is compared
is what is left after forced collections, of the kernel its own pages (on Linux without those that
are free), with all panels as at first. JupyterLab's bar of buttons on the active cell is left out:
with it the page's listeners grew from 106,000 to 156,000 in 250 keys, and without it by none. Nodes
and listeners are told, not judged: what a page shows differs from moment to moment.
"""

import re
import time
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import psutil
import pytest
from playwright.sync_api import Browser, CDPSession, Locator, expect

from tests.counts import LONG
from tests.seeds import shifted

from .course import assert_quiet, lesson_page, reset_all
from .gremlin import Gremlin
from .harness import Lab, Notebook
from .kit import activate
from .pages import Pages

SOAK_S, WARM_UP_S = (600, 60) if LONG else (60, 20)
ROUND = 20  # controls between two looks at the clock
LOOKS = 5
GROWTH = 1.10
CELL_BAR = "@jupyterlab/cell-toolbar-extension"
COLLECT = """import ctypes, gc
[gc.collect() for _ in range(3)]
getattr(ctypes.CDLL(None), "malloc_trim", int)(0)"""
COMPLAINT = re.compile(r"^\[[EC] |\bERROR\b|Traceback|Error\b")

# Not played again: the kernel and the page that were driven would be those that are driven anew.
pytestmark = [
    pytest.mark.long,
    pytest.mark.flaky(reruns=0),
    pytest.mark.timeout(2 * SOAK_S + 900),
]


class Size(NamedTuple):
    """What is left after collections: bytes of kernel and page, the page's nodes and listeners."""

    kernel: float
    heap: float
    nodes: float
    listeners: float


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab without the bar."""
    with Lab(tmp_path_factory.mktemp("lab"), without=[CELL_BAR]) as lab:
        yield lab


@pytest.fixture(scope="module")
def pages(chromium: Browser, lab: Lab) -> Pages:
    """Its pages."""
    return Pages(chromium, lab)


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[Notebook]:
    """Lesson 01, run cell by cell, each card answered before its result is seen."""
    with lesson_page(pages, "01_round_robin", fresh=True) as page:
        for number in range(page.page.locator(".jp-Notebook .jp-Cell").count()):
            activate(page, number)
            page.command("notebook:run-cell")
            page.settle(0.1)
            for card in page.page.locator(".jp-Cell").nth(number).locator(".lab-card").all():
                answer(card)
        page.wait_drawn(1)
        page.settle()
        yield page


def answer(card: Locator) -> None:
    """The first of what can be chosen, or the axis' middle, by keyboard; a goal needs none."""
    commit = card.get_by_role("button", name=re.compile("^(Commit|Check)$"))
    if not commit.count():
        return
    if card.get_by_role("radio").count():
        card.get_by_role("radio").first.press("Space")
    for slider in card.get_by_role("slider").all():
        slider.press("ArrowRight")
    commit.press("Enter")
    expect(card.get_by_role("status")).to_have_text(re.compile("You said|Right,|Try again"))


def test_ten_minutes_of_keys_leave_nothing_behind(
    lesson: Notebook, lab: Lab, record_property
) -> None:
    """Less than a tenth more than after a minute, in kernel and page; and no word of an error."""
    kernel = psutil.Process(int(lesson.kernel_text("import os; print(os.getpid())")))
    session = lesson.page.context.new_cdp_session(lesson.page)
    session.send("HeapProfiler.enable")
    gremlin = Gremlin(lesson, Random(shifted(1)))

    gremlin.stretch()
    soak(gremlin, WARM_UP_S)
    before, warm = weighed(lesson, session, kernel), gremlin.strokes
    soak(gremlin, SOAK_S - WARM_UP_S)
    after = weighed(lesson, session, kernel)

    sizes = "; ".join(
        f"{name} {one:,.0f} → {two:,.0f}"
        for name, one, two in zip(Size._fields, before, after, strict=True)
    )
    record_property("told", f"soak: {gremlin.strokes:,} keys, {warm:,} to warm up; {sizes}")
    assert gremlin.strokes - warm > ROUND
    assert_quiet(lesson, plots=1)
    assert complaints(lab) == []
    assert after.kernel < GROWTH * before.kernel
    assert after.heap < GROWTH * before.heap


def soak(gremlin: Gremlin, seconds: float) -> None:
    """Keys for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        gremlin.play(ROUND)


def weighed(lesson: Notebook, session: CDPSession, kernel: psutil.Process) -> Size:
    """The least of a few looks: what a panel was still computing in one is gone in another."""
    looks = [look(lesson, session, kernel) for _ in range(LOOKS)]
    return Size(*map(min, zip(*looks, strict=True)))


def look(lesson: Notebook, session: CDPSession, kernel: psutil.Process) -> Size:
    """What is there when every panel is as at first, and what is garbage has been collected."""
    reset_all(lesson)
    lesson.kernel_text(COLLECT)
    lesson.settle()
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        lesson.rest()
    counts = session.send("Memory.getDOMCounters")
    return Size(
        kernel.memory_full_info().uss,
        session.send("Runtime.getHeapUsage")["usedSize"],
        counts["nodes"],
        counts["jsEventListeners"],
    )


def complaints(lab: Lab) -> list[str]:
    """The lines of the server's log, and of the kernels', that tell of an error."""
    log = (lab.files.parent / "server.log").read_text(encoding="utf-8", errors="replace")
    return [line for line in log.splitlines() if COMPLAINT.search(line)]
