"""What the control plane refuses: Route 53's code and words, and a plain sentence of help."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from lab_engine.errors import LabError


class Fault(NamedTuple):
    """One thing that is wrong.

    Attributes:
        text: as Route 53 says it.
        help: what to do, in a sentence of our own.
    """

    text: str
    help: str


class Refusal(LabError):  # noqa: N818  (an answer, which happens to be raised)
    """A request that is refused; nothing of it was done.

    Attributes:
        code: Route 53's, such as `InvalidChangeBatch`.
        faults: all that is wrong.
        status: of the HTTP response: 404 for what does not exist, else 400.
    """

    def __init__(self, code: str, faults: Iterable[Fault], status: int = 0) -> None:
        self.code = code
        self.faults = tuple(faults)
        self.status = status or (404 if code.startswith("NoSuch") else 400)
        super().__init__(code, self.message, self.help)

    def __reduce__(self) -> tuple[type[Self], tuple[str, tuple[Fault, ...], int]]:
        return type(self), (self.code, self.faults, self.status)

    @property
    def message(self) -> str:
        """Route 53's words; those of a change batch are a list, even if it has one entry."""
        texts = ", ".join(fault.text for fault in self.faults)
        return f"[{texts}]" if self.code == "InvalidChangeBatch" else texts

    @property
    def help(self) -> str:
        """What to do, each advice once."""
        return " ".join(dict.fromkeys(fault.help for fault in self.faults))

    def __str__(self) -> str:
        """As a notebook shows it: Route 53's words, then the help on a line of its own."""
        return f"{self.code}: {self.message}\n{self.help}"


def refused(code: str, text: str, help: str, status: int = 0) -> Refusal:  # noqa: A002
    """A refusal for one reason."""
    return Refusal(code, [Fault(text, help)], status)
