"""Two outputs for one card: the widget, and a still copy that shows where no kernel is behind it.

Notebooks are stored without widgets, so the day after a page would say "model not found" where one
was. The copy stands in the same cell, hides while the widget lives, and hides the error when it
does not (views/display.py). It is brought up to date as the learner answers.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
from IPython.display import DisplayHandle, display

from lab_engine.views.display import STYLE, VIEW


def show(widget: ipywidgets.Widget, words: Sequence[str]) -> DisplayHandle:
    """Show a widget and its copy; the copy can be brought up to date with what is returned.

    Args:
        widget: its view puts the class `lab-live` on its element.
        words: what `copy` takes.
    """
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({VIEW: view}, raw=True)
    handle: DisplayHandle = display(copy(words), raw=True, display_id=True)
    return handle


def copy(words: Sequence[str]) -> dict[str, Any]:
    """A still copy as an output: a label, a heading, and paragraphs; backticks enclose code."""
    label, heading, *paragraphs = map(_marked, words)
    head = f"<p><small>{label}</small><br><strong>{heading}</strong></p>"
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    html = f'{STYLE}<div class="lab-twin">{head}{body}</div>'
    return {"text/html": html, "text/plain": "\n".join(words)}


def _marked(text: str) -> str:
    parts = escape(text).replace("\n", "<br>").split("`")
    return "".join(
        f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts)
    )
