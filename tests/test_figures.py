"""Figures: what they say, and that plotly.py accepts every value of them."""

import plotly.graph_objects as go
import pytest

from lab_engine import Clients, Resolvers, RRset, Scenario, Zone, run
from lab_engine.errors import LabError
from lab_engine.views import round_robin
from lab_engine.views.figures import traffic, traffic_summary

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


def test_a_server_without_requests_is_said_so():
    pinned = SCENARIO.set("resolvers.count", 1).set("resolvers.profile", "frozen")

    assert "the idlest got nothing" in traffic_summary(run(pinned))


def test_an_unknown_control_names_the_known_ones():
    with pytest.raises(LabError, match=r"speed: is no control. Choose of ttl, resolvers"):
        round_robin(SCENARIO, "speed")


def test_a_notebook_shows_an_error_in_words():
    with pytest.raises(LabError) as refused:
        SCENARIO.set("zone.ww.ttl", 1)

    assert refused.value._render_traceback_() == [
        f"ScenarioError: {refused.value}",
    ]
