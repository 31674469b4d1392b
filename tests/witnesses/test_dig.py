"""What `print(server.ask(…))` shows beside what dig shows: the same, but for what passes."""

import re

import pytest

from lab_engine import RRset, Zone, serve

pytestmark = pytest.mark.witness

LONG = "a-name-longer-than-columns"
ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60),
        RRset.of("alias", "CNAME", "www", 3600),
        RRset.of("twenty-three", "AAAA", "2001:db8::1"),  # with its zone, to the column before
        RRset.of("twenty-fours", "TXT", '"two words" b'),
        RRset.of(LONG, "MX", ["10 mail", "20 mail.other.example."]),
        RRset.of(f"{LONG}-s", "TYPE65280", r"\# 2 1234", 2**31 - 1),
        RRset.of("big", "TXT", ["x" * 250 + f"{i:02}" for i in range(10)]),
        RRset.of("sub", "NS", "ns.sub"),
        RRset.of("ns.sub", "A", "192.0.2.53"),
    ],
)
QUESTIONS = [
    "www A",
    "alias A",
    "alias MX",
    "twenty-three AAAA",
    "twenty-fours TXT",
    f"{LONG} MX",
    f"{LONG}-s TYPE65280",
    "big TXT",
    "nowhere A",
    "a.sub A",
]


def steady(text):
    """Without ids, times and what the moment brings."""
    text = re.sub(r"id: \d+", "id: 1", text)
    text = re.sub(r"Query time: \d+", "Query time: 0", text)
    return re.sub(r"WHEN: .*", "WHEN: now", text).strip()


@pytest.fixture(scope="module")
def server():
    with serve(ZONE, order="fixed") as running:
        yield running


def dug(run, server, name, *more):
    """What dig prints to the questions that `ask` asks."""
    plain = ("+nocmd", "+norec", "+nocookie")
    shown = run("dig", "@127.0.0.1", "-p", server.port, *plain, name, *more)
    return shown.replace(";; Truncated, retrying in TCP mode.\n", "")


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_exchange_is_printed_as_dig_prints_it(server, run, question):
    name, kind = question.split()
    name = f"{name}.shop.example"

    assert steady(str(server.ask(name, kind))) == steady(dug(run, server, name, kind))


@pytest.mark.parametrize("subnet", ["192.0.2.0/24", "192.0.2.77/20", "2001:db8::/48", "0.0.0.0/0"])
def test_a_client_subnet_is_sent_and_printed_as_dig_does(server, run, subnet):
    name = "www.shop.example"
    shown = dug(run, server, name, f"+subnet={subnet}")
    asked = server.ask(name, subnet=subnet)

    assert "; CLIENT-SUBNET: " in shown
    assert steady(str(asked)) == steady(shown)


@pytest.mark.parametrize("name", ["alias.shop.example", "nowhere.shop.example"])
def test_short_is_digs(server, run, name):
    assert server.ask(name).short() == dug(run, server, name, "+short").strip()


def test_the_line_that_a_server_shows_is_one_to_type(server, run):
    """Word for word, as a learner copies it."""
    assert "192.0.2.1" in run(*server.dig.split())
