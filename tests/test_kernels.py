"""Lessons in kernels: two at once, restarted and interrupted. Twice in one: test_any_order.py."""

import re
import socket
from contextlib import contextmanager

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

import lab_engine

from .test_notebooks import LESSONS, code_cells

# What jupyter_client itself leaves open is not ours.
pytestmark = [pytest.mark.notebooks, pytest.mark.filterwarnings("ignore")]

START = LESSONS / "00_start_here.ipynb"
COUNTED = """
import threading, psutil
print(threading.active_count(), len(psutil.Process().net_connections()),
      len(psutil.Process().children()))
"""


class Kernel:
    """Runs cells, and keeps what the last one ended with (`ended`)."""

    def __init__(self, manager, client):
        self.manager = manager
        self.client = client

    def run(self, code, after=""):
        """What a cell prints and shows; it is interrupted once it has said `after`."""
        said = []

        def hear(message):
            content = message["content"]
            shown = content.get("data", {}).get("text/plain", "")
            said.append(content.get("text", "") or content.get("ename", "") or shown)
            if after and after in said[-1]:
                self.manager.interrupt_kernel()

        reply = self.client.execute_interactive(
            code, output_hook=hear, timeout=240, allow_stdin=False
        )
        self.ended = reply["content"]
        return "".join(said).strip()

    def restart(self):
        """As JupyterLab's button does it."""
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=120)

    @property
    def process(self):
        return psutil.Process(self.manager.provisioner.pid)


@contextmanager
def kernel_in(folder):
    """A kernel whose notebooks would be in that folder."""
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def begin(kernel):
    """Run the first cells of lesson 00; returns the port of its server."""
    setup, question = [cell.source for cell in code_cells(START)][:2]
    kernel.run(setup)
    assert "192.0.2.1" in kernel.run(question)
    return int(kernel.run("print(server.port)"))


def answers(port):
    """Whether somebody answers there for the zone of lesson 00."""
    return lab_engine.ask("www.shop.example", "A", f"127.0.0.1:{port}").rcode == "NOERROR"


def taken(port):
    """Whether anybody has that port of 127.0.0.1, by UDP or TCP."""
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as tried:
                if kind == socket.SOCK_STREAM:  # what was closed and lingers listens no more
                    tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(("127.0.0.1", port))
    except OSError:
        return True
    return False


def test_two_kernels_run_the_first_lesson_at_the_same_time(tmp_path):
    """Each has a port of its own, and both answer while the other does."""
    with kernel_in(tmp_path) as one, kernel_in(tmp_path) as two:
        ports = [begin(one), begin(two)]
        answered = [answers(port) for port in ports]
        one.run("server.stop()")
        alone = answers(ports[1])

    assert ports[0] != ports[1]
    assert answered == [True, True]
    assert alone


def test_a_restart_leaves_nothing_behind(tmp_path):
    """The old process is gone with its children and its port, and the lesson begins again."""
    with kernel_in(tmp_path) as kernel:
        port = begin(kernel)
        old = [kernel.process, *kernel.process.children(recursive=True)]
        before = taken(port)
        kernel.restart()
        left = [process for process in old if process.is_running()]
        after = taken(port)
        again = answers(begin(kernel))

    assert left == []
    assert (before, after) == (True, False)
    assert again


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    """Of a server that was served, asked for long and interrupted: its threads and sockets."""
    asking = """
with serve(zone) as other:
    print("asking", flush=True)
    while True:
        other.ask("www.shop.example")
"""
    with kernel_in(tmp_path) as kernel:
        begin(kernel)
        kernel.run("with serve(zone) as other:\n    other.ask('www.shop.example')")
        before = kernel.run(COUNTED)
        ended = kernel.run(asking, after="asking")
        after = kernel.run(COUNTED)

    assert "KeyboardInterrupt" in ended
    assert re.fullmatch(r"\d+ \d+ 0", before)
    assert after == before
