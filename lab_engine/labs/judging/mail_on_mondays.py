"""Lab 05, "Mail on Mondays": a zone with seven faults, mended through the API.

The visible world is the day of the repair, on which an address that is written down is right and a
check that nobody asks does not matter; in hidden ones things move and fail. Halfway to what is so
repaired nothing is left of a goal.
"""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from random import Random
from statistics import fmean
from typing import Any, Final

from dns.rdatatype import RdataType

from lab_engine.authority.zone import Zone, key_of
from lab_engine.control.reading import read
from lab_engine.errors import LabError
from lab_engine.labs.broken_zone import CHECKS, broken, repaired
from lab_engine.labs.credit import near, nothing, thrifty
from lab_engine.labs.lab import Answer, Finding, Given, Goal, Lab, World
from lab_engine.simulation.cities import CITIES

from .mail_on_mondays_asking import (
    ALL,
    MAIL,
    WEB,
    everywhere,
    gone,
    is_one_group,
    moved,
    queries,
    sick,
    through_caches,
)

NAME: Final = "batches"
MOST_CHANGES: Final = 12
MOST_QUERIES: Final = 560  # an hour: what all TTLs of 60 s come to, and a little more
LONGEST: Final = 300
ORDERS, DRAWN = 5, 4
KEPT: Final = (RdataType.SOA, RdataType.NS, RdataType.MX, RdataType.TXT)
GOALS: Final = (
    Goal("mail", "Mail and the zone's own records, in whatever order a cache is asked", 15,
         "lesson 05, parts 1 and 2"),
    Goal("web", "The apex leads to the distribution, wherever that is", 15, "lesson 05, part 3"),
    Goal("names", "What img, news and api should be", 30, "lesson 05, part 3"),
    Goal("everywhere", "An answer of www for every network", 10, "lesson 03, part 3"),
    Goal("sick", "Where pay and app lead: to whoever is well", 18, "lesson 05, part 3"),
    Goal("gentle", "Nothing good is gone at any time", 12, "lesson 05, In production"),
)  # fmt: skip


def unseen(rng: Random) -> list[World]:
    """Other orders, resolvers, networks, addresses of targets, and other targets that are sick."""
    return [_drawn(rng) for _ in range(DRAWN)]


def _drawn(rng: Random) -> dict[str, Any]:
    cities = [each.network for each in CITIES]
    egresses = [str(ip_network(each)[53]) for each in cities] + ["203.0.113.53"]
    others = [f"{rng.randrange(1, 224)}.{rng.randrange(256)}.7.0/24" for _ in range(8)]
    networks = [*cities, *others, "2001:db8:1::/56", "2001:db8:9::/56"]
    return {
        "edge": [f"198.51.100.{rng.randrange(1, 255)}", f"2001:db8:e::{rng.randrange(1, 9999)}"],
        "pages": f"192.0.2.{rng.randrange(70, 255)}",
        "orders": [rng.sample(range(len(ALL)), len(ALL)) for _ in range(ORDERS)],
        "resolvers": rng.sample(egresses, ORDERS),
        "networks": rng.sample(networks, len(networks)),
        "sick": [sorted(rng.sample(CHECKS, rng.randint(2, 3))) for _ in range(3)]
        + [[each] for each in CHECKS]
        + [["check-app-1", "check-app-2"]],
    }


VISIBLE: Final[World] = {
    "edge": ["240.104.224.29", "2001:db8:f::7568:e01d"],  # as the lab's server gives it by itself
    "pages": "192.0.2.41",
    "orders": [[5, *(index for index in range(len(ALL)) if index != 5)]],
    "resolvers": ["198.18.1.53"],
    "networks": [each.network for each in CITIES],
    "sick": [["check-app-1", "check-app-2"]],
}


def judge(world: World, given: Given) -> Sequence[Finding]:
    """One finding for each goal, each worth less for changes, questions and TTLs beyond reason."""
    batches = given[NAME]
    try:
        zones = repaired(batches)
        found = _findings(zones, batches, world)
        spent, what = _spent(moved(zones[-1], world), batches, world)
    except LabError as refused:
        return nothing([goal.key for goal in GOALS], str(refused))
    mail, web, *between, gentle = found
    others = fmean(each.credit for each in found[:-1])
    found = [
        _as_far(mail, web.credit, "Mail counts as far as the apex still leads to the shop."),
        web,
        *between,
        _as_far(gentle, others, "Nothing is gone; this counts as far as the other goals are met."),
    ]
    why = f"All goals count less: {what}."
    return thrifty(found, max(1.0, spent), 1.0, why)


