"""Two learners on one JupyterHub: the same lesson at the same time, and neither meets the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lab_engine import ask

from .harness import Notebook
from .hub import SET, Hub, installed
from .kit import activate

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]  # registries may be slow

LESSON = "course/my/01_round_robin.ipynb"
NAMES = ("ada", "bob")
RUN = "window.all = window.jupyterapp.commands.execute('notebook:run-all-above').then(() => true)"
CELLS = "window.jupyterapp.shell.currentWidget.content.widgets"
RESTART = """() => void (window.restarted =
    window.jupyterapp.commands.execute("kernelmenu:restart").then(() => true))"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[Hub]:
    """It runs, and nobody is there yet."""
    folder = tmp_path_factory.mktemp("hub")
    with Hub(folder, installed(folder)) as hub:
        yield hub


@pytest.fixture(scope="module")
def pages(hub: Hub, chromium: Browser) -> dict[str, Notebook]:
    """Lesson 01 of two learners, begun in both before either is waited for, up to the last cell.

    That one stops what the lesson has started.
    """
    pages = {name: hub.enter(chromium, hub.learner(name)) for name in NAMES}
    for page in pages.values():
        page.open(LESSON)
        activate(page, page.page.evaluate(f"{CELLS}.length") - 1)
    for page in pages.values():
        page.page.evaluate(f"() => void ({RUN})")
    for page in pages.values():
        page.page.wait_for_function("window.all.then(() => true)")
        page.settle()
    return pages


def server(page: Notebook) -> str:
    """Where the server of a lesson listens."""
    return page.kernel_text("print(server.address)")


def heard(page: Notebook) -> str:
    """Everything that the server of a lesson was asked."""
    return page.kernel_text("print(*(entry.question for entry in server.log))")


def test_both_finish_without_an_error(pages):
    """All cells but the last have run in both, and nothing came from elsewhere."""
    for page in pages.values():
        code = page.page.evaluate(f"{CELLS}.filter(cell => cell.model.type === 'code').length")

        assert page.cell_errors() == []
        assert page.errors == []
        assert page.foreign == []
        assert int(page.kernel_text("print(len(In) - 1)")) == code - 1


def test_each_answers_only_its_own(pages):
    """Their ports differ, and what one server is asked the other never hears of."""
    addresses = {name: server(page) for name, page in pages.items()}
    for name, address in addresses.items():
        ask(f"{name}.shop.example", "A", address)

    assert len(set(addresses.values())) == 2
    for name, page in pages.items():
        assert [who for who in NAMES if f"{who}.shop.example" in heard(page)] == [name]


def test_each_has_a_home_with_the_course_and_the_limits_of_hub(pages, hub):
    """Memory and CPU are told to a server in its environment; what two lessons take is within."""
    look = "import os; print(*map(os.environ.get, ['HOME', 'MEM_LIMIT', 'CPU_LIMIT']))"
    gigabyte = {"1G": 2**30}[SET["limits"]["memory"]]
    for name, page in pages.items():
        home, memory, cpu = page.kernel_text(look).split()
        kernel = int(page.kernel_text("print(os.getpid())"))
        (mine,) = (each for each in hub.processes() if each.pid == kernel)

        assert Path(home).name == name
        assert (int(memory), float(cpu)) == (gigabyte, SET["limits"]["cpu"])
        assert sum(each.memory_info().rss for each in (mine, mine.parent())) < gigabyte


def test_the_idle_are_culled_after_the_time_of_hub(pages, hub):
    """The culler runs, with the times of the file, and the hub has heard nothing bad of it."""
    (culler,) = (each for each in hub.processes() if "idle-culler" in " ".join(each.cmdline()))
    times = SET["services"]["cull"]

    assert f"--timeout={times['timeout']}" in culler.cmdline()
    assert f"--cull-every={times['every']}" in culler.cmdline()
    assert "Traceback" not in hub.log()


def test_a_restart_of_one_leaves_the_other_answering(pages):
    """Pressed as a learner does; then the other runs its last cell, which stops its server."""
    ada, bob = pages.values()
    gone, there = server(ada), server(bob)
    ada.page.evaluate(RESTART)
    ada.page.get_by_role("button", name="Confirm Kernel Restart").click()
    ada.page.wait_for_function("window.restarted.then(() => true)")
    ada.settle()

    assert ada.kernel_text("print('server' in globals())") == "False"
    assert ask("www.shop.example", "A", there).rcode == "NOERROR"
    assert gone != there
    bob.command("notebook:run-cell")
    bob.settle()
    assert bob.cell_errors() == []


def test_nothing_is_left_of_a_hub_that_was_stopped(pages, hub):
    """Proxy, culler, servers and kernels end with it, each by its own."""
    hub.stop()

    assert hub.left == []
    assert len(hub.started) >= 7
    assert not [process for process in hub.started if process.is_running()]
