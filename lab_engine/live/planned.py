"""A server that answers one name by a plan: other systems' rules, asked over the wire.

Not a server of theirs: the dice of the plan, the order of the values and the octets are the lab's.
"""

from random import Random
from typing import Final

from dns.rdatatype import RdataType

from lab_engine.authority.order import Order
from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.authority.server import Authority
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.wire.endpoint import Endpoint
from lab_engine.wire.messages import Query, respond
from lab_engine.wire.transport import InProcess, Opener, Source

ADDRESSES: Final = (RdataType.A, RdataType.AAAA)
NOBODY: Final = Client.at("127.0.0.1")


class Planned(Endpoint):
    """Answers `question` by a plan; whatever else it is asked is answered from a zone without it.

    Attributes:
        question: the one that it knows.
    """

    def __init__(
        self, question: Question, plan: Plan, authority: Authority, opener: Opener
    ) -> None:
        self.question = question
        self._plan, self._authority = plan, authority
        super().__init__(self._handle, transport=opener)

    @property
    def about(self) -> str:
        """Which rule it answers by."""
        return f"Authority of {self.question.name}: {self._plan.why}"

    @property
    def example(self) -> Question:
        """The question that it knows."""
        return self.question

    def _handle(self, wire: bytes, _source: Source, stream: bool) -> bytes | None:  # noqa: FBT001
        def decide(_query: Query, question: Question) -> Reply:
            if question == self.question:
                return self._authority.drawn(self._plan, int.from_bytes(wire[:2], "big"))
            return self._authority.respond(question, NOBODY)

        return respond(wire, decide, stream=stream)


def answering(
    question: Question,
    plan: Plan,
    *,
    order: Order | str = Order.FIXED,
    seed: int | None = None,
    transport: Opener = InProcess,
) -> Planned:
    """Start a server that answers a question by a plan, such as one of `authority.modes`.

    Args:
        question: a name and A or AAAA.
        plan: its replies and how likely each is.
        order: of the values in each: as the plan has them, unless another is said.
        seed: of the dice; None takes a new one each time.
        transport: how messages come; without sockets only this process can ask.

    Raises:
        LabError: a question that is not for addresses, or an unknown order.
    """
    if question.type not in ADDRESSES:
        kind = RdataType.to_text(question.type)
        raise LabError(kind, "is no type of addresses", "Ask for A or AAAA.")
    beside = RRset.of(question.name, "TXT", '"answered by a plan"', 60)
    authority = Authority(Zone.of(question.name.parent(), [beside]), Random(seed), order)
    return Planned(question, plan, authority, transport).start()
