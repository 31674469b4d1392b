"""Ctrl-C, and the kernel's interrupt: heard between two steps, never in the midst of one.

Python raises KeyboardInterrupt wherever the main thread happens to be: between a socket that was
opened and the name it was to have, say. What is opened or closed in `Unbroken` is so before the
interrupt is heard; `opened` then closes again what nobody will be given. Other threads hear none.
"""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from weakref import ref

T = TypeVar("T")


class _Itself(property):
    """A way into a `with` that is not written in Python; `ExitStack` calls it with the thing."""

    def __call__(self, thing: T) -> T:
        return thing


class Entered:
    """What is open before its `with`, and is its `as`.

    An interrupt is heard where a function written in Python begins. `__enter__` would be one, and
    what was opened for the `with` nobody's to close. To make a weak reference and call it is none.
    """

    if TYPE_CHECKING:

        def __enter__(self) -> Self: ...

    else:
        __enter__ = _Itself(ref)


class Unbroken:
    """An interrupt waits until what stands in this `with` is done; a second one does not wait.

    For what is soon done: nobody wants to press Ctrl-C and see nothing.
    """

    def __init__(self) -> None:
        self._heard: list[FrameType | None] = []
        self._usual: Callable[[int, FrameType | None], object] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            usual = signal.getsignal(signal.SIGINT)
            if callable(usual):
                self._usual = usual
                signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._usual is not None:
            signal.signal(signal.SIGINT, self._usual)
            if self._heard:
                self._usual(signal.SIGINT, self._heard.pop())

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._heard and self._usual is not None:
            self._usual(number, frame)
        self._heard.append(frame)


def opened(make: Callable[[ExitStack], T]) -> T:
    """What `make` makes. Where that fails or is interrupted, what it had opened is closed.

    Args:
        make: gives the stack each thing's way to close, in the same `Unbroken` in which it opens
            that; and returns the whole at once after the last of these.
    """
    undo = ExitStack()
    try:
        return make(undo)
    except BaseException:
        with Unbroken():
            undo.close()
        raise
