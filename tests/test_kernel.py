"""The server inside a notebook's kernel: interrupted, used again, and gone with the kernel."""

import re

import pytest
from jupyter_client.manager import start_new_kernel

import lab_engine

pytestmark = pytest.mark.notebooks

SERVE = """
import time
from lab_engine import RRset, Zone, serve
server = serve(Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")]))
print(server.port)
"""


class Kernel:
    """Runs cells and returns what they print, or the name of the exception they end with."""

    def __init__(self, manager, client):
        self.manager = manager
        self.client = client

    def run(self, code, interrupt_after=None):
        printed = []

        def hear(message):
            content = message["content"]
            printed.append(content.get("text", "") or content.get("ename", ""))
            if interrupt_after and interrupt_after in printed[-1]:
                self.manager.interrupt_kernel()

        self.client.execute_interactive(code, output_hook=hear, timeout=120, allow_stdin=False)
        return "".join(printed).strip()


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.filterwarnings("ignore")  # what jupyter_client itself leaves open is not ours
def test_an_interrupted_kernel_keeps_its_server(kernel):
    kernel.run(SERVE)
    ended = kernel.run("print('sleeping', flush=True); time.sleep(60)", interrupt_after="sleeping")
    answered = kernel.run("print(server.ask('www.shop.example').values)")
    stopped = kernel.run("server.stop(); print('stopped')")

    assert "KeyboardInterrupt" in ended
    assert answered == "('192.0.2.1',)"
    assert stopped == "stopped"


@pytest.mark.filterwarnings("ignore")
def test_a_cell_that_is_run_twice_leaves_both_servers_answering(kernel):
    ports = {kernel.run(SERVE) for _ in range(2)}

    assert len(ports) == 2
    for port in ports:
        assert re.fullmatch(r"\d+", port)
        assert lab_engine.ask("www.shop.example", "A", f"127.0.0.1:{port}").rcode == "NOERROR"
