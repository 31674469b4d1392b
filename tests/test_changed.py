"""What changed between two answers, in words; and the table of a server's log."""

import re
from collections.abc import Iterator

import pytest

from lab_engine import Server, Zone, serve
from lab_engine.views.kit.changed import Answers, changed
from lab_engine.views.kit.log import LiveLog, asked, rows

from .browser.caches import ZONE

NAME = "www.shop.example"
LESS = ZONE.replace("www  300 A   192.0.2.3", "www  60  A   192.0.2.9").replace(
    "www  300", "www  60 "
)


@pytest.fixture
def server() -> Iterator[Server]:
    """The shop's authority, which moves its set on at each answer."""
    with serve(Zone.from_text(ZONE), order="cyclic") as server:
        yield server


def test_the_first_answer_has_no_news(server: Server) -> None:
    """There is nothing that it could have changed from."""
    shown = Answers()(server.ask(NAME))

    assert shown.sentence == "The first answer: nothing to compare it with."
    assert [line.news for line in shown.lines] == [""] * 5


def test_a_rotation_is_told_by_places(server: Server) -> None:
    """Each address says where it stood; nothing is new and nothing gone."""
    answers = Answers()
    answers(server.ask(NAME))
    shown = answers(server.ask(NAME))

    assert [(line.text.split("\t")[-1], line.news) for line in shown.lines[2:]] == [
        ("192.0.2.2", "was number 2"),
        ("192.0.2.3", "was number 3"),
        ("192.0.2.1", "was number 1"),
    ]


def test_what_came_went_and_aged_is_told(server: Server) -> None:
    """A new address, one that is gone, and TTLs that are others."""
    with serve(Zone.from_text(LESS), order="fixed") as other:
        shown = changed(server.ask(NAME), other.ask(NAME))

    assert {line.text.split("\t")[-1]: line.news for line in shown.lines[2:]} == {
        "192.0.2.1": "TTL was 300",
        "192.0.2.2": "TTL was 300",
        "192.0.2.9": "new",
        "192.0.2.3": "gone",
    }
    assert shown.sentence == "Changed: the TTL, 1 new, 1 gone."
    assert [line.text for line in shown.lines if line.gone] == [f"{NAME}.\t300\tIN\tA\t192.0.2.3"]


def test_another_code_is_told(server: Server) -> None:
    """NXDOMAIN after NOERROR, with the flags of both."""
    shown = changed(server.ask(NAME), server.ask("nobody.shop.example"))

    assert shown.lines[0].text == ";; status: NXDOMAIN, flags: qr aa"
    assert shown.lines[0].news == "was status: NOERROR, flags: qr aa"
    assert shown.sentence.startswith("Changed: status and flags")


def test_the_same_answer_again_has_no_news() -> None:
    """Ids, times and ports are not what anybody means by a change."""
    with serve(Zone.from_text(ZONE), order="fixed") as server:
        shown = changed(server.ask(NAME), server.ask(NAME))

    assert shown.sentence == "Nothing changed."


def test_news_is_read_not_only_seen(server: Server) -> None:
    """A column of words in the page, an arrow in text; nothing depends on colour."""
    shown = changed(server.ask(NAME), server.ask(NAME))
    page = shown._repr_html_()

    assert page.count(">was number") == 3
    assert page.count("<mark>192.0.2.") == 3
    assert re.search(r'<th scope="col"[^>]*>what is new</th>', page)
    assert shown.sentence == "Changed: the order."
    assert "192.0.2.2    <- was number 2" in repr(shown)


def test_a_hidden_output_gives_nothing_away(server: Server) -> None:
    """A page previews the first line of what it hides."""
    first, *_ = changed(server.ask(NAME), server.ask(NAME))._repr_html_().splitlines()

    assert first.strip() == ""


def test_the_log_is_told_newest_first(server: Server) -> None:
    """With its number, its question and its answer; at most as many as wanted."""
    for name in (NAME, "ns1.shop.example", NAME):
        server.ask(name)
    told = rows(server.log, last=2)

    assert [(number, question) for number, _, _, question, _ in told] == [
        (3, f"{NAME}. A"),
        (2, "ns1.shop.example. A"),
    ]
    assert told[1][-1] == "192.0.2.53"


def test_the_log_is_read_again_when_asked(server: Server) -> None:
    """And only then: nothing watches it."""
    table = LiveLog(server.log)
    server.ask(NAME)
    assert table._rows == []

    table._handle_custom_msg({"read": True}, [])

    assert [row[0] for row in table._rows] == [1]


def test_the_stored_table_is_the_same_at_every_run(server: Server) -> None:
    """It has no time, no port and no address of the client."""
    with serve(Zone.from_text(ZONE), order="cyclic") as other:
        for each in (server, other):
            each.ask(NAME)

        assert asked(server.log).twin() == asked(other.log).twin()
    assert "127.0.0.1" not in asked(server.log).twin()
    assert repr(asked(server.log)) == "The server was asked 1 question."
