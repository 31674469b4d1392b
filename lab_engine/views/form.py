"""The controls of a panel on the page: one widget for all of them, with Reset and a status line.

Not here: what the values mean (controls.py) or set off (panel.py). Native HTML inputs are used
where ipywidgets has its own: an ipywidgets slider has no accessible name, and a labelled slider
with a number box costs a dozen models (about 15 KB) where this form is one. The front end is
page/form.js.
"""

from typing import Any

import traitlets

from .widget import PageWidget


class Form(PageWidget):
    """Labelled inputs, each under its control's path.

    Attributes:
        values: what each input shows, by path; set by either side.
        start: the values that Reset returns to.
        status: one line, announced by screen readers when it changes.
        wrong: the paths whose values were refused.
    """

    label = traitlets.Unicode().tag(sync=True)
    specs = traitlets.List().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)
    # The page's own change is not echoed to it: one message less on the way to a new picture.
    values = traitlets.Dict().tag(sync=True, echo_update=False)
    status = traitlets.Unicode().tag(sync=True)
    wrong = traitlets.List().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__("form", _quiet=True, **traits)

    def say(self, status: str, wrong: tuple[str, ...] = ()) -> None:
        """Show `status` and mark the inputs at the paths `wrong`."""
        with self.hold_sync():
            self.status = status
            self.wrong = list(wrong)

    def __repr__(self) -> str:
        return f"Controls: {', '.join(self._labels())}"

    def _labels(self) -> list[Any]:
        return [spec["label"] for spec in self.specs]
