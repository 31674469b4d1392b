"""A CNAME at the apex: who refuses it, and how much of the mail it takes in real resolvers.

Names are many and their questions come at random times, A nine times of ten; TTLs are short, so
that a law of minutes is seen in half a minute, and below 9 s, from which on BIND fetches ahead.
"""

import math
import subprocess
import time
from collections import Counter
from random import Random

import pytest

from lab_engine import Question, RRset, Zone, serve, theory
from lab_engine.authority.records import Client
from lab_engine.authority.server import Authority
from lab_engine.caches.resolver import Resolver
from lab_engine.wire.client import ask

from .programs import find

pytestmark = [pytest.mark.witness, pytest.mark.waits]

PROFILES = {"unbound": "unbound", "named": "bind", "pdns_recursor": "powerdns"}
NAMES, SECONDS, CNAME, MX, RATE, OTHERS = 80, 25.0, 8, 4, 0.1, 0.9
BROKEN = Zone.of(
    "shop.example",
    [
        RRset.of("cdn", "A", "192.0.2.9", 3600),
        *(RRset.of(f"n{each}", "CNAME", "cdn", CNAME) for each in range(NAMES)),
        *(RRset.of(f"n{each}", "MX", "10 mail", MX) for each in range(NAMES)),
    ],
    forgiving="exact_first",
)


def test_bind_refuses_a_cname_at_the_apex_too(tmp_path):
    """So it is no constraint of Route 53's own."""
    text = """$ORIGIN shop.example.
@ 300 SOA ns hostmaster 1 7200 900 1209600 60
@ 300 NS ns
@ 300 CNAME shop.cdn.example.
ns 300 A 192.0.2.53
"""
    (tmp_path / "shop.zone").write_text(text)
    checked = subprocess.run(
        [find("named-checkzone"), "shop.example", str(tmp_path / "shop.zone")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode != 0
    assert "CNAME and other data" in checked.stdout + checked.stderr


def questions():
    """Times, names and types, in the order of time."""
    rng, found = Random(1), []
    for number in range(NAMES):
        now = rng.expovariate(RATE + OTHERS)
        while now < SECONDS:
            kind = "MX" if rng.random() < RATE / (RATE + OTHERS) else "A"
            found.append((now, f"n{number}.shop.example", kind))
            now += rng.expovariate(RATE + OTHERS)
    return sorted(found)


@pytest.mark.long  # test_cnames has the same resolvers lose their first mail
def test_real_resolvers_lose_as_much_of_the_mail_as_the_law_says(peers, tell):
    authority, told = Authority(BROKEN, Random(1)), Client.at("192.0.2.200")
    lost, mine, asked = Counter(), Counter(), Counter()
    with serve(BROKEN) as lab:
        theirs = {name: peers.resolver(name, lab) for name in PROFILES}
        ours = {
            name: Resolver(
                lambda question, _now: authority.respond(question, told), Random(3), each
            )
            for name, each in PROFILES.items()
        }
        begun = time.monotonic()
        for due, name, kind in questions():
            time.sleep(max(0.0, begun + due - time.monotonic()))
            for program, address in theirs.items():
                answer = ask(name, kind, address, recurse=True).response.answer
                reply = ours[program].resolve(Question.of(name, kind), time.monotonic())
                if kind == "MX":
                    asked[program] += 1
                    lost[program] += answer[0].rdtype.name == "CNAME"
                    mine[program] += reply.answer[0].type.name == "CNAME"

    law = theory.redirected_fraction(CNAME, MX, rate=RATE, others=OTHERS)
    cycles = NAMES * SECONDS / (CNAME + 1 / OTHERS)
    clusters = math.sqrt(RATE * OTHERS) * MX / CNAME / math.sqrt(cycles)
    for program in theirs:
        count = asked[program]
        real, simulated = lost[program] / count, mine[program] / count
        tolerance = 4 * (clusters + math.sqrt(law * (1 - law) / count))
        tell(
            f"mail lost to a CNAME, {PROFILES[program]}: {real:.1%} of {count} questions for MX "
            f"(simulated {simulated:.1%}, law {law:.1%}, 4 sd {tolerance:.1%})"
        )
        assert abs(real - law) < tolerance
        assert abs(real - simulated) < tolerance / 2
