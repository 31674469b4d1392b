"""How what we show comes onto a page: as a live widget, and beside it a still twin for other days.

Two outputs, since a page that cannot make the widget shows an error in place of a bundle, whatever
else the bundle holds. The twin folds away while a kernel runs, and the error while a twin stands in
for it. A style sheet does both, and counts only in notebooks that are trusted; so do widgets.
"""

import base64
from html import escape
from typing import Any, Final, Protocol

from IPython.display import display

VIEW: Final = "application/vnd.jupyter.widget-view+json"
RUN_ME: Final = "Run this cell (Shift+Enter) to move it."
STYLE: Final = """\
<style>
.jp-OutputArea:has(.lab-live) .jp-OutputArea-child:has(.lab-twin){display:none}
.jp-OutputArea-child:has(.jupyter-widgets):not(:has(.lab-live))\
:has(~ .jp-OutputArea-child .lab-twin){display:none}
[data-jp-theme-light="false"] .lab-twin img,.vscode-dark .lab-twin img,\
[theme="dark"] .lab-twin img{color-scheme:dark}
.lab-twin{margin:4px 0}
.lab-twin img{max-width:100%}
</style>
"""


class _Widget(Protocol):
    def _repr_mimebundle_(self, **kwargs: Any) -> Any: ...


class Shown:
    """Something with a `widget` and a `twin`: a cell that ends with it shows both."""

    widget: _Widget

    def twin(self) -> str:
        """HTML for readers without a kernel."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        bundle = self.widget._repr_mimebundle_()
        display({VIEW: bundle[VIEW]}, raw=True)
        display({"text/html": self.twin(), "text/plain": repr(self)}, raw=True)


def twin_html(svg: str, words: str, still: str = "") -> str:
    """The HTML of a twin: a picture, or the file `still`, or else the words alone.

    A hidden output is announced by its first line, so the first line says nothing.
    """
    if svg:
        packed = base64.b64encode(svg.encode()).decode("ascii")
        shown = f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{packed}">'
    elif still:
        shown = f'<img alt="{escape(words)}" src="{escape(still)}">'
    else:
        shown = f"<p>{escape(words)}</p>"
    return f' \n{STYLE}<figure class="lab-twin">{shown}<figcaption>{RUN_ME}</figcaption></figure>\n'
