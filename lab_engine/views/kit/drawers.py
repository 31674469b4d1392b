"""Looking into a cache: what a forwarder or a simulated resolver holds, question by question.

`drawer(cache)` asks through the cache, and notes after each answer what is held, which entries gave
it, and which are new. Nothing of it is part of the cache: whoever asks elsewhere is not noted.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from textwrap import shorten
from typing import Any, Final, TypeVar

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.cache import Entry
from lab_engine.caches.resolver import Kept, Key, Resolver
from lab_engine.caches.scoped import Place
from lab_engine.errors import LabError
from lab_engine.live.forwarder import Forwarder
from lab_engine.views.display import Displayed
from lab_engine.views.theme import number
from lab_engine.wire.ecs import Network, network_of
from lab_engine.wire.exchange import Exchange

from .drawer import Drawer, Look, Mark, Row, Spot

T = TypeVar("T")
Entries = Mapping[Key, Entry[Kept]]
TITLE: Final = "What the cache holds"
BEFORE: Final = "Before the first question."
_WIDEST: Final = 70  # letters of a value


class Drawing(Displayed):
    """Looks into one cache: the last line of a cell shows what was held after each question.

    Attributes:
        exchanges: what was asked of a forwarder, and answered.
    """

    def __init__(self, cache: Forwarder | Resolver, title: str) -> None:
        self._forwarder = cache if isinstance(cache, Forwarder) else None
        self._resolver = cache.memory if isinstance(cache, Forwarder) else cache
        self._title = title
        self._noted: list[Look] = []
        self.exchanges: list[Exchange] = []
        if self._forwarder is not None:
            self._noted.append(_look(self._resolver, self._forwarder.clock(), BEFORE))

    def ask(self, name: str, rdtype: str = "A", *, subnet: str | Network | None = None) -> Exchange:
        """Ask the forwarder over the wire, and look what it holds then.

        Raises:
            LabError: it is no forwarder, or what `Endpoint.ask` raises.
        """
        forwarder = self._forwarder
        if forwarder is None:
            remedy = "Use resolve(question, now, client)."
            raise LabError("A simulated resolver", "has nobody to ask over the wire", remedy)
        who = forwarder.egress or "127.0.0.1"
        client = Client.at(who) if subnet is None else Client(network_of(subnet), "ecs")
        now, question = forwarder.clock(), Question.of(name, rdtype)
        got = self._during(
            question, now, client, lambda: forwarder.ask(name, rdtype, subnet=subnet)
        )
        self.exchanges.append(got)
        return got

    def resolve(self, question: Question, now: float, client: Client | None = None) -> Reply:
        """Ask the resolver at a time, and look what it holds then."""
        return self._during(
            question, now, client, lambda: self._resolver.resolve(question, now, client)
        )

    @property
    def resolver(self) -> Resolver:
        """The cache that is looked into."""
        return self._resolver

    @property
    def picture(self) -> Drawer:
        """What was held after each question so far."""
        if not self._noted:
            raise LabError("Nothing", "has been asked", "Use resolve(question, now) first.")
        return Drawer(self._title, tuple(self._noted))

    @property
    def widget(self) -> Any:
        """The picture on a page."""
        return self.picture.widget

    def twin(self) -> str:
        """HTML for readers without a kernel."""
        return self.picture.twin()

    def __repr__(self) -> str:
        return repr(self.picture)

    def _during(
        self, question: Question, now: float, client: Client | None, act: Callable[[], T]
    ) -> T:
        before = _live(self._resolver, now)
        used = list(_answering(self._resolver, question, client, before))
        done = act()
        after = _live(self._resolver, now)
        fresh = (key for key, entry in after.items() if before.get(key) is not entry)
        new = [key for key in fresh if not _joined(key, after)]
        marks: dict[Key, Mark] = {**dict.fromkeys(used, "answered"), **dict.fromkeys(new, "new")}
        said = f"{_short(question)}? {_happened(used, new)}"
        self._noted.append(_look(self._resolver, now, said, marks))
        return done


def drawer(cache: Forwarder | Resolver, *, title: str = TITLE) -> Drawing:
    """Look into a cache: what it holds now, and after each question that is asked through this.

    Args:
        cache: what `forward` started, or a simulated resolver.
        title: what stands above it.
    """
    return Drawing(cache, title)


def look(cache: Forwarder | Resolver, now: float | None = None, said: str = "") -> Look:
    """What a cache holds at a time; a forwarder's own clock tells it without one.

    Raises:
        LabError: a resolver without a time.
    """
    if isinstance(cache, Forwarder):
        return _look(cache.memory, cache.clock() if now is None else now, said)
    if now is None:
        raise LabError("A simulated resolver", "has no clock", "Say which time it is.")
    return _look(cache, now, said)


def _look(
    resolver: Resolver, now: float, said: str, marks: Mapping[Key, Mark] | None = None
) -> Look:
    clock, marked = resolver.profile.clock(now), marks or {}
    rows = []
    held = _live(resolver, now)
    for key, entry in held.items():
        if _joined(key, held):
            continue
        reply = entry.value.reply
        left = reply.aged(clock - entry.stored).ttl
        value, negative = _value(reply, _question(key).type)
        lasting = entry.expires - clock if left is None else left  # a failure has no TTL
        life = entry.expires - entry.stored if reply.ttl is None else reply.ttl
        rows.append(Row(_spot(key), value, lasting, life, negative, marked.get(key, "")))
    return Look(said, tuple(rows), f"at {number(now)} s")


def _live(resolver: Resolver, now: float) -> Entries:
    return dict(resolver.cache.live(resolver.profile.clock(now)))


def _answering(
    resolver: Resolver, question: Question, client: Client | None, held: Entries
) -> Iterator[Key]:
    """The entries that answer a question: its own, or CNAMEs that lead on to others."""
    seen = set()
    while question.name not in seen:
        seen.add(question.name)
        own = _first(resolver, question, client, held)
        if own is not None and not _joined(own, held):
            yield own
            return
        link = _first(resolver, Question(question.name, RdataType.CNAME), client, held)
        if link is None or not held[link].value.reply.answer:
            return
        yield link
        record: Any = held[link].value.reply.answer[0].values[0]  # dnspython has it as any Rdata
        question = Question(record.target, question.type)


def _joined(key: Key, held: Entries) -> bool:
    """Whether an entry only joins two others: a CNAME, and what it leads to.

    The lab's cache keeps such answers ready; what a cache knows are the two.
    """
    question, answer = _question(key), held[key].value.reply.answer
    if not answer or answer[0].type is not RdataType.CNAME or question.type is RdataType.CNAME:
        return False
    record: Any = answer[0].values[0]  # dnspython has it as any Rdata
    parts = (
        Question(question.name, RdataType.CNAME),
        Question(record.target, question.type),
    )
    return all(_beside(key, part) in held for part in parts)


def _beside(key: Key, question: Question) -> Key:
    return key._replace(question=question) if isinstance(key, Place) else question


def _first(
    resolver: Resolver, question: Question, client: Client | None, held: Entries
) -> Key | None:
    return next((key for key in resolver.places(question, client) if key in held), None)


def _happened(used: list[Key], new: list[Key]) -> str:
    """Who answered, in a sentence."""
    rows = " and ".join(f"{_spot(key).key.label}{_whom(key)}" for key in used)
    answers = f"The row{'s' * (len(used) > 1)} {rows} answer{'s' * (len(used) == 1)}"
    fresh = f"{number(len(new))} {'row is' if len(new) == 1 else 'rows are'} new"
    if used and new:
        return f"{answers}; where that leads, upstream was asked, and {fresh}."
    if used:
        return f"{answers}."
    return f"No row answers: upstream was asked, and {fresh if new else 'nothing may be kept'}."


def _whom(key: Key) -> str:
    return f" for {key.network}" if isinstance(key, Place) and key.network else ""


def _value(reply: Reply, kind: RdataType) -> tuple[str, bool]:
    """What an entry says, in short, and whether that is: nothing."""
    if reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return f"a failure: {reply.rcode.name}", True
    chain = [rrset for rrset in reply.answer if rrset.type is RdataType.CNAME is not kind]
    by = f" (by CNAME: {chain[-1].texts[0]})" if chain else ""
    found = [text for rrset in reply.answer if rrset not in chain for text in rrset.texts]
    if found:
        return shorten(", ".join(found), _WIDEST) + by, False
    return ("no such name" if reply.rcode is Rcode.NXDOMAIN else "no such record") + by, True


@lru_cache(maxsize=4096)
def _spot(key: Key) -> Spot:
    question = _question(key)
    name, kind = question.name.to_text(), RdataType.to_text(question.type)
    if not isinstance(key, Place):
        return Spot(name, kind)
    return Spot(name, kind, str(key.network or ""), key.exact, key.fragment)


def _question(key: Key) -> Question:
    return key.question if isinstance(key, Place) else key


def _short(question: Question) -> str:
    return f"{question.name} {RdataType.to_text(question.type)}"
