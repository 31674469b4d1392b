"""Weighted answers of other makes: the same weights give the same shares.

Nobody lets us set their dice, so each count of theirs stands against the plan's probability within
4 sigma of that count; the lab's own dice have a seed.
"""

import pytest

from lab_engine import RRset, Zone, serve
from lab_engine.authority.modes import gdnsd_weighted
from lab_engine.authority.plan import replies
from lab_engine.authority.policies import Weighted
from lab_engine.authority.recordset import RecordSet
from tests.counts import LONG

from .asking import counted, query, scope, send

pytestmark = pytest.mark.witness

NAME = "www.shop.example"
ASKED = 3_000 if LONG else 1_000
WEIGHTS = {"192.0.2.1": 50, "192.0.2.2": 30, "192.0.2.3": 20}
LUA = "enable-lua-records=yes\nedns-subnet-processing=yes"
APEX = """\
$ORIGIN shop.example.
$TTL 60
@ IN SOA ns1 hostmaster 1 7200 900 1209600 120
@ IN NS ns1
ns1 IN A 192.0.2.53
"""


def misses(server, expected, times=ASKED):
    """The counts that are not what their probability says, within 4 sigma; whatever else came.

    A true share misses that once in 16,000 counts; so after a miss all are counted once more.
    """
    return _far(server, expected, times) and _far(server, expected, times)


def _far(server, expected, times):
    counts = counted(server, NAME, times)
    odds = dict.fromkeys(counts, 0.0) | expected
    return {
        key: (counts[key], times * p)
        for key, p in odds.items()
        if abs(counts[key] - times * p) > 4 * (times * p * (1 - p)) ** 0.5
    }


def lab(peers):
    members = [
        RecordSet.of("www", "A", a, 60, policy=Weighted(w), set_identifier=a)
        for a, w in WEIGHTS.items()
    ]
    return peers.stack.enter_context(serve(Zone.of("shop.example", members), seed=1)).address


def gdnsd(peers):
    return peers.authority("gdnsd", APEX + "www 60 DYNA weighted!www\n", plugins=lists(www=WEIGHTS))


def knotd(peers):
    choices = "".join(f"  - weight: {w}\n    A: {a}\n" for a, w in WEIGHTS.items())
    return peers.authority("knotd", APEX, mode="weighted", choices=f"{NAME}:\n{choices}")


def pdns_server(peers):
    choices = ", ".join(f"{{{w}, '{a}'}}" for a, w in WEIGHTS.items())
    text = APEX + f'www IN LUA A "pickwrandom({{{choices}}})"\n'
    return peers.authority("pdns_server", text, settings=LUA)


def lists(*, multi=False, **named):
    """gdnsd's configuration of weighted lists: a name and its weights by address."""
    resources = "".join(
        f"  {name} => {{ multi => {str(multi).lower()}\n"
        + "".join(f"    m{i} => [ {a}, {w} ]\n" for i, (a, w) in enumerate(weights.items()))
        + "  }\n"
        for name, weights in named.items()
    )
    return f"weighted => {{\n{resources}}}"


@pytest.mark.parametrize("start", [lab, gdnsd, knotd, pdns_server])
def test_shares_are_the_weights(peers, start):
    expected = {(address,): weight / 100 for address, weight in WEIGHTS.items()}

    assert misses(start(peers), expected) == {}


MULTI = {"192.0.2.1": 45, "192.0.2.2": 60, "192.0.2.3": 60}


def planned(weights, down=(), **options):
    """The shares of the lab's mode for gdnsd, by the addresses that come together."""
    records = RRset.of(f"{NAME}.", "A", list(weights), 60)
    plan = gdnsd_weighted(records, list(weights.values()), down, **options)
    return {tuple(sorted(s.reply.addresses)): s.probability for s in replies(plan)}


@pytest.mark.parametrize(
    "down",
    [(), ("192.0.2.3",), ("192.0.2.2", "192.0.2.3"), tuple(MULTI)],
    ids=["all up", "one down", "less than half up", "all down"],
)
@pytest.mark.parametrize("multi", [False, True], ids=["single", "multi"])
def test_the_mode_of_gdnsd_is_gdnsd(peers, multi, down):
    """45/60/60: with `multi` the first comes in 75 % of the answers, the others always."""
    states = "".join(f"{address}/up => DOWN\n" for address in down)
    server = peers.authority(
        "gdnsd",
        APEX + "www 60 DYNA weighted!www\n",
        plugins=lists(multi=multi, www=MULTI),
        states=states,
    )

    assert misses(server, planned(MULTI, down, multi=multi), ASKED // 3) == {}


def test_powerdns_ties_a_pick_for_everybody_to_the_clients_subnet(peers):
    """Its Lua records say SCOPE = SOURCE even where the pick ignores the client.

    That splits every cache by subnet; the lab and gdnsd say 0 (RFC 7871 section 7.2.1).
    """
    asked = query(NAME, "A", "198.51.100.0/24")
    scopes = [scope(send(start(peers), asked)) for start in (lab, gdnsd, pdns_server)]

    assert scopes == [0, 0, 24]
