"""Random keys for what is on a page: a learner who never tires, and reads nothing."""

from random import Random
from typing import Final

from .harness import Notebook

# What takes keys and is ours. Neither leaves a file behind, nor opens a dialog of the system.
_OPEN: Final = """() => {
    const skip = '[type=file], :disabled, [tabindex="-1"]';
    const keys = 'input, select, button, [tabindex]';
    window.labKeys = [...document.querySelectorAll('.lab-live')].flatMap(
        live => [...live.querySelectorAll(keys)]).filter(node => !node.matches(skip)
            && !/Download/.test(node.textContent) && node.checkVisibility());
    return window.labKeys.length;
}"""
_TAKE: Final = """index => {
    const node = window.labKeys[index];
    node.focus(); // which does nothing where it is gone by now
    return `${node.localName} ${node.type ?? ""}`;
}"""
_INSIDE: Final = "() => !!document.activeElement?.closest('.lab-live')"
_MOVES: Final = (
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "ArrowDown",
    "Home",
    "End",
    "PageUp",
    "PageDown",
)
_KEYS: Final = {
    "input number": ("1", "0", "6", "9", "-", ".", "Backspace", "Enter", "ArrowUp", "ArrowDown"),
    "input text": ("1", "9", ".", " ", "Backspace", "Enter"),
    "input checkbox": ("Space",),
    "button button": ("Enter", "Space"),
    "select select-one": ("ArrowDown", "ArrowUp", "Home", "End"),
}
_MANY: Final = 5  # keys in one control before the next, at most


class Gremlin:
    """Presses keys in our widgets: `strokes` counts them, and `rng` draws them.

    Where it is and what it presses there follows from `rng` and from what the page shows. It goes
    from control to control in leaps, and now and then by Tab.
    """

    def __init__(self, page: Notebook, rng: Random) -> None:
        self.strokes = 0
        self._page, self._rng = page, rng

    def stretch(self) -> None:
        """Every control to both of its ends, so that all that is ever large has been so once."""
        for place in range(self._page.page.evaluate(_OPEN)):
            self._page.page.evaluate(_TAKE, place)
            for key in ("End", "Home"):
                self._press(key)
                self._page.settle(0)

    def play(self, turns: int) -> None:
        """So many controls, a few keys in each."""
        for _ in range(turns):
            self._turn()

    def _turn(self) -> None:
        there = self._page.page.evaluate(_OPEN)
        kind = self._page.page.evaluate(_TAKE, self._rng.randrange(there))
        keys = _KEYS.get(kind, _MOVES)
        for _ in range(self._rng.randint(1, _MANY)):
            self._press(self._rng.choice(keys))
        self._press(self._rng.choice(("Tab", "Shift+Tab", "Escape")))

    def _press(self, key: str) -> None:
        # Outside, the same keys would cut cells and follow links: those are JupyterLab's.
        if self._page.page.evaluate(_INSIDE):
            self._page.page.keyboard.press(key)
            self.strokes += 1
