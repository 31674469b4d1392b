"""Figures: what they say, and that plotly.py accepts every value of them."""

from dataclasses import replace
from statistics import median

import plotly.graph_objects as go
import pytest

from lab_engine import Clients, Resolvers, RRset, Scenario, Zone, run
from lab_engine.errors import COLUMNS, LabError
from lab_engine.views import round_robin
from lab_engine.views.figures import traffic, traffic_summary, windows, windows_summary

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 300)])
SCENARIO = Scenario(ZONE, "www", clients=Clients(1_000, 0.1), resolvers=Resolvers(20))


@pytest.fixture(scope="module")
def outcome():
    return run(SCENARIO)


def test_traffic_has_a_line_for_each_server(outcome):
    figure = traffic(outcome)

    assert [trace.name.split(":")[0] for trace in figure.data] == list(outcome.addresses)
    assert sum(figure.data[0].y) * outcome.bin == pytest.approx(sum(outcome.requests[0]), rel=0.01)


def test_no_two_lines_differ_by_colour_alone(outcome):
    figure = traffic(outcome)

    assert len({trace.line.dash for trace in figure.data}) == 3
    assert len({trace.marker.symbol for trace in figure.data}) == 3


def test_plotly_accepts_every_value(outcome):
    """`new_figure` leaves out plotly's own check; here it is made."""
    go.Figure(traffic(outcome).to_dict())


def test_the_summary_says_what_the_figure_shows(outcome):
    said = traffic_summary(outcome)

    assert f"{outcome.total:,} requests" in said
    assert f"the authority answered {outcome.authority_queries:,} questions" in said


def test_the_summary_counts_failures():
    dead = SCENARIO.set("down", ["192.0.2.1", "192.0.2.2", "192.0.2.3"])

    assert "requests failed" in traffic_summary(run(dead))


def test_windows_average_what_was_counted(outcome):
    """Means of ten minutes each, the last one drawn to its end."""
    longer = replace(outcome, window=600)

    figure = windows(longer)

    for line, pick in zip(figure.data, (min, max), strict=True):
        means = [
            pick(sum(row[at : at + 10]) / 600 for row in outcome.requests)
            for at in range(0, 60, 10)
        ]
        assert list(line.y) == pytest.approx([*means, means[-1]], abs=0.05)
    assert list(figure.data[0].x) == pytest.approx([hour / 6 for hour in range(7)], abs=0.001)


def test_the_scale_of_windows_is_that_of_all_requests(outcome):
    """It is the same for every length, so that windows can be compared by eye."""
    figures = [windows(replace(outcome, window=window)) for window in (60, 300, 3600)]

    rate = outcome.total / 3600
    assert {tuple(figure.layout.yaxis.range) for figure in figures} == {(0, round(rate, 1))}
    assert figures[0].layout.shapes[0].y0 == pytest.approx(rate / 3)


def test_plotly_accepts_every_value_of_windows(outcome):
    go.Figure(windows(outcome).to_dict())


def test_windows_are_summed_up_by_the_middle_one(outcome):
    middle = median(outcome.max_over_min())

    assert windows_summary(outcome).startswith("Windows of 300 s: in the median one the busiest")
    assert f"{middle:.2f} times" in windows_summary(outcome)


def test_a_server_without_requests_is_said_so():
    pinned = SCENARIO.set("resolvers.count", 1).set("resolvers.profile", "frozen")

    assert "the idlest got nothing" in traffic_summary(run(pinned))


def test_an_unknown_control_names_the_known_ones():
    with pytest.raises(LabError, match=r"speed: is no control. Choose of ttl, resolvers"):
        round_robin(SCENARIO, "speed")


def test_a_notebook_shows_an_error_in_words():
    with pytest.raises(LabError) as refused:
        SCENARIO.set("zone.ww.ttl", 1)

    shown = refused.value._render_traceback_()

    assert " ".join(shown) == f"ScenarioError: {refused.value}"
    assert len(shown) > 1
    assert all(len(line) <= COLUMNS for line in shown)
