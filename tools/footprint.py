"""What a learner costs a hub: memory and CPU of each lesson in a real JupyterLab.

`python -m tools.footprint` runs each numbered lesson once, from top to bottom, through a server of
its own, and prints the rows of hub/README.md's table. Server and kernel are counted; the page is
the learner's. Not a test: the numbers are those of the machine and the day. Linux only.
"""

import json
import shutil
import sys
import tempfile
import urllib.request
import uuid
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final, NamedTuple

import nbformat
import psutil
import websocket

from tests.browser.harness import Lab
from tools.pictures import ROOT

LESSONS: Final = ROOT / "lessons"
MEGABYTE: Final = 1e6


class Footprint(NamedTuple):
    """A lesson's server and kernel: proportional set sizes in MB, and their CPU in seconds."""

    lesson: str
    server: float
    kernel: float
    seconds: float

    def row(self) -> str:
        """A line of the table."""
        sizes = (f"{each:.0f}" for each in (self.server, self.kernel, self.server + self.kernel))
        return f"| {self.lesson} | {' | '.join(sizes)} | {self.seconds:.1f} |"


def memory(process: psutil.Process) -> float:
    """The proportional set size in MB: its own pages, and its part of shared ones."""
    return float(process.memory_full_info().pss) / MEGABYTE


def cpu(process: psutil.Process) -> float:
    """Seconds of a processor, its own and the system's for it."""
    times = process.cpu_times()
    return float(times.user + times.system)


def execute(channel: websocket.WebSocket, code: str) -> None:
    """Run a cell through the server, as a page does, and hear all that it says.

    Raises:
        RuntimeError: the cell ends in an exception.
    """
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": "learner", "session": "footprint"}
    content = {"code": code, "silent": False, "allow_stdin": False}
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channel.send(json.dumps(request | {"channel": "shell", "buffers": []}))
    while True:
        said: Any = channel.recv()
        if isinstance(said, bytes):  # with buffers: what a widget sends its page
            continue
        message = json.loads(said)
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if message["msg_type"] == "error":
            raise RuntimeError(f"{message['content']['ename']}: {message['content']['evalue']}")
        if message["content"].get("execution_state") == "idle":
            return


def measured(path: Path) -> Footprint:
    """A lesson, run whole in a server that has served nobody before."""
    cells = [each for each in nbformat.read(path, as_version=4).cells if each.cell_type == "code"]
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        shutil.copytree(LESSONS, lab.files / "lessons")
        cookies = CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        for page in (f"lab/tree/lessons/{path.name}", f"api/contents/lessons/{path.name}"):
            browser.open(f"{lab.url}/{page}").close()
        token = {"X-XSRFToken": next(each.value or "" for each in cookies if each.name == "_xsrf")}
        begin = urllib.request.Request(f"{lab.url}/api/kernels", b'{"path": "lessons"}', token)
        with browser.open(begin) as answer:
            identity = json.load(answer)["id"]
        address = f"{lab.url.replace('http', 'ws', 1)}/api/kernels/{identity}/channels"
        channel = websocket.create_connection(address, suppress_origin=True)
        for cell in cells:
            execute(channel, cell.source)
        (server,) = (each for each in psutil.Process().children() if "jupyterlab" in each.cmdline())
        (kernel,) = server.children()
        sizes = memory(server), memory(kernel)
        channel.close()
        return Footprint(path.stem, *sizes, cpu(server) + cpu(kernel))


def main() -> int:
    """Print a row for each numbered lesson, or for those named, as soon as it is known."""
    for path in sorted(LESSONS.glob("[0-9]*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            print(measured(path).row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
