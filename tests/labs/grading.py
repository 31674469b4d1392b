"""What tests of the grader share: a class that hands something in, and its results."""

import argparse
import csv
import json
from pathlib import Path

from lab_engine.grading import command

SEEDS = 'seed = "a seed that nobody guesses"\n'
# A loop that never ends is ended by its processor time, which does not depend on who else works.
LIMITS = "[limits]\ncpu_seconds = 8\ncell_seconds = 600\nseconds = 900\ncall_seconds = 300\n"


def hand_in(folder, student, book, name="lab_00_sample.ipynb"):
    """Put a notebook, or octets, into a student's folder."""
    path = folder / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(book, bytes):
        path.write_bytes(book)
    elif isinstance(book, str):
        path.write_text(book)
    else:
        path.write_text(json.dumps(book))
    return path


def options(*submissions, out, **more):
    """What the command line would have."""
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    given = [str(each) for each in submissions] + ["--out", str(out)]
    for key, value in more.items():
        given += [f"--{key}"] if value is True else [f"--{key}", str(value)]
    return parser.parse_args(given)


def grade(entry, *submissions, out, progress=None, **more):
    """Grade, and return what was said and the rows by student."""
    said = []
    command.grade(
        options(*submissions, out=out, **more), {entry.name: entry}, progress, said.append
    )
    return said, rows(out)


def rows(out):
    """The lines of grades.csv by student."""
    text = (Path(out) / "grades.csv").read_text(encoding="utf-8")
    return {row["student"]: row for row in csv.DictReader(text.splitlines())}


def record(out, student):
    """The record of a student; the name is a plain one."""
    (path,) = Path(out).glob(f"records/*/{student}.json")
    return json.loads(path.read_text())