def _as_far(finding: Finding, reached: float, turn: str) -> Finding:
    """A finding that counts as far as something else is reached."""
    if reached == 1 or not finding.credit:
        return finding
    turns = " ".join(filter(None, (finding.turn, turn)))
    return replace(finding, credit=round(finding.credit * reached, 6), turn=turns)


def _findings(zones: Sequence[Zone], batches: Any, world: World) -> list[Finding]:
    mended = moved(zones[-1], world)
    asked, led, well = through_caches(mended, world), everywhere(mended, world), sick(mended, world)
    mail, web = fmean(asked[each] for each in MAIL), fmean(asked[each] for each in WEB)
    named = {
        "img": asked["img", "A"] == 1,
        "news": asked["news", "A"] == asked["news", "TXT"] == 1,
        "api": asked["api", "A"] == 1 and well["api"] == 1 and is_one_group(mended),
    }
    wrong = [name for name, fine in named.items() if not fine]
    ill = [name for name in ("pay", "app") if well[name] < 1]
    return [
        _share(
            "mail", mail, 0.9, "of the answers right", "What does a cache hold that answers MX?"
        ),
        _share("web", web, 0.5, "of the answers right", "Only one kind of record follows it."),
        Finding(
            "names",
            near((3 - len(wrong)) / 3, 1, 0),
            f"wrong at times: {', '.join(wrong)}" if wrong else "all three right",
            "all three right",
            "Look at what stands at the name, and what the table says of it." if wrong else "",
        ),
        _share("everywhere", led, 0.5, "of the networks led right", "For whom is no record meant?"),
        Finding(
            "sick",
            near((2 - len(ill)) / 2, 1, 0),
            f"led to the sick at times: {', '.join(ill)}" if ill else "both lead to the well",
            "both lead to the well",
            "How should the name know that its target is sick?" if ill else "",
        ),
        _gentle(zones, batches, world),
    ]


def _share(goal: str, found: float, naive: float, of: str, turn: str) -> Finding:
    credit = near(found, 1.0, naive)
    return Finding(goal, credit, f"{100 * found:.1f} % {of}", "100.0 %", turn if credit < 1 else "")


def _gentle(zones: Sequence[Zone], batches: Any, world: World) -> Finding:
    """That every name that answered does so after each batch, and what must stay was left alone."""
    touched = [
        RdataType.to_text(new.type)
        for batch in batches
        for _, new in read(batch)
        if new.name == zones[0].origin and new.type in KEPT
    ]
    if touched:
        said = f"changed at the apex: {', '.join(dict.fromkeys(touched))}"
        return Finding("gentle", 0.0, said, "none of SOA, NS, MX, TXT", "Leave these alone.")
    for number, zone in enumerate(zones[1:], 1):
        lost = [*gone(zone, world)]
        if lost:
            more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            said = f"gone after batch {number}: {', '.join(lost[:3])}{more}"
            turn = "A batch is made as a whole: what goes and what comes belong in one."
            return Finding("gentle", 0.0, said, "nothing gone", turn)
    return Finding("gentle", 1.0, "nothing gone", "nothing gone")


def _spent(mended: Zone, batches: Any, world: World) -> tuple[float, str]:
    """The most of changes, questions and TTLs as a part of what is allowed, and which it is."""
    changes = sum(len(read(batch)) for batch in batches)
    before = {key_of(each): each for each in moved(broken(), world)}
    new = [each for each in mended if before.get(key_of(each)) != each]
    ttl = max((each.ttl or 0 for each in new), default=0)
    asked = queries(mended, world)
    return max(
        (changes / MOST_CHANGES, f"{changes} changes, and {MOST_CHANGES} are allowed"),
        (asked / MOST_QUERIES, f"{asked:,.0f} questions an hour, and {MOST_QUERIES} are allowed"),
        (ttl / LONGEST, f"a TTL of {ttl:,} s, and {LONGEST} are allowed"),
    )


LAB: Final = Lab(
    name="lab_05_mail_on_mondays",
    title="Mail on Mondays",
    lesson="05_apex",
    answers=(Answer(NAME),),
    goals=GOALS,
    visible=(VISIBLE,),
    unseen=unseen,
    judge=judge,
)
