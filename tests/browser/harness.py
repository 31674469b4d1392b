"""Drives a real JupyterLab in a real Chromium, apart from whatever the user has of either.

`Lab` is the server, `browser()` the browser, `Notebook` an open notebook. Used by the browser
tests and by benchmarks/; no test is in here. Everything is on loopback, in a folder of its own, and
ends with the `with` block that began it.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Browser, Locator, Page, Playwright, WebSocket, sync_playwright

BIG_FRAME: Final = 1_000_000
PATIENCE_MS: Final = 120_000  # what is waited for comes; this only ends what never will
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name resolves, so nothing leaves the machine even if a page tries.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# What anywidget says of a widget whose code was not there within two seconds. It goes on waiting,
# and shows the widget, or its error, when the code comes.
_LATE: Final = "[anywidget] Failed to initialize model."
_CURRENT: Final = "window.jupyterapp?.shell?.currentWidget"
_KERNEL: Final = f"{_CURRENT}?.context?.sessionContext?.session?.kernel"

# Which requests each kernel has not answered yet: after the last thing it says of one, it is idle.
# A restarted kernel answers none of those before.
_FOLLOW: Final = f"""() => {{
    const kernel = {_KERNEL};
    const open = (window.labOpen ??= new Map());
    if (open.has(kernel)) return;
    const asked = new Set();
    open.set(kernel, asked);
    kernel.anyMessage.connect((_, {{ msg, direction }}) => {{
        if (direction === "send" && msg.channel === "shell") asked.add(msg.header.msg_id);
        if (msg.header.msg_type === "status" && msg.content.execution_state === "idle")
            asked.delete(msg.parent_header.msg_id);
    }});
    kernel.statusChanged.connect((_, status) => /start|dead/.test(status) && asked.clear());
    kernel.disposed.connect(() => open.delete(kernel));
}}"""
# So do panels whose full picture is still to come.
_ANSWERED: Final = """() => [...(window.labOpen ?? new Map()).values()].every(asked => !asked.size)
    && [...document.querySelectorAll(".lab-status")].every(
        status => !status.textContent.includes("the full one follows"))"""
# Nothing moves by itself any more, and what was drawn is on the screen.
_RESTED: Final = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    const moving = document.getAnimations().filter(
        each => each.playState === "running" && each.effect.getComputedTiming().endTime < Infinity);
    await Promise.allSettled(moving.map(each => each.finished));
    await frame();
    await frame();
}"""
# The same for thirty frames of the page, which are longer where the machine is slow.
_STEADY: Final = """async read => {
    const look = new Function(`return ${read}`);
    for (let same = 0, last = look(); same < 30; ) {
        await new Promise(requestAnimationFrame);
        const now = look();
        same = now === last ? same + 1 : 0;
        last = now;
    }
    return look();
}"""


def until(file: str, sleep: str = "time.sleep") -> str:
    """Code of a cell that is busy, or awaits, until that file stands beside its notebook."""
    return f"""import asyncio, pathlib, time
for _ in range(3000):
    if pathlib.Path({file!r}).exists():
        break
    {sleep}(0.05)"""


def as_user(number: int | None) -> dict[str, Any]:
    """What a process is started with to belong to another user, and to no group of root's."""
    return {} if number is None else {"user": number, "group": number, "extra_groups": []}


class NoBrowserError(RuntimeError):
    """There is no Chromium to drive; the message says where it was looked for."""


