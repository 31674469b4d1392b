"""What a notebook shows of servers and answers, and what those say who are not there."""

import socket

import pytest

from lab_engine import LabError, RRset, Zone, ask, forward, serve
from lab_engine.wire.endpoint import Endpoint
from lab_engine.wire.transport import InProcess

ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("*.any", "A", "192.0.2.7"),
        RRset.of("mail", "A", "192.0.2.8"),
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60),
        RRset.of("alias", "CNAME", "www"),
        RRset.of("out", "CNAME", "cdn.example.net."),
        RRset.of("lost", "CNAME", "nowhere"),
        RRset.of("note", "TXT", '"<b> & more"'),
        RRset.of("sub", "NS", "ns.sub"),
    ],
)


@pytest.fixture
def server():
    with serve(ZONE, order="fixed", transport=InProcess) as running:
        yield running


def test_an_answer_is_a_table_on_the_page(server):
    shown = server.ask("www.shop.example")._repr_html_()

    assert shown.startswith("<p><b>www.shop.example. A</b>: NOERROR</p><table>")
    assert shown.count("<tr>") == 3
    assert "192.0.2.2</td>" in shown


def test_an_answer_as_text_is_its_answer_section(server):
    assert repr(server.ask("www.shop.example")).splitlines() == [
        "www.shop.example.\t60\tIN\tA\t192.0.2.1",
        "www.shop.example.\t60\tIN\tA\t192.0.2.2",
    ]


def test_what_a_notebook_stores_is_the_same_at_every_run():
    """No id, no port and no time: two servers at different ports show the same."""
    with serve(ZONE, order="fixed") as one, serve(ZONE, order="fixed") as other:
        asked = [each.ask("www.shop.example") for each in (one, other)]

        assert len({each._repr_html_() for each in asked}) == 1
        assert len({repr(each) for each in asked}) == 1


def test_the_text_of_a_record_is_no_markup(server):
    assert "&lt;b&gt; &amp; more" in server.ask("note.shop.example", "TXT")._repr_html_()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("nope.shop.example A", "nope.shop.example does not exist, with any type."),
        ("lost.shop.example A", "nowhere.shop.example does not exist, with any type."),
        ("www.shop.example MX", "www.shop.example exists, but has no record of type MX."),
        ("alias.shop.example MX", "www.shop.example exists, but has no record of type MX."),
        ("www A", "This server has no zone for www. Is the name written in full"),
        ("a.sub.shop.example A", "Other servers answer for a.sub.shop.example"),
    ],
)
def test_what_is_not_there_carries_a_word_of_help(server, question, words):
    exchange = server.ask(*question.split())

    assert exchange.meaning.startswith(words)
    assert exchange.meaning in repr(exchange)
    assert words in exchange._repr_html_()
    assert words not in str(exchange)


def test_a_failure_carries_a_word_of_help(server):
    with forward(server, transport=InProcess) as cache:
        server.stop()
        exchange = cache.ask("www.shop.example")

    assert exchange.rcode == "SERVFAIL"
    assert exchange.meaning.startswith("The server could not find out")


@pytest.mark.parametrize(
    "question", ["www A", "alias A", "alias CNAME", "alias ANY", "www ANY", "out A"]
)
def test_an_answer_needs_no_help(server, question):
    name, kind = question.split()

    assert server.ask(f"{name}.shop.example", kind).meaning == ""


def test_a_server_shows_the_line_that_asks_it():
    with serve(ZONE) as running, forward(running) as cache:
        line = f"dig @127.0.0.1 -p {running.port} www.shop.example"

        assert repr(running) == f"<Server of shop.example., shuffle: {line}>"
        assert f"<pre>{line}</pre>" in running._repr_html_()
        assert cache.dig == f"dig @127.0.0.1 -p {cache.port} www.shop.example"


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([RRset.of("*", "A", "192.0.2.1"), RRset.of("api", "A", "192.0.2.2")], "api.shop.example"),
        ([RRset.of("www", "AAAA", "2001:db8::1")], "www.shop.example AAAA"),
        ([RRset.of("b&c", "A", "192.0.2.1")], "'b&c.shop.example'"),
        ([RRset.of("www", "MX", "10 mail")], ""),
    ],
)
def test_the_line_asks_for_something_that_is_there(records, words):
    with serve(Zone.of("shop.example", records)) as running:
        assert running.dig == f"dig @127.0.0.1 -p {running.port} {words}".strip()


def test_where_no_terminal_reaches_a_server_says_how_to_ask(server):
    assert server.dig == "it answers this process alone: server.ask(…)"


def test_a_stopped_server_says_so(server):
    server.stop()

    assert repr(server) == "<Server of shop.example., fixed: it has stopped>"


def test_a_stopped_server_is_not_waited_for():
    with serve(ZONE) as running:
        pass
    with pytest.raises(LabError, match="has stopped"):
        running.ask("www.shop.example")


def test_where_nobody_listens_the_system_says_so():
    """By ICMP: no time-out runs down."""
    with serve(ZONE) as gone:
        pass
    with pytest.raises(LabError, match="nobody listens there") as refused:
        ask("www.shop.example", "A", gone.address, timeout=300)

    assert isinstance(refused.value.__cause__, ConnectionRefusedError)


def test_one_stray_refusal_is_survived(monkeypatch):
    """It may be about what another sent from this port before: the second attempt is answered."""
    strays = [ConnectionRefusedError()]

    class Line(socket.socket):
        def send(self, *given):
            if strays and self.type == socket.SOCK_DGRAM:
                raise strays.pop()
            return super().send(*given)

    with serve(ZONE) as running:
        monkeypatch.setattr(socket, "socket", Line)

        assert running.ask("www.shop.example").rcode == "NOERROR"
    assert strays == []


def test_what_is_no_response_is_an_error():
    """An old one, under another id, say."""

    def stale(wire, source, stream):
        return bytes([wire[0] ^ 1, *wire[1:2], wire[2] | 0x80, *wire[3:]])

    with (
        Endpoint(stale, transport=InProcess) as endpoint,
        pytest.raises(LabError, match="that was no response to the question"),
    ):
        endpoint.ask("www.shop.example")
