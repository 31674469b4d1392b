"""A server that answers by a plan: other systems' rules on the wire are the plan's."""

import pytest

from lab_engine import LabError, Question, RRset, answering, modes, replies
from tests.counts import LONG

from .seeds import shifted

WWW = "www.shop.example"
TEXTS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
SET = RRset.of(f"{WWW}.", "A", TEXTS, 60)
WEIGHTS = (60, 30, 10)
ASKED = 2000 if LONG else 200
RULES = {
    "Cloudflare": modes.cloudflare_pools(SET, [0.6, 0.3, 0.1]),
    "PowerDNS": modes.powerdns_pick(SET, WEIGHTS),
    "NS1": modes.ns1_shuffle(SET, WEIGHTS, first_n=None),
    "gdnsd": modes.gdnsd_weighted(SET, WEIGHTS),
    "gdnsd, multi": modes.gdnsd_weighted(SET, WEIGHTS, multi=True),
    "gdnsd, one down": modes.gdnsd_weighted(SET, WEIGHTS, down=TEXTS[1:2]),
}


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_what_is_answered_is_what_is_planned(rule: str) -> None:
    """Each address first, and within, as often as the plan says: 4 sigma of so many answers."""
    plan = RULES[rule]
    with answering(Question.of(WWW), plan, seed=shifted(1)) as server:
        answers = [server.ask(WWW).values for _ in range(ASKED)]

    for text in TEXTS:
        for seen, part in (
            (sum(each[0] == text for each in answers), lambda given, t=text: given[0] == t),
            (sum(text in each for each in answers), lambda given, t=text: t in given),
        ):
            share = sum(s.probability for s in replies(plan) if part(s.reply.addresses))
            sigma = (max(0.0, share * (1 - share)) / ASKED) ** 0.5
            assert seen / ASKED == pytest.approx(share, abs=4 * sigma + 1e-9)


def test_an_order_turns_what_the_plan_gives() -> None:
    """As gdnsd does: with `cyclic` each address of an answer that holds two comes first in turn."""
    pair = RRset.of(f"{WWW}.", "A", TEXTS[:2], 60)
    plan = modes.gdnsd_weighted(pair, (1, 1), multi=True)
    with answering(Question.of(WWW), plan, order="cyclic") as server:
        first = [server.ask(WWW).values[0] for _ in range(4)]

    assert first == [*TEXTS[:2], *TEXTS[:2]]


def test_a_record_that_fails_fails_on_the_wire() -> None:
    """PowerDNS's, where all weights are 0; another name does not exist, another zone is refused."""
    with answering(Question.of(WWW), modes.powerdns_pick(SET, (0, 0, 0))) as server:
        codes = [server.ask(name).rcode for name in (WWW, "no.shop.example", "example.net")]

    assert codes == ["SERVFAIL", "NXDOMAIN", "REFUSED"]


def test_a_plan_is_for_addresses() -> None:
    """Another type is refused with what would do."""
    with pytest.raises(LabError, match="Ask for A or AAAA"):
        answering(Question.of(WWW, "MX"), RULES["gdnsd"])
