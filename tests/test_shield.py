"""What a learner has not predicted yet is not to be seen, and what is hidden has a reason."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.shield import faults, results, shield


def code(source, *outputs, hidden=False):
    metadata = {"jupyter": {"outputs_hidden": True}} if hidden else {}
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def shown(text="192.0.2.2", kind="text/plain"):
    return new_output("display_data", {kind: text})


def book(*cells):
    return new_notebook(cells=list(cells))


ASK = 'lesson.ask("second")'
REVEAL = 'print(answer)\nlesson.reveal("second", answer)'
EMPTY = new_output("display_data")


def test_a_shielded_notebook_has_no_faults_and_stays_as_it_is():
    """All results are hidden, in cells that store any, and shielding again changes nothing."""
    notebook = book(
        code(ASK, shown("question")),
        new_markdown_cell("Now ask again."),
        code('answer = server.ask("www.shop.example")', shown()),
        code("answer.ttl"),
        code(REVEAL, new_output("stream", text="192.0.2.2\n")),
        code("the same experiment, looked at again", shown()),
        new_markdown_cell("Well.\n\n## Another thing"),
        code("after", shown()),
    )
    shield(notebook)
    once = nbformat.writes(notebook)
    shield(notebook)
    nbformat.validate(notebook)

    assert faults(notebook) == []
    assert nbformat.writes(notebook) == once
    hidden = [bool(cell.metadata.get("jupyter")) for cell in notebook.cells]
    assert hidden == [False, False, True, False, True, True, False, False]


def test_a_result_that_is_seen_is_a_fault():
    notebook = book(code(ASK), code(REVEAL, shown()))

    assert faults(notebook) == ["the result of 'print(answer)' is not hidden"]


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", text="\n192.0.2.2\n"),
        new_output("execute_result", {"text/plain": "192.0.2.2"}),
        new_output("display_data", {"text/html": "<b>192.0.2.2</b>", "text/plain": " "}),
        new_output("display_data", {"text/markdown": "192.0.2.2"}),
        new_output("display_data", {"image/svg+xml": "<svg/>"}),
    ],
)
def test_a_preview_is_a_fault(output):
    """JupyterLab shows the first line that is not empty of the first output."""
    [fault] = faults(book(code(ASK), code(REVEAL, output, hidden=True)))

    assert "is hidden, and previewed as" in fault


@pytest.mark.parametrize(
    "outputs",
    [
        [EMPTY, shown()],
        [shown(" \n192.0.2.2")],
        [new_output("display_data", {"image/png": "iVBO"}), shown()],
        [new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}), shown()],
    ],
)
def test_an_output_without_a_first_line_shields(outputs):
    assert faults(book(code(ASK), code(REVEAL, *outputs, hidden=True))) == []


def test_a_cell_that_is_no_result_any_more_is_shown_again():
    notebook = book(code("print(1)", shown(), hidden=True))
    notebook.cells[0].metadata["jupyter"]["source_hidden"] = True
    shield(notebook)

    assert notebook.cells[0].metadata["jupyter"] == {"source_hidden": True}


def test_questions_asked_meanwhile_stay_in_sight():
    notebook = book(
        code(ASK), code("lesson.ask('third')", shown("question")), code(REVEAL), code("x", shown())
    )

    assert [cell.source for cell in results(notebook)] == [REVEAL, "x"]


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([ASK], "second is never revealed"),
        ([REVEAL], "second is revealed before it is asked"),
        ([ASK, REVEAL, REVEAL], "second is revealed before it is asked"),
    ],
)
def test_a_prediction_without_its_result_is_a_fault(cells, fault):
    assert faults(book(*map(code, cells))) == [fault]


def test_what_comes_of_a_table_is_hidden_until_its_last_row_is_revealed():
    """A table asks all of its keys, on one line or several."""
    notebook = book(
        code('lesson.table(\n    "first",\n    "second",\n    title="Who?",\n)', shown("table")),
        code('lesson.reveal("first")', shown()),
        code("measured", shown()),
        code('lesson.reveal("second")', shown()),
    )
    shield(notebook)

    assert [len(notebook.cells[0].outputs), faults(notebook)] == [1, []]
    hidden = [bool(cell.metadata.get("jupyter")) for cell in notebook.cells]
    assert hidden == [False, True, True, True]
