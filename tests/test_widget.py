"""How widgets reach a page: one front end for all, sent when asked; twins for other days."""

import gzip
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from lab_engine.views import display, widget
from lab_engine.views.kit.live import LivePicture
from lab_engine.views.kit.tiles import tiles
from lab_engine.views.widget import PARTS, PageWidget, front_name, front_source

from .browser.caches import shop, watched

PAGE = Path(widget.__file__).parent / "page"
SENT_WITH_EACH = {"loader.js", "hear.js"}
MODULES = sorted({path.name for path in PAGE.glob("*.js")} - SENT_WITH_EACH)


class Sent(PageWidget):
    """A widget that remembers what it would have sent."""

    def __init__(self) -> None:
        self.messages: list[tuple[Any, Any]] = []
        super().__init__("form")

    def send(self, content: Any, buffers: Any = None) -> None:
        """Keep the message."""
        self.messages.append((content, buffers))


def test_the_front_end_is_sent_when_asked() -> None:
    """Packed, and only to who asks for this version of it."""
    sent = Sent()
    sent._handle_custom_msg({"ask": "front-of-another-day"}, [])
    assert sent.messages == []

    sent._handle_custom_msg({"ask": front_name()}, [])

    ((content, buffers),) = sent.messages
    assert content == {"answer": front_name()}
    assert gzip.decompress(buffers[0]).decode() == front_source()
    assert len(buffers[0]) < 44_000


def test_a_further_widget_carries_only_the_loader() -> None:
    """The code that anywidget sends with each of them is a few kilobytes."""
    assert len(Sent().get_state()["_esm"]) < 4_000


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_joined_after_what_it_imports(name: str) -> None:
    """And takes from it only what that exports: joined, nothing else would be there."""
    text = (PAGE / name).read_text()
    place = widget._FILES.index(name)
    for names, source in re.findall(r'import \{([^}]*)\} from "\./([^"]+)"', text):
        exported = widget._EXPORT.findall((PAGE / source).read_text())

        assert widget._FILES.index(source) < place
        assert {each.strip() for each in names.split(",") if each.strip()} <= set(exported)


def test_exports_have_names_of_their_own() -> None:
    """Joined, the exports of all modules stand side by side."""
    names = [n for name in MODULES for n in widget._EXPORT.findall((PAGE / name).read_text())]

    assert sorted(names) == sorted(set(names))
    assert set(PARTS) <= set(names)


def test_nothing_of_a_module_is_left_when_joined() -> None:
    """No import or export statement is valid inside a script."""
    assert re.findall(r"^(?:import|export) .*$", front_source(), re.MULTILINE) == []


def test_a_picture_is_replaced_as_a_whole() -> None:
    """The page is told last, when all of it is there."""
    first, second = (tiles(shop(20, ttl), watched(shop(20, ttl))) for ttl in (300, 60))
    live = LivePicture(first)
    live.show(second)
    state = live.get_state()

    assert zlib.decompress(state["_frames"]) == second.frames()
    assert json.loads(zlib.decompress(state["_still"])) == second.still()
    assert state["_summary"] == second.sentence
    assert state["_turn"] == 1
    assert live.picture is second


def test_a_cell_shows_a_widget_and_its_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two outputs; the first nothing but a widget, the second for days without a kernel."""
    outputs: list[dict[str, Any]] = []
    monkeypatch.setattr(display, "display", lambda data, raw: outputs.append(data))
    picture = tiles(shop(20), watched(shop(20)))
    picture._ipython_display_()
    live, twin = outputs

    assert list(live) == [display.VIEW]
    assert twin["text/plain"] == f"Picture. {picture.sentence}"
    assert 'src="data:image/svg+xml;base64,' in twin["text/html"]
    assert f'alt="{picture.sentence}"' in twin["text/html"]


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (display.twin_html("<svg/>", "Words"), 'src="data:image/svg+xml;base64,PHN2Zy8+"'),
        (display.twin_html("", "Words", "pictures/a.svg"), 'src="pictures/a.svg"'),
        (display.twin_html("", "1 < 2"), "<p>1 &lt; 2</p>"),
    ],
)
def test_a_twin_shows_what_there_is(made: str, shown: str) -> None:
    """A drawn picture, else a file, else the words; after a first line that tells nothing."""
    assert shown in made
    assert made.splitlines()[0].strip() == ""
    assert "Shift+Enter" in made
