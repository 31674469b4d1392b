"""The map: where users are, which resolver asks for them, and which server they are led to.

Three views of one thing. The map has a dashed line from each user to the resolver and a solid one
to the server; the flow beside it has the same as ribbons as wide as their requests; two rows of
dots tell the round trips, before and now, each dot an equal part of all requests. One user at a
time is looked at, chosen on the page: what the authority was told of it, and why it answered so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

from lab_engine.authority.geo import Point
from lab_engine.errors import LabError
from lab_engine.views.theme import percent, sign

from .firsthour import Hour
from .flow import BINS, DOTS, Dot, Flow, Journey, dots, flow, quantile
from .land import HEIGHT, WIDTH, apart, project
from .picture import Drawn, Ghost

FARTHEST_MS: Final = 300.0
"""The end of the axis of round trips, which never changes: twice round the world is 600."""
APART: Final = 30.0  # of the map's units: marks of two users are never nearer
BEHIND: Final = 11.0  # likewise: how far a resolver's mark looks out from under its user's


@dataclass(frozen=True)
class User:
    """Some of the clients, in one place.

    Attributes:
        name: such as `Paris`.
        at: where they are.
        share: the part of all requests that is theirs, 0 to 1.
        resolver: the name of the one that asks for them.
        now, before: which servers they reach, and how far that is; shares of 1.
        told: what the authority is told of them, such as `198.18.1.0/24`.
        why: the tree of its answer, in lines of text.
    """

    name: str
    at: Point
    share: float
    resolver: str
    now: tuple[Journey, ...]
    before: tuple[Journey, ...] = ()
    told: str = ""
    why: str = ""


@dataclass(frozen=True)
class Stop:
    """A resolver, by its name, or a server, by its address; `place` is what stands beside it."""

    name: str
    at: Point
    place: str = ""


@dataclass(frozen=True, repr=False)
class Map(Drawn):
    """The picture of who is led where.

    Attributes:
        title, hint: what stands above it.
        users: in the order of the list.
        resolvers: those that users name.
        servers: the first is A.
        rows: what the rows of round trips are called: now, and before.
        chosen: the name of the user looked at first.
        hour: the first hour of its caches; None for a picture in which nothing moves.
    """

    title: str
    hint: str
    users: tuple[User, ...]
    resolvers: tuple[Stop, ...]
    servers: tuple[Stop, ...]
    rows: tuple[str, str] = ("now", "before")
    chosen: str = ""
    hour: Hour | None = None
    ghosts: tuple[Ghost, ...] = ()

    kind = "map"

    def __post_init__(self) -> None:
        names = [user.name for user in self.users]
        if not names or len(set(names)) < len(names):
            raise LabError(names, "are the names of no users, or not unique", "Name each once.")
        if self.chosen not in ("", *names):
            raise LabError(self.chosen, "is none of the users", f"Choose of {', '.join(names)}.")
        resolvers = {stop.name for stop in self.resolvers}
        servers = {"", *(stop.name for stop in self.servers)}
        for user in self.users:
            if user.resolver not in resolvers:
                raise LabError(user.resolver, "is no resolver of this map", "Add it.")
            for journey in (*user.now, *user.before):
                if journey.server not in servers:
                    raise LabError(journey.server, "is no server of this map", "Add it.")

    @cached_property
    def sentence(self) -> str:
        """Who is led where, and how far, in words."""
        named = ", ".join(
            f"{sign(index).letter} in {stop.place or stop.name}"
            for index, stop in enumerate(self.servers)
        )
        lost = math.fsum(user.share * _lost(user.now) for user in self.users)
        without = f" {percent(round(lost, 2))} get no answer." if lost >= 0.005 else ""
        far = [self._far(row) for row in range(2)]
        before = f"; {self.rows[1]}: {far[1]}" if far[1] and far[1] != far[0] else ""
        return (
            f"{_many(self.users, 'user place')} by way of {_many(self.resolvers, 'resolver')} to "
            f"{_many(self.servers, 'server')}: {named}. {self.rows[0].capitalize()}: {far[0]}"
            f"{before}.{without}"
        )

    def _far(self, row: int) -> str:
        half, most = (quantile(self.journeys(row), level) for level in (0.5, 0.95))
        if math.isnan(half):
            return "nobody is served" if row == 0 else ""
        return f"half of what is served within {half:.0f} ms, 95 % within {most:.0f} ms"

    def journeys(self, row: int) -> list[tuple[int, Journey]]:
        """Each user's journeys, with shares of all requests; row 0 is now and 1 is before."""
        return [
            (index, replace(journey, share=journey.share * user.share))
            for index, user in enumerate(self.users)
            for journey in (user.now, user.before)[row]
        ]

    def words(self, user: User) -> str:
        """What is said of a user who is looked at."""
        ways = " and ".join(self._way(journey, len(user.now)) for journey in user.now)
        told = f" The authority was told {user.told}." if user.told else ""
        return f"{user.name}, by way of {user.resolver}: {ways or 'nothing was asked'}.{told}"

    def _way(self, journey: Journey, of: int) -> str:
        part = f"{percent(round(journey.share, 2))} " if of > 1 else ""
        if not journey.server:
            return f"{part}no answer"
        index = self.number(journey.server)
        place = self.servers[index].place or journey.server
        far = "" if math.isnan(journey.km) else f" and {journey.km:,.0f} km"
        return f"{part}to {sign(index).letter} in {place}, {journey.rtt_ms:.0f} ms{far} away"

    def number(self, server: str) -> int:
        """Which of the servers it is, counted from 0; -1 for none."""
        names = [stop.name for stop in self.servers]
        return names.index(server) if server else -1

    @cached_property
    def places(self) -> list[tuple[float, float]]:
        """Where the marks of the users lie, moved apart where they would cover each other."""
        fixed = [project(stop.at) for stop in self.servers]
        return apart([project(user.at) for user in self.users], fixed, APART)

    @cached_property
    def asking(self) -> list[tuple[float, float]]:
        """Where the marks of the resolvers lie: behind that of a user who is at the same place."""
        behind = {user.at: mark for user, mark in zip(self.users, self.places, strict=True)}
        taken = [*self.places, *(project(stop.at) for stop in self.servers)]
        return [
            (behind[stop.at][0] + BEHIND, behind[stop.at][1] + BEHIND)
            if stop.at in behind
            else apart([project(stop.at)], taken, APART)[0]
            for stop in self.resolvers
        ]

    @cached_property
    def flow(self) -> Flow:
        """The ribbons."""
        return flow(self)

    def dots(self, row: int) -> list[Dot]:
        """A row of round trips, of equal parts of the requests."""
        return dots(self, row, FARTHEST_MS)

    def still(self) -> dict[str, Any]:
        """All of it, in words of JSON."""
        first = next((i for i, user in enumerate(self.users) if user.name == self.chosen), 0)
        rows = [
            {"name": name, "dots": [list(dot) for dot in self.dots(row)]} | self._marks(row)
            for row, name in enumerate(self.rows)
        ]
        return {
            "title": self.title,
            "hint": self.hint,
            "size": [WIDTH, HEIGHT],
            "users": [self._user(index) for index in range(len(self.users))],
            "resolvers": [
                _stop(stop, at) for stop, at in zip(self.resolvers, self.asking, strict=True)
            ],
            "servers": [
                _stop(stop, project(stop.at)) | _look(index)
                for index, stop in enumerate(self.servers)
            ],
            "flow": self.flow.still(),
            "rows": [row for row in rows if row["dots"]],
            "farthest": FARTHEST_MS,
            "bins": BINS,
            "parts": DOTS,
            "chosen": first,
            "hour": self._hour(),
            "ghosts": [ghost.still() for ghost in self.ghosts],
        }

    def _user(self, index: int) -> dict[str, Any]:
        user = self.users[index]
        names = [stop.name for stop in self.resolvers]
        return {
            "name": user.name,
            "at": [round(each, 1) for each in self.places[index]],
            "resolver": names.index(user.resolver),
            "ways": [[self.number(way.server), round(way.share, 4)] for way in user.now],
            "words": self.words(user),
            "why": user.why,
        }

    def _marks(self, row: int) -> dict[str, Any]:
        half, most = (quantile(self.journeys(row), level) for level in (0.5, 0.95))
        return {} if math.isnan(half) else {"half": round(half, 1), "most": round(most, 1)}

    def _hour(self) -> dict[str, Any] | None:
        if self.hour is None:
            return None
        return {
            "times": self.hour.times,
            "known": self.hour.known,
            "drawers": [drawer.still() for drawer in self.hour.drawers],
            "ends": [*accumulate(map(len, self.hour.frames))],
        }

    def frames(self) -> bytes:
        """Those of the drawers of its hour, one after the other."""
        return b"".join(self.hour.frames) if self.hour else b""

    def marked(self, ghosts: Sequence[Ghost]) -> "Map":
        """The same picture with these values on its axis of milliseconds."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The map, the flow and the rows, for the user looked at first."""
        from .maptwin import map_svg  # noqa: PLC0415  (the drawing knows the picture)

        return map_svg(self)


def _lost(journeys: Sequence[Journey]) -> float:
    return math.fsum(each.share for each in journeys if not each.server)


def _many(things: Sequence[object], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def _stop(stop: Stop, at: tuple[float, float]) -> dict[str, Any]:
    return {"name": stop.name, "place": stop.place, "at": [round(each, 1) for each in at]}


def _look(index: int) -> dict[str, str]:
    letter, colour, ink, pattern = sign(index)
    return {"letter": letter, "colour": colour, "ink": ink, "pattern": pattern}
