"""A widget that hears its kernel, however late its code comes to the page.

anywidget 0.11 makes a widget deaf whose code takes over two seconds, as it may where the machine is
slow and the page has many; page/hear.js says what is done. Not here: what any widget shows.
"""

import uuid
from pathlib import Path
from typing import Final

import anywidget
import traitlets

HEAR: Final = (Path(__file__).parent / "page/hear.js").read_text(encoding="utf-8")
"""Part of the code of each: its `initialize` calls `hear(model)`, and waits for nothing."""


class HearingWidget(anywidget.AnyWidget):
    """A widget that can find its own model among those of its page.

    Attributes:
        _address: what the page's manager of widgets knows it by.
    """

    _address = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: object) -> None:
        address = uuid.uuid4().hex
        super().__init__(model_id=address, _address=address, **traits)
