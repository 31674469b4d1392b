"""What the documents tell to type: each `python -m …` of ours is one that its program takes.

Nothing is run but the reading of the words; `tests/test_readme.py` runs those of README.md.
"""

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from lab_engine.__main__ import parser
from tests.repository import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(path for room in ("hub", "labs", "workshop") for path in sorted((ROOT / room).glob("*.md"))),
]
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"(?:.*[/\\])?(?:python[\d.]*|py)")
OURS = re.compile(r"lab_engine|benchmarks|tools\.\w+")


class Typed(NamedTuple):
    """A command of a document: what was typed before it, the Python, the module, and its words."""

    document: str
    before: list[str]
    python: str
    module: str
    words: list[str]


def lines(text: str) -> Iterator[str]:
    """What may be a command: a line of a block, or what stands between backticks in a sentence."""
    for block in FENCED.findall(text):
        yield from re.sub(r"\\\n", " ", block).splitlines()
    for span in re.findall(r"`([^`]+)`", FENCED.sub("", text)):
        yield " ".join(span.split())


def typed() -> Iterator[Typed]:
    """Each command of ours in the documents."""
    for path in DOCUMENTS:
        for line in lines(path.read_text(encoding="utf-8")):
            if " -m " not in line:
                continue
            # A line for Windows, where a backslash quotes nothing, begins with another sign.
            plain = line.replace("\\", "/") if line.startswith("> ") else line
            words = shlex.split(re.sub("^[$>] ", "", plain), comments=True)
            at = words.index("-m")
            python, module, *rest = words[at - 1], *words[at + 1 :]
            if PYTHON.fullmatch(python) and OURS.fullmatch(module):
                yield Typed(
                    path.relative_to(ROOT).as_posix(), words[: at - 1], python, module, rest
                )


TYPED = list(typed())


def usage(module: str) -> tuple[int, float]:
    """How many words a tool without options takes, at least and at most, as its docstring says."""
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    told = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    found = re.search(rf"`python -m {re.escape(module)}([^`]*)`", told)
    assert found is not None, f"{module} does not say how it is called"
    required = re.sub(r"\[.*\]", "", found[1]).split()
    return len(required), float("inf") if "[" in found[1] else len(required)


def taken(module: str, words: list[str]) -> bool:
    """Whether a program of ours can be called so."""
    if module == "lab_engine":
        return bool(parser().parse_args(words))
    if "def parser(" in (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"):
        return bool(importlib.import_module(module).parser().parse_args(words))
    least, most = usage(module)
    return least <= len(words) <= most


def test_there_are_commands_in_the_documents():
    """Else nothing is looked at below."""
    assert {each.document for each in TYPED} >= {
        *("README.md", "CONTRIBUTING.md", "hub/README.md"),
        *("labs/README.md", "workshop/README.md", "workshop/questions.md"),
    }
    assert len(TYPED) > 25


@pytest.mark.parametrize("each", TYPED, ids=lambda each: f"{each.document}-{each.module}")
def test_what_is_typed_is_taken(each, capsys):
    """No word is missing, none too many, and each option is there."""
    try:
        assert taken(each.module, each.words), each
    except SystemExit:
        pytest.fail(f"{each}: {capsys.readouterr().err}")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("lab_engine", ["course", "renew"]),
        ("lab_engine", ["doctor", "--colour"]),
        ("tools.slides", []),
        ("tools.slides", ["out", "--revel", "x"]),
        ("tools.site", []),
        ("tools.launch", ["out"]),
    ],
)
def test_what_no_program_takes_is_found(module, words):
    """As a document would say it that was not brought up to date."""
    try:
        found = taken(module, words)
    except SystemExit:
        found = False

    assert not found


def test_in_a_clone_it_is_the_clones_python():
    """Its packages are in .venv; on a hub and in a container the only Python has them."""
    others = [
        each
        for each in TYPED
        if each.python.replace("Scripts", "bin") != ".venv/bin/python"
        and each.document != "hub/README.md"
        and "docker" not in each.before
    ]

    assert others == []
