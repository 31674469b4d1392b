"""Runs the labs' solutions, stores their outputs, and writes the learners' copies of them.

Not a test: `tests/labs` compares. `python -m tools.labs [NAME …]` takes the names of some labs
(`lab_01_four_tills`); without any, all are run. Then the copies of all are written.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

from lab_engine.labs.notebooks import SOLUTIONS, build
from tools.lessons import KERNEL, run

LABS = Path(__file__).parents[1] / "labs"


def execute(path: Path) -> None:
    """Run every cell of one solution in its folder and write the notebook back.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.NotebookNode(kernelspec=KERNEL)
    run(notebook, path.parent)
    nbformat.write(notebook, path)


def main(names: Sequence[str]) -> int:
    """Run the named solutions, or all of them, and build the copies."""
    folder = LABS / SOLUTIONS
    wanted = [folder / f"{name}.ipynb" for name in names] or sorted(folder.glob("lab_*.ipynb"))
    for path in wanted:
        print(f"running {path.stem}", flush=True)
        execute(path)
    for path in build(LABS):
        print(f"written {path.name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
