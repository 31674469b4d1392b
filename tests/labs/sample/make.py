"""The notebook of the sample lab, made anew for each test that needs it."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lab_engine.grading.catalogue import Entry
from lab_engine.labs.notebooks import build

HERE = Path(__file__).parent
NAME = "lab_00_sample"
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
TTL = """\
### BEGIN SOLUTION
ttl = 60
### INSTEAD
# ttl = None
### END SOLUTION"""
SHARE = """\
def share(first, second):
    ### BEGIN SOLUTION
    return first / (first + second)
    ### INSTEAD
    # return None
    ### END SOLUTION"""


def code(identity, source, *outputs):
    """A cell that was run."""
    return new_code_cell(source, id=identity, outputs=list(outputs), execution_count=1)


def passed(title):
    """The output of a check that is passed."""
    return new_output("stream", name="stdout", text=f"{title}: passed\n")


def solution(setup=f"from lab_engine import Worksheet\nwork = Worksheet({NAME!r})"):
    """The notebook with its solution."""
    cells = [
        new_markdown_cell("# A sample", id="title"),
        code("setup", setup),
        code("answer-ttl", TTL),
        code("try", "share_of_three = 3"),
        code("answer-share", SHARE),
        code(
            "check-ttl",
            'work.check("ttl", ttl=ttl, share=share)',
            passed("The TTL is 60 s"),
        ),
        code(
            "check-share",
            'work.check("share", ttl=ttl, share=share)',
            passed("The share of the first server"),
        ),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def labs(folder, **more):
    """A folder of labs with the sample in it; returns where the sample is."""
    (folder / "solutions").mkdir(parents=True)
    nbformat.write(solution(**more), folder / "solutions" / f"{NAME}.ipynb")
    (copy,) = build(folder)
    return Entry(NAME, copy, "sample_judge", HERE)


def answered(entry, ttl="ttl = 60", share="def share(a, b):\n    return a / (a + b)"):
    """The learner's copy with answers in it."""
    book = nbformat.read(entry.notebook, as_version=4)
    for cell in book.cells:
        if cell.id == "answer-ttl":
            cell.source = ttl
        if cell.id == "answer-share":
            cell.source = share
    return book
