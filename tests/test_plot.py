"""Figures as plain data, what changed between two, and what a live plot keeps and sends."""

import base64
import datetime as dt
import gzip
import json
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from lab_engine.views import theme
from lab_engine.views.plain import Json, difference, plain
from lab_engine.views.plot import PLOTLY, LivePlot


def lines(*heights: list[float], title: str = "T") -> go.Figure:
    """A figure of one line for each list of heights."""
    return theme.new_figure(*[go.Scatter(y=row, name="n") for row in heights], title=title)


def laid_over(base: Json, changes: Json) -> Json:
    """What page/plot.js makes of a first figure and the changes."""

    def lay(under: Json, over: Json) -> Json:
        return {key: value for key, value in {**under, **over}.items() if value is not None}

    traces = [
        lay(base["data"][i] if i < len(base["data"]) else {}, changes["data"].get(str(i), {}))
        for i in range(changes["count"])
    ]
    return {"data": traces, "layout": lay(base["layout"], changes["layout"])}


class Sent(LivePlot):
    """A live plot that remembers what it would have sent."""

    def __init__(self, *args: Any) -> None:
        self.messages: list[tuple[Any, Any]] = []
        super().__init__(*args)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Keep the message."""
        self.messages.append((content, buffers))


def test_template_is_small_and_replaces_plotlys() -> None:
    """plotly's own template adds 6.5 KB; a figure made without ours gets it all the same."""
    heavy = go.Figure(go.Scatter(y=[1, 2]))

    assert len(json.dumps(plain(heavy))) < 1500
    assert plain(heavy)["layout"]["template"] == theme.TEMPLATE


def test_a_figure_is_plain_json() -> None:
    """Arrays, numpy's numbers, dates, gaps: all become what JSON can carry."""
    figure = go.Figure(
        go.Scatter(
            x=[dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)], y=[1, math.nan]
        ),
        layout={"width": np.int64(500)},
    )
    got = plain(figure)

    assert got["data"][0]["y"] == [1, None]
    assert got["data"][0]["x"] == ["2026-01-02", "2026-01-02T03:00:00+00:00"]
    assert json.loads(json.dumps(got, allow_nan=False)) == got


def test_mappings_are_figures_too() -> None:
    """A figure may be written by hand, without plotly's classes."""
    assert plain({"data": [{"y": (1, 2)}]})["data"] == [{"y": [1, 2]}]


def test_something_else_is_refused() -> None:
    """What JSON cannot carry is named."""
    with pytest.raises(TypeError, match="object"):
        plain({"data": [{"meta": object()}]})


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        (np.linspace(0, 1, 100), "f4", "<f4"),
        (list(range(100)), "i4", "<i4"),
        ([2**40] * 100, "f4", "<f4"),
        ([0.5, math.nan] * 50, "f4", "<f4"),
    ],
)
def test_long_numbers_are_packed(values: Any, dtype: str, kind: str) -> None:
    """A hundred numbers cross as 4 bytes each, with the 7 digits a screen can show."""
    packed = plain({"data": [{"y": values}]})["data"][0]["y"]
    unpacked = np.frombuffer(base64.b64decode(packed["bdata"]), kind)

    assert packed["dtype"] == dtype
    np.testing.assert_allclose(unpacked, np.asarray(values, float), rtol=1e-6)


def test_only_what_changed_is_sent() -> None:
    """A trace that stays is not sent again, nor is an attribute that stays."""
    base = plain(lines([1, 2], [3, 4]))
    changes = difference(base, plain(lines([1, 2], [3, 5], title="U")))

    assert changes["data"] == {"1": {"y": [3, 5]}}
    assert changes["layout"] == {"title": {"text": "U"}}


figures = st.builds(
    lambda rows, layout: {"data": rows, "layout": layout},
    st.lists(st.dictionaries(st.sampled_from("xyz"), st.lists(st.integers(0, 2))), max_size=3),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)),
)


@pytest.mark.slow
@given(figures, figures)
def test_changes_over_the_first_figure_give_the_new_one(first: Json, second: Json) -> None:
    """Whatever two figures are, first + difference = second."""
    base, new = plain(first), plain(second)

    assert laid_over(base, difference(base, new)) == new


def test_show_keeps_the_first_figure_and_sends_changes() -> None:
    """The state a reloaded page gets is the first figure and the present changes."""
    plot = LivePlot(lines([1, 2]), "one")
    plot.show(lines([1, 3], [0, 0]), "two")
    state = plot.get_state()

    assert state["_first"] == plain(lines([1, 2]))
    assert laid_over(state["_first"], state["_changes"]) == plain(lines([1, 3], [0, 0]))
    assert plot.summary == state["_summary"] == "two"


def test_update_is_small() -> None:
    """Three lines of 360 points, all moved: a quarter of FigureWidget's 32 KB, at most 20 KB."""
    rng = np.random.default_rng(1)
    rows = rng.random((2, 3, 360))
    plot = LivePlot(lines(*rows[0]), "one")
    plot.show(lines(*rows[1]), "two")

    assert len(json.dumps(plot.get_state("_changes"))) < 8_000


@pytest.mark.slow
def test_plotlyjs_is_sent_when_asked() -> None:
    """And only then; it comes packed."""
    plot = Sent(lines([1]), "one")
    plot._handle_custom_msg({"ask": "weather"}, [])
    assert plot.messages == []

    plot._handle_custom_msg({"ask": PLOTLY}, [])

    ((content, buffers),) = plot.messages
    assert content == {"answer": PLOTLY}
    assert gzip.decompress(buffers[0]).decode() == get_plotlyjs()
    assert len(buffers[0]) < 1_600_000


def test_text_for_nbval_holds_no_id() -> None:
    """Two plots of the same figure have the same text."""
    data, _metadata = LivePlot(lines([1]), "All is well.")._repr_mimebundle_()  # type: ignore[misc]

    assert data["text/plain"] == "Plot: All is well."


def test_series_differ_in_more_than_colour() -> None:
    """Thirty series: no two share colour, dash and marker."""
    styles = [tuple(theme.series_style(i).values()) for i in range(30)]

    assert len(set(styles)) == 30
    assert len({style[1:] for style in styles[:7]}) == 7


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (theme.seconds(90), "90 s"),
        (theme.seconds(0.02), "20 ms"),
        (theme.seconds(86_400), "86,400 s"),
        (theme.seconds(1.25), "1.25 s"),
        (theme.seconds(0), "0 s"),
        (theme.seconds(math.inf), "unknown"),
        (theme.percent(0.12345), "12.3 %"),
        (theme.percent(1), "100 %"),
        (theme.number(1234.5), "1,234"),
        (theme.number(0.000123456), "0.000123"),
    ],
)
def test_numbers_with_units(shown: str, text: str) -> None:
    """Three digits that count, and a unit."""
    assert shown == text
