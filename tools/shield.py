"""Keeps a lesson's stored results out of sight until the learner has predicted them.

A result is what a code cell shows after `lesson.ask("key")`, with `lesson.reveal("key", …)` and up
to the next question or heading; or in a cell with the tag `result`, which shows it again later.
JupyterLab hides the outputs of a cell whose metadata say so until
it is run; nbval, GitHub and printed pages show them all the same. A hidden output is previewed,
though, by the first line of the cell's first output, so that one must have no text: an output
without any data is put before it, which nobody shows and nbval has nothing to compare with.
"""

import re
from collections.abc import Iterator
from typing import Any

import nbformat

CALL = re.compile(r"\blesson\.(?P<what>ask|reveal)\(\s*[\"'](?P<key>[^\"']+)[\"']")
TABLE = re.compile(r"\blesson\.table\((?P<keys>[^)]*?)(?:title=|\))")
KEY = re.compile(r"[\"']([^\"']+)[\"']")
PREVIEWED = ("text/html", "image/svg+xml", "application/pdf", "text/markdown", "text/plain")


def results(notebook: Any) -> Iterator[Any]:
    """The code cells that show what a prediction is about."""
    open_keys: set[str] = set()
    follows = False  # a result, of the same experiment
    for cell in notebook.cells:
        asked, revealed = _calls(cell)
        follows = follows and not asked and not _begins(cell)
        again = "result" in cell.metadata.get("tags", ())
        if revealed or again or ((open_keys or follows) and cell.cell_type == "code" and not asked):
            yield cell
        open_keys = (open_keys | asked) - revealed
        follows = follows or bool(revealed)


def _begins(cell: Any) -> bool:
    """Whether something new begins with this text."""
    return cell.cell_type == "markdown" and bool(re.search(r"^#", cell.source, re.MULTILINE))


def shield(notebook: Any) -> None:
    """Hide what a result cell has stored, and nothing else."""
    hidden = [cell.id for cell in results(notebook) if cell.outputs]
    for cell in notebook.cells:
        jupyter = {**cell.metadata.get("jupyter", {})}
        jupyter.pop("outputs_hidden", None)
        if cell.id in hidden:
            jupyter["outputs_hidden"] = True
            if preview(cell):
                cell.outputs.insert(0, nbformat.v4.new_output("display_data"))
        cell.metadata.pop("jupyter", None)
        if jupyter:
            cell.metadata["jupyter"] = jupyter


def faults(notebook: Any) -> list[str]:
    """What is wrong with a notebook's predictions: results to be seen or never revealed."""
    asked: list[str] = []
    found: list[str] = []
    for cell in notebook.cells:
        asks, revealed = _calls(cell)
        found += [f"{key} is revealed before it is asked" for key in revealed - set(asked)]
        asked = [key for key in (*asked, *sorted(asks)) if key not in revealed]
    found += [f"{key} is never revealed" for key in asked]
    for cell in results(notebook):
        name = cell.source.splitlines()[0] if cell.source else cell.id
        if cell.outputs and not cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            found.append(f"the result of {name!r} is not hidden")
        elif line := preview(cell):
            found.append(f"the result of {name!r} is hidden, and previewed as {line!r}")
    return found


def preview(cell: Any) -> str:
    """The line by which JupyterLab previews hidden outputs; empty if it shows nothing."""
    if not cell.outputs:
        return ""
    first = cell.outputs[0]
    data = first.get("data", {})
    texts = (
        [first["text"]] if "text" in first else [data[kind] for kind in PREVIEWED if data.get(kind)]
    )
    lines = "".join(texts[0]).split("\n") if texts else []
    return next(filter(None, lines), "").strip()


def _calls(cell: Any) -> tuple[set[str], set[str]]:
    """The keys that a cell asks, and those that it reveals."""
    if cell.cell_type != "code":
        return set(), set()
    calls = [(match["what"], match["key"]) for match in CALL.finditer(cell.source)]
    asked = {key for what, key in calls if what == "ask"}
    asked |= {key for each in TABLE.finditer(cell.source) for key in KEY.findall(each["keys"])}
    return asked, {key for what, key in calls if what == "reveal"}
