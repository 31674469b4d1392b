"""How what we show comes onto a page: as a live widget, and beside it a still twin for other days.

Two outputs, since a page that cannot make the widget shows an error in place of a bundle, whatever
else the bundle holds. The twin folds away while a kernel runs, and the error while a twin stands in
for it. A style sheet does both, and counts only in notebooks that are trusted; so do widgets.
"""

import base64
from html import escape
from typing import Final, Protocol

from IPython.display import display

VIEW: Final = "application/vnd.jupyter.widget-view+json"
RUN_ME: Final = "Run this cell (Shift+Enter) to move it."
STYLE: Final = """\
<style>
.jp-OutputArea:has(.lab-live) .jp-OutputArea-child:has(.lab-twin){display:none}
.jp-OutputArea-child:not(:has(.lab-live)):has(+ .jp-OutputArea-child .lab-twin){display:none}
[data-jp-theme-light="false"] figure img,.vscode-dark figure img,\
[theme="dark"] figure img{color-scheme:dark}
.lab-twin,.lab-still{margin:4px 0}
.lab-twin img,.lab-still img{max-width:100%}
</style>
"""


class _Widget(Protocol):
    @property
    def model_id(self) -> str: ...


class Displayed:
    """Something with a `widget` and a `twin`: a cell that ends with it shows both."""

    @property
    def widget(self) -> _Widget:
        """What the page draws."""
        raise NotImplementedError

    def twin(self) -> str:
        """HTML for readers without a kernel."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        display({VIEW: view}, raw=True)
        display({"text/html": self.twin(), "text/plain": repr(self)}, raw=True)


def twin_html(svg: str, words: str, still: str = "") -> str:
    """The HTML of a twin: the file `still`, a picture, or both; or else the words alone."""
    packed = base64.b64encode(svg.encode()).decode("ascii")
    sources = [escape(still)] * bool(still) + [f"data:image/svg+xml;base64,{packed}"] * bool(svg)
    # The words are of all pictures together, so the last one carries them.
    alts = [*["The figure above these words."] * (len(sources) - 1), escape(words)]
    images = [f'<img alt="{alt}" src="{at}">' for alt, at in zip(alts, sources, strict=False)]
    return html_twin("".join(images) or f"<p>{escape(words)}</p>")


def html_twin(shown: str) -> str:
    """A twin of HTML of one's own. A hidden output is told by its first line: that says nothing."""
    return f' \n{STYLE}<figure class="lab-twin">{shown}<figcaption>{RUN_ME}</figcaption></figure>\n'


def still_html(svg: str, words: str) -> str:
    """The HTML of a picture in which nothing moves; its first line says nothing, as a twin's."""
    packed = base64.b64encode(svg.encode()).decode("ascii")
    image = f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{packed}">'
    caption = f"<figcaption>{escape(words)}</figcaption>"
    return f' \n{STYLE}<figure class="lab-still">{image}{caption}</figure>\n'
