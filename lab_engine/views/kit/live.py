"""A picture on a page: a widget that draws it, moves through its frames, and can be given another.

The frames cross once, as bytes; which of them is shown is the page's own affair. The front end is
page/tiles.js and page/strip.js.
"""

import json
import zlib
from typing import Any

import traitlets

from lab_engine.views.widget import PageWidget

from .picture import Picture


class LivePicture(PageWidget):
    """A picture that can be replaced, by one of its kind, while the page shows it."""

    # Both deflated: names, packets and frames repeat themselves.
    _still = traitlets.Bytes().tag(sync=True)
    _frames = traitlets.Bytes().tag(sync=True)
    _summary = traitlets.Unicode().tag(sync=True)
    # Told last, so that the page draws once, when all of the above is there.
    _turn = traitlets.Int().tag(sync=True)

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        super().__init__(picture.kind, **_traits(picture))

    @property
    def picture(self) -> Picture:
        """The one shown."""
        return self._picture

    @property
    def summary(self) -> str:
        """The sentence under the picture."""
        return str(self._summary)

    def show(self, picture: Picture) -> None:
        """Draw `picture` in place of the present one; the playhead stays where it was."""
        self._picture = picture
        with self.hold_sync():
            for name, value in _traits(picture).items():
                setattr(self, name, value)
            self._turn += 1

    def __repr__(self) -> str:
        # No address and no id: nbval compares this text with the one stored in the notebook.
        return f"Picture: {self.summary}"


def _traits(picture: Picture) -> dict[str, Any]:
    return {
        "_still": zlib.compress(json.dumps(picture.still(), allow_nan=False).encode()),
        "_frames": zlib.compress(picture.frames()),
        "_summary": picture.sentence,
    }
