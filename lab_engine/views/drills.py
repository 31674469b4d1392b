"""The panel of a drill: buttons that let back ends fail, a strip that fills, and what came of it.

The page asks for news while it is on screen; each time the kernel draws what the drill has noted by
then, and a virtual drill goes on by as much as has passed. Nothing runs in the kernel's loop in
between, so that cells run as ever, and a page that is left asks no more.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import ipywidgets
import traitlets

from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account
from lab_engine.errors import LabError
from lab_engine.live.drills import NO_SOCKETS, Drill, drill
from lab_engine.live.record import Record
from lab_engine.live.result import Result
from lab_engine.views.display import Displayed, twin_html
from lab_engine.views.kit.drillbars import drill_bars
from lab_engine.views.kit.drillstrip import drill_strip
from lab_engine.views.kit.live import LivePicture
from lab_engine.views.kit.partbars import PartBars
from lab_engine.views.kit.strip import Strip
from lab_engine.views.widget import PageWidget

LONGEST: Final = 45.0  # seconds of one drill, and of the axis
MOST_AT_ONCE: Final = 2.0  # seconds by which a virtual one goes on after a pause of the page
SLOW: Final = 3.0  # seconds that Make slow adds: more than clients and checks wait
READY: Final = "Start the drill: real servers, probes and requests on this machine."
READY_VIRTUAL: Final = "Start the drill: it is played in virtual time, without sockets."
RUNNING: Final = "The drill is running. Let a back end fail."
OVER: Final = "The drill is over. Start begins another."
NOT_YET: Final = "Start the drill first."


@dataclass(frozen=True)
class Deed:
    """A button.

    Attributes:
        name: what crosses to the kernel.
        says: what stands on it.
        aimed: whether it is done to the back end that is chosen.
        did: what the status line says then.
    """

    name: str
    says: str
    aimed: bool = True
    did: str = ""

    def spec(self) -> dict[str, Any]:
        """How the page draws it."""
        return {"name": self.name, "says": self.says, "aimed": self.aimed}


DEEDS: Final = (
    Deed("start", "Start", aimed=False),
    Deed("stop", "Stop", aimed=False),
    Deed("kill", "Kill", did="{} refuses connections."),
    Deed("slow", "Make slow", did=f"{{}} takes {SLOW:g} s more for each answer."),
    Deed("lie", "Make lie", did="{} answers 200 to its health check, and 500 to everybody else."),
    Deed("heal", "Heal", did="{} is well again."),
)


class Buttons(PageWidget):
    """The buttons of something that goes on.

    Attributes:
        label: of the group.
        asks: what the list is of.
        whom: the list.
        deeds: the buttons.
        status: one line, announced by screen readers when it changes.
        wrong: whether that is a refusal.
        going: whether the page should ask for news.
    """

    label = traitlets.Unicode().tag(sync=True)
    asks = traitlets.Unicode().tag(sync=True)
    whom = traitlets.List().tag(sync=True)
    deeds = traitlets.List().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    wrong = traitlets.Bool(False).tag(sync=True)
    going = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__("buttons", _quiet=True, **traits)

    def say(self, status: str, *, wrong: bool = False) -> None:
        """Put a line below the buttons."""
        with self.hold_sync():
            self.status, self.wrong = status, wrong

    def __repr__(self) -> str:
        return f"Buttons: {', '.join(each['says'] for each in self.deeds)}"


class DrillPanel(Displayed):
    """Buttons, strip and bars over one drill after another.

    Args:
        make: makes a drill that has not begun.
        virtual: whether in virtual time.
        clock: of the machine, seconds.
    """

    def __init__(
        self,
        make: Callable[[], Drill],
        *,
        virtual: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._virtual, self._clock = make, virtual, clock
        self._drill = make()
        self._going: Drill | None = None
        self._last = 0.0
        names = [name for name in self._drill.names if name not in self._drill.stage.addresses]
        self._buttons = Buttons(
            label="The drill",
            asks="Back end",
            whom=names or list(self._drill.names),
            deeds=[each.spec() for each in DEEDS],
            status=READY_VIRTUAL if virtual else READY,
        )
        self._buttons.on_msg(self._heard)
        first = self._drill
        self._result = Result(first.stage, first.how, Record(), 0.0, not virtual, 0)
        self._strip = LivePicture(self._drawn())
        self._bars: LivePicture | None = None
        self._box = ipywidgets.VBox([self._buttons, self._strip])

    @property
    def widget(self) -> Any:
        """The buttons over the pictures."""
        return self._box

    @property
    def result(self) -> Result:
        """Of the present drill, as of the last look at it, or of the last one."""
        return self._result

    @property
    def picture(self) -> Strip:
        """The strip as it is shown."""
        return self._drawn()

    @property
    def bars(self) -> PartBars | None:
        """The bars as they are shown; None before anything has failed."""
        return drill_bars(self._result) if self._result.measured else None

    @property
    def status(self) -> str:
        """The status line."""
        return str(self._buttons.status)

    @property
    def going(self) -> bool:
        """Whether a drill is under way."""
        return self._going is not None

    def press(self, deed: str, whom: str = "") -> None:
        """Do what a button does; what cannot be done ends in the status line.

        Args:
            deed: one of `start`, `stop`, `kill`, `slow`, `lie`, `heal`.
            whom: the back end; the first, without.

        Raises:
            LabError: no such button.
        """
        known = {each.name: each for each in DEEDS}
        if deed not in known:
            raise LabError(deed, "is no button of this panel", f"Press one of {', '.join(known)}.")
        try:
            if deed == "start":
                self._start()
            elif deed == "stop":
                self.stop()
            else:
                self._do(known[deed], whom or self._buttons.whom[0])
        except LabError as wrong:
            self._buttons.say(str(wrong), wrong=True)

    def look(self) -> None:
        """Draw what has come meanwhile; a virtual drill goes on by as much as has passed."""
        if self._going is None:
            return
        self._pass_time(self._going)
        self._show(self._going)
        if self._going.now >= LONGEST:
            self.stop()

    def stop(self) -> None:
        """End the drill, if one is under way; what it came to stays."""
        going, self._going = self._going, None
        if going is None:
            return
        going.stop()
        self._buttons.going = False
        self._show(going)
        self._buttons.say(OVER)

    def _start(self) -> None:
        self.stop()
        self._going = self._make().start()
        self._last = self._clock()
        self._buttons.going = True
        self._buttons.say(RUNNING)
        self._show(self._going)
        self._end_in_time(self._going)

    def _do(self, deed: Deed, whom: str) -> None:
        if self._going is None:
            self._buttons.say(NOT_YET, wrong=True)
            return
        self._pass_time(self._going)
        if deed.name == "slow":
            self._going.slow(whom, SLOW)
        else:
            getattr(self._going, deed.name)(whom)
        self._buttons.say(deed.did.format(whom.capitalize()))
        self._show(self._going)

    def _pass_time(self, going: Drill) -> None:
        now, before = self._clock(), self._last
        self._last = now
        if self._virtual:
            going.run(min(MOST_AT_ONCE, max(0.0, now - before)))

    def _end_in_time(self, going: Drill) -> None:
        """A page that was left asks no more; the drill ends all the same."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        loop.call_later(LONGEST + 1, lambda: self.stop() if self._going is going else None)

    def _show(self, drill: Drill) -> None:
        self._result = drill.result()
        self._strip.show(self._drawn())
        bars = self.bars
        if bars is None:
            self._box.children = (self._buttons, self._strip)
        elif self._bars is None:
            self._bars = LivePicture(bars)
            self._box.children = (self._buttons, self._strip, self._bars)
        else:
            self._bars.show(bars)

    def _drawn(self) -> Strip:
        return drill_strip(self._result, between=(0.0, LONGEST))

    def _heard(self, _widget: object, content: object, _buffers: object) -> None:
        """A message of the page."""
        said = content if isinstance(content, dict) else {}
        if said.get("news"):
            self.look()
        elif said.get("left"):
            self.stop()
        elif said.get("deed") in {each.name for each in DEEDS}:
            self.press(said["deed"], str(said.get("whom", "")))

    def __repr__(self) -> str:
        # The same text in every run, since notebooks are compared by it.
        return f"Drill panel. {READY_VIRTUAL if self._virtual else READY}"

    def twin(self) -> str:
        """HTML for readers without a kernel."""
        strip = self._drawn()
        return twin_html(strip.svg(), strip.sentence)


def drill_panel(
    zone: Zone | Account, name: str = "", *, virtual: bool = NO_SOCKETS, **settings: Any
) -> DrillPanel:
    """A drill with buttons: start, kill, make slow, make lie, heal.

    Args:
        zone: as with `drill`.
        name: likewise.
        virtual: in virtual time, without sockets.
        settings: what else `drill` takes.

    Raises:
        LabError: as `drill` does.
    """
    return DrillPanel(lambda: drill(zone, name, virtual=virtual, **settings), virtual=virtual)