def find_chromium(playwright: Playwright) -> str:
    """The path of a Chromium: LAB_CHROMIUM, else the system's, else Playwright's own.

    Raises:
        NoBrowserError: none of them exists.
    """
    named = os.environ.get("LAB_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    found = found or playwright.chromium.executable_path
    if not Path(found).exists():
        raise NoBrowserError("no Chromium: install one, or name it in LAB_CHROMIUM")
    return found


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium. Raises NoBrowserError."""
    with sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        path = find_chromium(playwright)
        chromium = playwright.chromium.launch(executable_path=path, args=[*_QUIET, *root])
        try:
            yield chromium
        finally:
            chromium.close()


class Lab:
    """A JupyterLab server on loopback whose files, settings and kernels live under `root`.

    It is that of an environment's `python`, and for root it can be that of another user, who then
    has to own `root`.

    Args:
        root: an empty folder.
        without: extensions of JupyterLab's that are left out.

    Attributes:
        files: the folder it serves; put notebooks here.
        url: where it listens, without a slash at the end.
    """

    def __init__(
        self,
        root: Path,
        *,
        python: str | Path = sys.executable,
        user: int | None = None,
        without: Sequence[str] = (),
    ) -> None:
        self.files = root / "files"
        self.url = ""
        self._root = root
        self._python = str(python)
        self._user = user
        self._without = ("@jupyterlab/apputils-extension:announcements", *without)
        self._runtime = root
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._runtime = Path(tempfile.mkdtemp(prefix="lab-"))  # paths of sockets have to be short
        for name in ("files", "config", "config/labconfig", "settings", "workspaces"):
            (self._root / name).mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            for path in (self._runtime, *self._root.rglob("*/")):
                os.chown(path, self._user, self._user)
        disabled = dict.fromkeys(self._without, True)
        page_config = self._root / "config/labconfig/page_config.json"
        page_config.write_text(json.dumps({"disabledExtensions": disabled}))
        self.configure("notebook-extension/tracker", windowingMode="none")
        with (self._root / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.files,
                env=self._environment(),
                **as_user(self._user),
                stdout=log,
                stderr=log,
            )
        self.url = self._wait_for_url()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._runtime, ignore_errors=True)

    def configure(self, plugin: str, **settings: Any) -> None:
        """Set what the Settings editor would, for pages opened from now on."""
        path = self._root / "settings/@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))

    def theme(self, name: str) -> None:
        """`light` or `dark`, for pages opened from now on."""
        self.configure("apputils-extension/themes", theme=f"JupyterLab {name.capitalize()}")

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Put a notebook of code cells into `files`; returns `name`."""
        notebook = nbformat.v4.new_notebook()
        # Without a kernelspec a dialog asks for one and blocks every click.
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(notebook, self.files / name)
        return name

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": "0",
            "ServerApp.open_browser": "False",
            "ServerApp.allow_root": "True",
            "ServerApp.root_dir": str(self.files),
            "IdentityProvider.token": "",
            "LabApp.user_settings_dir": str(self._root / "settings"),
            "LabApp.workspaces_dir": str(self._root / "workspaces"),
            "LabApp.expose_app_in_browser": "True",
            "LabApp.news_url": "",
            # Of the ports that are free when a kernel is begun, other tests may have one a second
            # later, when it listens.
            "KernelManager.transport": "ipc",
        }
        arguments = [f"--{key}={value}" for key, value in options.items()]
        return [self._python, "-m", "jupyterlab", *arguments]

    def _environment(self) -> dict[str, str]:
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "IPYTHONDIR": "ipython",
        }
        own = {key: str(self._root / name) for key, name in folders.items()}
        own["JUPYTER_RUNTIME_DIR"] = str(self._runtime)
        if self._user is not None:
            own["HOME"] = str(self._root)
        return {**os.environ, **own, "JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_NO_CONFIG": ""}

    def _wait_for_url(self) -> str:
        assert self._process is not None
        note = self._runtime / f"jpserver-{self._process.pid}.json"
        for _ in range(PATIENCE_MS // 100):
            if self._process.poll() is not None:
                break
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                return str(json.loads(note.read_text())["url"]).rstrip("/")
            time.sleep(0.1)
        raise RuntimeError((self._root / "server.log").read_text())


class Notebook:
    """A notebook open in a page of its own, and what that page said and received.

    Attributes:
        page: Playwright's page.
        errors: console errors and uncaught exceptions, in order.
        foreign: addresses asked for outside loopback.
        frames: sizes in bytes of what kernels sent, in order. The server's own news is left out:
            it tells of every look at a folder and of every autosave.
    """

    def __init__(
        self, chromium: Browser, lab: Lab, *, width: int = 1280, height: int = 900
    ) -> None:
        self.lab = lab
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.frames: list[int] = []
        self.page: Page = chromium.new_page(viewport={"width": width, "height": height})
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", lambda said: said.type == "error" and self._hear(said.text))
        self.page.on("pageerror", lambda error: self._hear(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", self._listen)
        self._loaded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        if not self.page.is_closed():
            self.shut_down()
            self.page.close()

    def shut_down(self) -> None:
        """End the kernel; the notebook is still to be seen."""
        self.page.evaluate(f"{_CURRENT}?.context?.sessionContext?.shutdown().catch(() => 0)")

    def forget(self) -> None:
        """Start counting and collecting anew."""
        for record in (self.errors, self.foreign, self.frames):
            record.clear()

    @property
    def received(self) -> int:
        """Bytes received from kernels so far."""
        return sum(self.frames)

    @property
    def big_frames(self) -> int:
        """How many messages were as large as only plotly.js is."""
        return sum(size >= BIG_FRAME for size in self.frames)

    def open(self, path: str) -> Self:
        """Open a notebook of the lab's folder, side bar closed, and wait for its kernel.

        In a workspace of its own: what another page has open does not come with a reload. A page
        that has loaded JupyterLab already replaces its notebook.
        """
        if self._loaded:
            return self.replace(path)
        self.page.goto(f"{self.lab.url}/lab/workspaces/{uuid.uuid4().hex}/tree/{path}")
        self._follow()
        self.command("application:toggle-left-area", only_if=".jp-SidePanel:visible")
        self._loaded = True
        return self

    def switch(self, path: str) -> Self:
        """Open another notebook in the same page, with a kernel of its own, beside this one."""
        self.page.evaluate(
            "path => window.jupyterapp.commands.execute("
            "'docmanager:open', { path, options: { mode: 'split-bottom' } }).then(() => 0)",
            path,
        )
        self.page.wait_for_function(f"{_CURRENT}?.context?.path === {path!r}")
        self._follow()
        return self

    def replace(self, path: str) -> Self:
        """Open another notebook, with a kernel of its own, in place of all that are open."""
        script = """async path => {
            const { commands, shell } = window.jupyterapp, before = [...shell.widgets("main")];
            const opened = await commands.execute("docmanager:open", { path });
            for (const each of before.filter(each => each !== opened)) {
                await each.context?.sessionContext?.shutdown();
                each.dispose(); // whatever was changed in it is dropped without a question
            }
        }"""
        self.page.evaluate(script, path)
        self.page.wait_for_function(f"{_CURRENT}?.context?.path === {path!r}")
        self._follow()
        self.forget()  # what those before had still to say of the end of their kernels
        return self

    @property
    def path(self) -> str:
        """The current notebook, below the lab's folder."""
        return str(self.page.evaluate(f"{_CURRENT}.context.path"))

    def reload(self) -> Self:
        """Load the page anew and wait for the kernel, which lived on."""
        self.page.reload()
        self._follow()
        return self

    def command(self, name: str, *, only_if: str = "") -> None:
        """Run a command of JupyterLab's palette and wait for it to end."""
        if only_if and not self.page.locator(only_if).count():
            return
        self.page.evaluate("name => window.jupyterapp.commands.execute(name).then(() => 0)", name)

    def run_all(self, *, plots: int = 0) -> Self:
        """Run every cell, wait until the kernel is idle and `plots` plots are drawn.

        Raises:
            RuntimeError: plots were expected, but a cell ended in an exception.
        """
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(f"{_KERNEL}?.status === 'idle'")
        if plots:
            if errors := self.cell_errors():
                raise RuntimeError("; ".join(errors))
            self.wait_drawn(plots)
        return self

    def run_each(self) -> Self:
        """Run every cell one after the other, also those after one that ends in an exception."""
        script = f"""async () => {{
            const {{ content }} = {_CURRENT};
            for (const cell of content.widgets.keys()) {{
                content.deselectAll();
                content.activeCellIndex = cell;
                await window.jupyterapp.commands.execute("notebook:run-cell");
            }}
        }}"""
        self.page.evaluate(script)
        return self

    def save(self) -> Path:
        """Save the notebook; returns the file."""
        self.command("docmanager:save")
        return self.lab.files / self.path

    def cell_errors(self) -> list[str]:
        """`name: message` of every exception that a cell shows."""
        script = f"""() => {_CURRENT}.content.widgets.flatMap(
            cell => (cell.model.sharedModel.toJSON().outputs ?? []))
            .filter(output => output.output_type === 'error')
            .map(output => `${{output.ename}}: ${{output.evalue}}`)"""
        return list(self.page.evaluate(script))

    def kernel_text(self, code: str) -> str:
        """What `print`s in `code`, run in the notebook's kernel, wrote."""
        script = f"""async code => {{
            let text = "";
            const future = {_KERNEL}.requestExecute({{ code, store_history: false }});
            future.onIOPub = ({{ content }}) => text += content.text ?? content.evalue ?? "";
            await future.done;
            return text.trim();
        }}"""
        return str(self.page.evaluate(script, code))

    def plots(self) -> Locator:
        """The plots that plotly.js has drawn."""
        return self.page.locator(".js-plotly-plot:has(.main-svg)")

    def wait_drawn(self, count: int = 1) -> None:
        """Wait until `count` plots are drawn."""
        self.plots().nth(count - 1).wait_for()

    def title(self, plot: int = 0) -> str:
        """The title a plot shows."""
        return str(self.plots().nth(plot).evaluate("plot => plot._fullLayout.title.text"))

    def wait_title(self, text: str, plot: int = 0) -> None:
        """Wait until a plot's drawn title holds `text`."""
        title = self.page.locator(".js-plotly-plot").nth(plot).locator(".gtitle")
        title.filter(has_text=text).wait_for()

    def traces(self, plot: int = 0) -> list[dict[str, Any]]:
        """`name`, `x` and `y` of each drawn trace, as plotly.js decoded them."""
        self.page.wait_for_function(_ANSWERED)
        self.rest()
        script = """plot => plot._fullData.map(({ name, x, y }) =>
            ({ name, x: Array.from(x ?? []), y: Array.from(y ?? []) }))"""
        return list(self.plots().nth(plot).evaluate(script))

    def settle(self, seconds: float = 0.4) -> None:
        """Wait until kernels have answered all that was asked, and said nothing for `seconds`."""
        seen = -1
        while seen != len(self.frames):
            self.page.wait_for_function(_ANSWERED)
            seen = len(self.frames)
            self.page.wait_for_timeout(seconds * 1000)

    def rest(self) -> None:
        """Wait until transitions and animations are over, and what was drawn is on the screen."""
        self.page.evaluate(_RESTED)

    def steady(self, read: str) -> Any:
        """What an expression of the page is, once it has been that for thirty frames."""
        return self.page.evaluate(_STEADY, read)

    def picture(self, path: Path, *, width: int = 1280, height: int = 900) -> Path:
        """A screenshot at a given width in pixels."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()
        self.page.screenshot(path=path)
        return path

    def _follow(self) -> None:
        self.page.wait_for_function(f"{_KERNEL}?.status === 'idle'")
        self.page.evaluate(_FOLLOW)

    def _hear(self, error: str) -> None:
        if _LATE not in error:
            self.errors.append(error)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            self.foreign.append(url)

    def _listen(self, socket: WebSocket) -> None:
        self._note(socket.url)
        if "/api/kernels/" not in socket.url:
            return
        socket.on("framereceived", lambda frame: self.frames.append(len(frame)))
