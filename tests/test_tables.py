"""Outcomes and sweeps show a small table by themselves, in text and in a notebook."""

import re

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Scenario, run
from lab_engine.simulation.parts import Layer
from lab_engine.simulation.sweep import sweep
from lab_engine.simulation.tables import Column, Table

SMALL = Scenario(
    Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60)]),
    "www",
    clients=Clients(20, 0.1),
    duration=600,
)


def cells(html):
    """The text of each row."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_text_is_aligned_and_numbers_stand_on_the_right():
    table = Table((Column("name", 6), Column("n", 5)), [("a", "1"), ("b", "10")], ["all of it"])

    assert str(table).splitlines() == ["name      n", "a         1", "b        10", "all of it"]


def test_a_notebook_gets_the_same_words_and_no_markup_from_them():
    html = Table((Column("<b>", 6), Column("n", 5)), [("a&b", "1"), ("c",)], ["x < y"]).html()

    assert cells(html) == [["&lt;b&gt;", "n"], ["a&amp;b", "1"], ["c", ""]]
    assert html.endswith("<div>x &lt; y</div>")


def test_an_outcome_shows_its_table_and_not_its_tuples():
    outcome = run(SMALL)

    assert repr(outcome) == str(outcome)
    assert str(outcome).startswith("server  ")
    shown = cells(outcome._repr_html_())
    assert [row[0] for row in shown] == ["server", "192.0.2.1", "192.0.2.2"]
    assert [row[1] for row in shown[1:]] == [f"{sum(row):,}" for row in outcome.requests]
    assert "the authority answered" in outcome._repr_html_()


def test_layers_are_shown_too():
    layered = run(SMALL.set("layers", [Layer("router", count=4), Layer("edge", count=2)]))

    named = [line.split(" caches")[0] for line in str(layered).splitlines() if "caches" in line]
    assert named == ["layer 1", "layer 2", "resolver"]


def test_the_same_outcome_is_shown_the_same():
    assert run(SMALL)._repr_html_() == run(SMALL)._repr_html_()


def test_failed_requests_have_a_row():
    dead = run(SMALL.set("down", ["192.0.2.1", "192.0.2.2"]))

    assert cells(dead._repr_html_())[-1] == ["(failed)", f"{dead.total:,}", "", ""]


def test_a_sweep_shows_a_row_for_each_point():
    points = sweep(SMALL, {"zone.www.ttl": [30, 60], "clients.rate": [0.1, 0.2]}, 3)

    assert repr(points) == str(points)
    heading, *rows = cells(points._repr_html_())
    assert heading == ["zone.www.ttl", "clients.rate", "runs", "requests", "failed", "queries"]
    assert [row[:3] for row in rows] == [
        [ttl, rate, "3"] for ttl in ("30", "60") for rate in ("0.1", "0.2")
    ]
    assert "medians of the runs" in str(points)


def test_a_point_shows_a_row_for_each_run():
    point = sweep(SMALL, {"zone.www.ttl": [30]}, 2)[0]

    assert repr(point) == str(point)
    assert [row[1] for row in cells(point._repr_html_())[1:]] == [
        f"{each.total:,}" for each in point.outcomes
    ]
    assert "zone.www.ttl = 30" in repr(point)


def test_points_are_still_a_tuple():
    points = sweep(SMALL, {"zone.www.ttl": [30, 60]})

    assert len(points) == 2
    assert [point.settings["zone.www.ttl"] for point in points] == [30, 60]
    assert points == (points[0], points[1])


def test_long_values_are_cut():
    table = str(sweep(SMALL, {"down": [["192.0.2.1", "192.0.2.2"]]}))

    assert "['192.0.2.1', '192.…" in table
