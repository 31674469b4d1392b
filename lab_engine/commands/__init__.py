"""What is typed: a module for each group of commands, imported when one of them is asked for.

Each has a function `add` that takes its commands in. What is said of them is here, so that `--help`
lists all of them, and `doctor` speaks, where a package is missing that another group needs.
"""

from typing import Final

# Module -> its commands, each with what it does, in a line.
GROUPS: Final[dict[str, dict[str, str]]] = {
    "serving": {"serve": "answer for a zone on loopback"},
    "asking": {
        "ask": "ask one question and print what dig would",
        "explain": "say why a zone answers as it does",
    },
    "reviewing": {
        "lint": "find what will be regretted; status 1 if anything",
        "diff": "say what changes for whom; status 1 if anything",
        "rehearse": "say what a change will do, beforehand",
    },
    "simulating": {"simulate": "say what caches make of a zone, by scenario"},
    "learning": {
        "course": "renew or reset your copies of the lessons, in my/",
        "doctor": "say whether the course runs here; status 1 if not",
    },
    "grading": {
        "grade": "grade the labs that a class has handed in",
        "labs": "write the learners' copies of the labs",
    },
}
SAYS: Final = {name: says for group in GROUPS.values() for name, says in group.items()}
