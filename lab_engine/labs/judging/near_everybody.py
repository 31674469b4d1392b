"""Lab 03, "Near everybody": records by place for users whom the authority sees elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.credit import near, nothing, thrifty
from lab_engine.labs.lab import Answer, Arguments, Finding, Given, Goal, Lab, World

from .near_everybody_measuring import TTL, Measured, measured, zone_of
from .near_everybody_search import GOAL
from .near_everybody_worlds import MOST_REGIONS, crowd, places, server, unseen

NAME: Final = "records"
MOST_SAID: Final = 600  # characters of a refusal
GOALS: Final = (
    Goal("near", "90 % of the users within 70 ms", 35, "lesson 03, parts 1 and 2"),
    Goal("everybody", "An answer for every network", 15, "lesson 03, part 3"),
    Goal("down", "A live server, whichever region is down", 20, "lesson 02, part 5"),
    Goal("queries", "Few questions to the authority", 10, "lesson 03, part 4"),
    Goal("bill", "A small bill", 20, "lesson 03, part 3"),
)


def calls(given: World) -> Mapping[str, Sequence[Arguments]]:
    """The function is called once in a world."""
    return {NAME: [(given["crowds"], given["servers"], places())]}


def judge(tried: World, given: Given) -> Sequence[Finding]:
    """One finding for each goal; all count as far as `near`, the bill and the queries allow."""
    keys = [goal.key for goal in GOALS]
    result = given[NAME][0]
    if result.problem:
        return nothing(keys, f"{NAME}() gave nothing back: {result.problem}")
    try:
        found = measured(zone_of(result.value, tried), tried)
    except LabError as refused:
        return nothing(keys, shorten(str(refused), MOST_SAID))
    if found.regions > MOST_REGIONS:
        rule = f"{found.regions} regions have an address in your records."
        return nothing(keys, f"{rule} Hire {MOST_REGIONS} at most.")
    if not 1 <= found.ttl <= TTL:
        rule = f"a copy of an address lives for {found.ttl} s."
        return nothing(keys, f"{rule} Give every record a TTL of 1 to {TTL} s.")
    findings = [_near(found, tried), _everybody(found), _down(found), _queries(found, tried)]
    findings.append(_bill(found, tried))
    worth = findings[0].credit
    gated = [findings[0], *(_gated(each, worth) for each in findings[1:])]
    over = {
        "the bill is": found.bill / tried["bill"],
        "queries are": found.queries / tried["queries"],
    }
    what, spent = max(over.items(), key=lambda each: each[1])
    why = f"All goals count less, since {what} {spent:.3f} times the limit."
    return thrifty(gated, spent, 1.0, why)


def _gated(finding: Finding, worth: float) -> Finding:
    """Far servers are easily cheap, and easily alive."""
    if finding.credit == 1 and worth < 1:
        turn = f"It counts {100 * worth:.0f} %, as the first goal does: go on there."
        return replace(finding, credit=round(worth, 6), turn=turn)
    return replace(finding, credit=round(finding.credit * worth, 6))


def _near(found: Measured, tried: World) -> Finding:
    simple = min(tried["naive"], GOAL - 0.05)
    credit = near(found.within, GOAL, simple)
    turn = "Whoever is seen at one place gets one answer: ask where the authority sees each crowd."
    if credit == 0:
        turn += f" All goals count from {50 * (GOAL + simple):.1f} % on."
    said = f"{100 * found.within:.1f} % of the users within 70 ms"
    return Finding("near", credit, said, "at least 90.0 %", turn if credit < 1 else "")


def _everybody(found: Measured) -> Finding:
    credit = near(found.answered, 1.0, 0.0)
    said = f"{100 * found.answered:.1f} % of the networks get an address"
    turn = "Who is at none of your places needs a record, too."
    return Finding("everybody", credit, said, "100.0 %", turn if credit < 1 else "")


def _down(found: Measured) -> Finding:
    credit = near(found.alive, 1.0, 0.6)
    said = f"{100 * found.alive:.1f} % get a live server, with the worst of your regions down"
    turn = "A record is passed over if its own check fails; then another must fit, for all."
    return Finding("down", credit, said, "100.0 %", turn if credit < 1 else "")


def _queries(found: Measured, tried: World) -> Finding:
    credit = near(found.queries, tried["queries"], 2 * tried["queries"])
    said, wanted = f"{found.queries:,.0f} questions an hour", f"at most {tried['queries']:,}"
    turn = "They grow with the blocks that your records cut the users into, and as the TTL falls."
    return Finding("queries", credit, said, wanted, turn if credit < 1 else "")


def _bill(found: Measured, tried: World) -> Finding:
    credit = near(found.bill, tried["bill"], 1.1 * tried["bill"])
    said, wanted = f"{found.bill:,} dollars a month", f"at most {tried['bill']:,}"
    turn = "Try other regions, and fewer or broader records."
    return Finding("bill", credit, said, wanted, turn if credit < 1 else "")


def _visible() -> dict[str, Any]:
    crowds = [
        crowd("London", 0.17, "198.18.1.9", 24),
        crowd("San Jose", 0.14, "198.18.1.9", 24),
        crowd("São Paulo", 0.14, "198.18.1.9", 24),
        crowd("Paris", 0.15, "198.18.1.53"),
        crowd("Mumbai", 0.16, "198.19.0.53"),
        crowd("New York", 0.06, "198.19.0.10"),
        crowd("Tokyo", 0.15, "198.18.32.7", 16),
        crowd("Cape Town", 0.03, "198.18.16.53"),
    ]
    prices = {
        "eu-west-1": 420,
        "eu-central-1": 380,
        "us-east-1": 300,
        "us-west-1": 390,
        "sa-east-1": 450,
        "ap-south-1": 350,
        "ap-northeast-1": 410,
    }
    servers = [server(n, region, price) for n, (region, price) in enumerate(prices.items(), 1)]
    networks = ["198.18.1.0/24", "2001:db8:2::/56", "2001:db8:3::/56"]
    networks += ["192.0.2.0/24", "8.8.8.0/24", "10.1.2.0/24", "100.64.9.0/24", "2a00:1450::/56"]
    limits = {"naive": 0.76, "bill": 2122, "queries": 575}  # as `world` finds them: a test looks
    return {"crowds": crowds, "servers": servers, "networks": networks, **limits}


LAB: Final = Lab(
    name="lab_03_near_everybody",
    title="Near everybody",
    lesson="03_places",
    answers=(Answer(NAME, called=True),),
    goals=GOALS,
    visible=(_visible(),),
    unseen=unseen,
    judge=judge,
    calls=calls,
)
