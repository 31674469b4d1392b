"""Runs the lessons and stores their outputs as a reader without a kernel should find them.

Their launch links are written anew, too (`tools/launch.py`).

Not a test: `tests/test_notebooks.py` compares what is stored here with a run of its own.
`python -m tools.lessons [NAME …]` takes the names of some lessons (`01_round_robin`,
`extra/getaddrinfo`); without any, all are run.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tools.launch import launched, lessons, slug
from tools.shield import shield
from tools.slides import mark

LESSONS = Path(__file__).parents[1] / "lessons"
WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 120
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def execute(path: Path) -> None:
    """Run every cell of one lesson in its folder and write the notebook back.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.NotebookNode(kernelspec=KERNEL)
    if path in lessons():
        notebook.cells[0].source = launched(notebook.cells[0].source, path, slug())
    NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        coalesce_streams=True,  # where a line is cut depends on how busy the machine is
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    for cell in notebook.cells:
        _strip(cell)
    shield(notebook)
    mark(notebook)
    notebook.metadata = nbformat.NotebookNode(
        kernelspec=KERNEL, language_info={"name": "python", "file_extension": ".py"}
    )
    nbformat.write(notebook, path)


def _strip(cell: Any) -> None:
    """Leave out times, and widget views, of which a page without a kernel shows an error."""
    cell.metadata.pop("execution", None)
    for output in list(cell.get("outputs", [])):
        data = output.get("data", {})
        if data.pop(WIDGET, None) is not None and not data:
            cell.outputs.remove(output)


def main(names: Sequence[str]) -> int:
    """Run the named lessons, or all of them."""
    wanted = [LESSONS / f"{name}.ipynb" for name in names] or sorted(LESSONS.rglob("*.ipynb"))
    for path in wanted:
        print(f"running {path.stem}", flush=True)
        execute(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
