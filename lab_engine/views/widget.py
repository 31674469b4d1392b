"""What all our widgets share: their front end crosses to a page once, whichever asks for it first.

anywidget would send a widget's code with each widget. Ours is sent a loader (page/loader.js), which
asks the kernel for the front end: all files of page/, joined. A file there is a module of its own,
with imports and exports; since no build step stands between this repository and a page, joining
makes each a function that returns what it exports. Not here: what any widget shows.
"""

import functools
import gzip
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final

import traitlets

from .hearing import HEAR, HearingWidget

_PAGE: Final = Path(__file__).parent / "page"
_LOADER: Final = "loader.js"
# In the order in which they need each other.
_FILES: Final = (
    "dom.js",
    "keep.js",
    "keys.js",
    "frame.js",
    "play.js",
    "form.js",
    "buttons.js",
    "plot.js",
    "mosaic.js",
    "loads.js",
    "tiles.js",
    "fan.js",
    "dots.js",
    "lamps.js",
    "strip.js",
    "log.js",
    "drawer.js",
    "matrix.js",
    "land.js",
    "flow.js",
    "map.js",
    "tree.js",
    "drawn.js",
    "queues.js",
    "together.js",
)
PARTS: Final = (
    *("form", "buttons", "plot", "tiles", "strip", "log"),
    *("fan", "dots", "together", "drawer", "matrix", "map", "tree", "drawn"),
    "queues",
)
_NOTE: Final = re.compile(r"^ *//.*\n", re.MULTILINE)
_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.MULTILINE)


class PageWidget(HearingWidget):
    """A widget drawn by the front end's function `_part`.

    Others may be offered to the page with `libraries`: names, and what makes their source.
    """

    # Sent with each widget, so without what is for its readers only.
    _esm = _NOTE.sub("", (_PAGE / _LOADER).read_text(encoding="utf-8") + HEAR)

    _part = traitlets.Unicode().tag(sync=True)
    _front = traitlets.Unicode().tag(sync=True)
    _kernel = traitlets.Unicode().tag(sync=True)
    # Says nothing while it waits: something beside it does.
    _quiet = traitlets.Bool(False).tag(sync=True)

    libraries: ClassVar[dict[str, Callable[[], bytes]]] = {}

    def __init__(self, part: str, **traits: object) -> None:
        super().__init__(_part=part, _front=front_name(), _kernel=_kernel_name(), **traits)
        self.on_msg(self._answer)

    def _answer(self, _widget: object, content: object, _buffers: object) -> None:
        name = content.get("ask") if isinstance(content, dict) else None
        if name == self._front:
            self.send({"answer": name}, buffers=[_packed_front()])
        elif name in self.libraries:
            self.send({"answer": name}, buffers=[self.libraries[name]()])


def front_source() -> str:
    """The front end as one script: the files of page/, and what they look like."""
    style = "".join(path.read_text(encoding="utf-8") for path in sorted(_PAGE.glob("*.css")))
    files = [_enclosed((_PAGE / name).read_text(encoding="utf-8")) for name in _FILES]
    last = f"dress({json.dumps(style)});\nmodule.exports = {{ {', '.join(PARTS)} }};\n"
    return "\n".join((*files, last))


def _enclosed(module: str) -> str:
    exports = f"{{ {', '.join(_EXPORT.findall(module))} }}"
    body = _NOTE.sub("", _EXPORT.sub("", _IMPORT.sub("", module)))  # notes are for readers here
    return f"const {exports} = (() => {{\n{body}\nreturn {exports};\n}})();"


@functools.cache
def front_name() -> str:
    """What a page knows this front end by: another version is another library."""
    return f"front-{hashlib.sha256(front_source().encode()).hexdigest()[:12]}"


@functools.cache
def _packed_front() -> bytes:
    return gzip.compress(front_source().encode(), mtime=0)


@functools.cache
def _kernel_name() -> str:
    """What a page knows this process by, so that it asks each kernel only once."""
    return uuid.uuid4().hex
