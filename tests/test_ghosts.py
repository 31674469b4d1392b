"""Predictions on a figure: beside what it turned out to be, on the axis they were made for."""

import plotly.graph_objects as go
import pytest

from lab_engine.views.ghosts import marked
from lab_engine.views.kit.picture import Ghost
from lab_engine.views.plain import difference, plain
from lab_engine.views.theme import new_figure

FIGURE = new_figure({"type": "scatter", "x": [1, 2], "y": [3, 4]})


def test_without_a_ghost_a_figure_stays() -> None:
    """Not even copied."""
    assert marked(FIGURE, ()) is FIGURE


def test_a_value_is_a_line_across_with_a_label() -> None:
    """Dotted and hollow what was said, drawn through and full what it was."""
    figure = marked(FIGURE, [Ghost(40, "you said 40"), Ghost(63, "it was 63", said=False)])
    lines = [(line.y0, line.y1, line.line.dash) for line in figure.layout.shapes]
    words = [note.text for note in figure.layout.annotations]

    assert lines == [(40, 40, "dot"), (63, 63, "solid")]
    assert words == ["◇ you said 40", "◆ it was 63"]


def test_an_interval_has_two_lines() -> None:
    """And one label, in whatever order its ends were given."""
    figure = marked(FIGURE, [Ghost(2.5, "you said 0.3 to 2.5", to=0.3)])

    assert [line.y0 for line in figure.layout.shapes] == [0.3, 2.5]
    assert len(figure.layout.annotations) == 1


def test_a_value_of_the_other_axis_stands_upright() -> None:
    """A time on an axis of times."""
    (line,) = marked(FIGURE, [Ghost(1.5, "you said 1.5", axis="x")]).layout.shapes

    assert (line.x0, line.x1, line.yref) == (1.5, 1.5, "paper")


def test_the_figure_itself_is_left_alone() -> None:
    """It may be shown again without."""
    marked(FIGURE, [Ghost(1, "a")])

    assert FIGURE.layout.shapes == ()


@pytest.mark.parametrize("figure", [FIGURE, go.Figure(FIGURE)])
def test_only_the_ghost_crosses(figure: go.Figure) -> None:
    """The lines of the figure are not sent again."""
    changes = difference(plain(figure), plain(marked(figure, [Ghost(1, "a")])))

    assert changes["data"] == {}
    assert set(changes["layout"]) == {"shapes", "annotations"}


def test_on_an_axis_of_logarithms_the_label_stands_at_its_line() -> None:
    """Lines are placed by the value there, and texts by its logarithm; one below the other."""
    figure = new_figure({"type": "scatter", "x": [1, 1000], "y": [3, 4]}, xaxis={"type": "log"})
    ghosts = [Ghost(100, "you said 100", axis="x"), Ghost(90, "it was 90", axis="x", said=False)]
    drawn = marked(figure, ghosts)
    notes = drawn.layout.annotations

    assert [line.x0 for line in drawn.layout.shapes] == [100, 90]
    assert notes[0].x == 2
    assert notes[1].yshift < notes[0].yshift
