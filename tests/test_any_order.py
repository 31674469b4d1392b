"""Every notebook run twice in one kernel, and out of order: as if nothing had been, or one line.

Twice: the second time each cell shows what it showed at first. Out of order, alone after the set-up
and from the last to the first: each shows what it shows in its place, or ends in a line that says
what to run first. Neither leaves a thread, a socket or a process behind. What a notebook shows at
first is held against its stored outputs by nbval (test_notebooks.py, labs/), by whose rule outputs
are compared here, too. Two kernels side by side, and what an interrupt leaves: test_kernels.py.
"""

import os
import re
from collections import defaultdict
from contextlib import contextmanager

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbval.plugin import coalesce_streams

from .counts import long_but
from .repository import ROOT, copied
from .test_notebooks import PATHS, code_cells, marks

# What jupyter_client itself leaves open is not ours.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1800)]

NOTEBOOKS = [
    path.relative_to(ROOT)
    for path in (*PATHS, *sorted((ROOT / "labs" / "solutions").glob("lab_*.ipynb")))
    if code_cells(path)
]
QUICK = [path for path in NOTEBOOKS if path.stem in {"00_start_here", "getaddrinfo"}]
OUTPUTS = {"stream", "display_data", "execute_result", "error"}
# A view's name is random, and of an error it is its line that counts.
PASSED_OVER = {"application/vnd.jupyter.widget-view+json", "image/png", "image/jpeg"}
SAYS_WHAT_TO_RUN = re.compile("[Ff]irst run|running its cell again|Begin the right one")
COUNTED = """
import gc, threading, psutil
gc.collect()
me = psutil.Process()
[threading.active_count(), len(me.net_connections()), len(me.children())]
"""
NOTE = """
import builtins
builtins._started = getattr(builtins, "_started", [])
builtins._started += [
    _each for _each in list(get_ipython().user_ns.values())
    if not isinstance(_each, type) and callable(getattr(_each, "stop", None))
]
"""
# What was started is stopped, and no name is there any more.
FORGET = """
for _each in builtins._started:
    _each.stop()
builtins._started.clear()
get_ipython().run_line_magic("reset", "-f")
"""


class Kernel:
    """Runs code as JupyterLab would, and hands out what it shows."""

    def __init__(self, client):
        self._client = client

    def outputs(self, code):
        """What a cell shows; whatever it has started is noted, also where a name is used again."""
        found = self._outputs(code)
        self._outputs(NOTE)
        return found

    def _outputs(self, code):
        found = []

        def hear(message):
            if message["header"]["msg_type"] in OUTPUTS:
                found.append(nbformat.v4.output_from_msg(message))

        self._client.execute_interactive(code, output_hook=hear, timeout=600, allow_stdin=False)
        return coalesce_streams(found)

    def left(self):
        """How many threads, sockets and children it has."""
        return self.outputs(COUNTED)[-1].data["text/plain"]


@contextmanager
def kernel_of(notebook):
    """The kernel that JupyterLab would start for it, and that knows whose it is."""
    environment = {**os.environ, "JPY_SESSION_NAME": str(notebook)}
    named = {"kernel_name": "python3", "cwd": str(notebook.parent), "env": environment}
    manager, client = start_new_kernel(**named)
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def shown(cell, outputs):
    """What nbval compares of a cell: by kind, in its order; nothing where it is to ignore it."""
    found = defaultdict(list)
    for each in [] if "nbval_ignore_output" in marks(cell).replace("-", "_") else outputs:
        if is_card(each) and "lesson.reveal(" in cell.source:
            continue  # a result brings its card along where the question was not asked before
        if each.output_type == "stream":
            found[each.name].append(each.text)
        elif each.output_type == "error":
            found["error"].append("\n".join(each.traceback))
        else:
            for kind in set(each.data) - PASSED_OVER:
                found[kind].append(each.data[kind])
    return dict(found)


def is_card(output):
    """Whether it is the card of a prediction."""
    return output.get("data", {}).get("text/plain", "").startswith("Predict\n")


def friendly(outputs):
    """Whether a cell ends in a sentence that says what to run first, and in no traceback."""
    if not outputs or outputs[-1].output_type != "error":
        return False
    said = " ".join("\n".join(outputs[-1].traceback).split())
    return "Traceback" not in said and bool(SAYS_WHAT_TO_RUN.search(said))


def changed(kernel, cells, first):
    """The cells that show something else than at first."""
    for cell in cells:
        outputs = kernel.outputs(cell.source)
        if shown(cell, outputs) != shown(cell, first[cell.id]):
            yield cell, outputs


def faults(kernel, cells, first):
    """Those of them that do not say what to run first, with what they show."""
    for cell, outputs in changed(kernel, cells, first):
        if not friendly(outputs):
            yield f"{cell.id}: {shown(cell, outputs)} in place of {shown(cell, first[cell.id])}"


@pytest.mark.notebooks
@pytest.mark.parametrize("path", long_but(NOTEBOOKS, *QUICK), ids=lambda path: path.stem)
def test_a_notebook_runs_twice_and_in_any_order(path, tmp_path):
    """In one kernel: whole, whole again, each cell alone, and from the last to the first."""
    notebook = copied(tmp_path / "course") / path
    set_up, *rest = cells = code_cells(notebook)
    alone = []
    with kernel_of(notebook) as kernel:
        begun = kernel.left()
        first = {cell.id: kernel.outputs(cell.source) for cell in cells}
        errors = [each for every in first.values() for each in every if "ename" in each]
        once = kernel.left()
        twice = [cell.id for cell, _ in changed(kernel, cells, first)]
        again = kernel.left()
        for cell in rest:
            begin(kernel, set_up)
            alone += faults(kernel, [cell], first)
        begin(kernel, set_up)
        backwards = list(faults(kernel, reversed(rest), first))
        kernel.outputs(FORGET)
        ended = kernel.left()

    assert (errors, twice, alone, backwards) == ([], [], [], [])
    assert (again, ended) == (once, begun)


def begin(kernel, set_up):
    """As after a restart, when the first cell has been run."""
    kernel.outputs(FORGET)
    kernel.outputs(set_up.source)
