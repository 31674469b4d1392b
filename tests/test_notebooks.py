"""Every lesson runs as committed, and is committed as a reader without a kernel should find it.

Not a test of what a lesson says. nbval compares each cell with its stored output, but passes over
cells that were never run; the checks on the stored file close that gap.
"""

import ast
import gc
import io
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbformat import NotebookNode

from lab_engine.course.datafile import load
from lab_engine.course.questions import Choice
from tools.shield import faults

LESSONS = Path(__file__).parents[1] / "lessons"
PATHS = sorted(path for path in LESSONS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
KILOBYTE = 1024
LARGEST = 200 * KILOBYTE
LONGEST_CELL = 12
MOST_CELLS = 16  # of code, beside cards
MOST_WORDS = 1200  # outside folds
CARDS = {"recall", "ask", "table", "reveal", "quiz", "goal", "keep"}
WITNESSES = "∑⚄✉"  # a formula, a simulation, packets
CELL_SECONDS = 120
UNCHECKED = ("nbval-ignore-output", "nbval_ignore_output")
FORBIDDEN = ("nbval-skip", "nbval_skip", "skip-execution")
MACHINE_PATH = re.compile(
    r"(?<![\w./:-])/(home|Users|root|work|tmp|var|usr|opt|srv|private)/|[A-Z]:\\\\?Users"
)
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]+)[^)]*\)")
TAG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
HTTP = ("http://", "https://")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)[^)]*\)")

each_lesson = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path: Path) -> NotebookNode:
    """The notebook, checked against the notebook format."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(path: Path) -> list[NotebookNode]:
    """Code cells that hold code."""
    return [cell for cell in read(path).cells if cell.cell_type == "code" and cell.source.strip()]


each_with_code = pytest.mark.parametrize(
    "path", [path for path in PATHS if code_cells(path)], ids=lambda path: path.stem
)


def marks(cell: NotebookNode) -> str:
    """The cell's nbval marks: its tags and its comments, in lower case."""
    comments = [line for line in cell.source.splitlines() if line.lstrip().startswith("#")]
    return " ".join([*cell.metadata.get("tags", []), *comments]).lower()


def imported(source: str) -> list[str]:
    """The modules that a cell imports."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(str(node.module))
    return found


def strings(value: object) -> list[str]:
    """All strings inside a JSON value."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in strings(each)]
        case list():
            return [text for each in value for text in strings(each)]
    return []


def pictures(markdown: str) -> list[tuple[str, str]]:
    """Target and alternative text of each picture, in Markdown or HTML."""
    found = [(match["target"], match["alt"]) for match in PICTURE.finditer(markdown)]
    for tag in TAG.findall(markdown):
        given = dict(re.findall(r'(src|alt)="([^"]*)"', tag))
        found.append((given.get("src", ""), given.get("alt", "")))
    return found


def picture_faults(markdown: str, folder: Path) -> list[str]:
    """Pictures that are not there, or that say nothing to those who cannot see them."""
    return [
        f"{target}: {alt or 'no alternative text'}"
        for target, alt in pictures(markdown)
        if not alt.strip() or not (target.startswith(HTTP) or (folder / target).is_file())
    ]


def test_there_are_lessons() -> None:
    """The course has at least its first page and its first lesson."""
    assert {path.stem[:2] for path in PATHS} >= {"00", "01"}


@pytest.mark.notebooks
@pytest.mark.timeout(900)
@each_with_code
def test_lesson_runs_as_committed(path: Path) -> None:
    """Every cell, run in this environment's kernel, prints what is stored below it."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", path.name]
    command += [f"--nbval-cell-timeout={CELL_SECONDS}", "-q", "-p", "no:cacheprovider"]
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(
        command,
        cwd=path.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.slow
def test_what_nbval_leaves_open_fails_nobody_and_what_is_ours_does(tmp_path: Path) -> None:
    """By whichever of its layers it is found; nbval's runs read the same settings as this one."""
    for forget in (lambda path: path.open("w"), lambda path: io.FileIO(path, "w")):
        forget(Path(os.devnull))
        gc.collect()
        with pytest.warns(ResourceWarning, match="unclosed file"):
            forget(tmp_path / "ours")
    with pytest.raises(ResourceWarning, match="ours"):
        warnings.warn("unclosed file <_io.FileIO name='ours'>", ResourceWarning, stacklevel=1)


@each_lesson
def test_what_a_lesson_needs_is_in_the_front_room(path: Path) -> None:
    """A lesson imports from `lab_engine`, never from a room behind it."""
    modules = [name for cell in code_cells(path) for name in imported(cell.source)]

    assert [name for name in modules if name.startswith("lab_engine.")] == []


@each_lesson
def test_kernel_is_named(path: Path) -> None:
    """Without a kernelspec JupyterLab opens a dialog that blocks every click."""
    assert read(path).metadata.kernelspec.name == "python3"


@each_lesson
def test_no_widget_state(path: Path) -> None:
    """Widget state makes a notebook megabytes large and shows an error without a kernel."""
    assert "widgets" not in read(path).metadata


@each_lesson
def test_small_on_disk(path: Path) -> None:
    """A notebook has at most 200 KB."""
    assert path.stat().st_size <= LARGEST


@each_lesson
def test_every_code_cell_was_run(path: Path) -> None:
    """A cell without an execution count is one that nbval compares nothing with."""
    assert [cell.source for cell in code_cells(path) if cell.execution_count is None] == []


@each_lesson
def test_nothing_is_hidden_from_nbval(path: Path) -> None:
    """No cell is skipped, and one whose output may differ still stores some."""
    cells = code_cells(path)
    skipped = [cell.source for cell in cells if any(mark in marks(cell) for mark in FORBIDDEN)]
    ignored = [cell for cell in cells if any(mark in marks(cell) for mark in UNCHECKED)]

    assert skipped == []
    assert [cell.source for cell in ignored if not cell.outputs] == []


@each_lesson
def test_no_prediction_is_given_away(path: Path) -> None:
    """What comes of a prediction is hidden until it is run, and not previewed either."""
    assert faults(read(path)) == []


@each_lesson
def test_outputs_show_no_machine_and_no_traceback(path: Path) -> None:
    """Stored outputs hold no path of the author's machine, and no error."""
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    texts = [text for output in outputs for text in strings(output)]

    assert [output for output in outputs if output.output_type == "error"] == []
    assert [text for text in texts if "Traceback (most recent call last)" in text] == []
    assert [text[:200] for text in texts if MACHINE_PATH.search(text)] == []


@each_lesson
def test_code_cells_are_short(path: Path) -> None:
    """A code cell has at most 12 lines."""
    sources = [cell.source for cell in code_cells(path)]

    assert [source for source in sources if len(source.splitlines()) > LONGEST_CELL] == []


def is_card(cell: NotebookNode) -> bool:
    """Whether a code cell is a card of the lesson, and nothing else."""
    calls = [each.value for each in ast.parse(cell.source).body if isinstance(each, ast.Expr)]
    names = {ast.unparse(call.func) for call in calls if isinstance(call, ast.Call)}
    alone = len(calls) == len(ast.parse(cell.source).body)
    return alone and bool(names) and names <= {f"lesson.{each}" for each in CARDS}


def words_outside_folds(path: Path) -> int:
    """How many words a reader meets who opens no fold."""
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    plain = (re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL) for text in texts)
    shown = (LINK.sub(lambda link: link[0].split("](")[0], text) for text in plain)
    return sum(len(re.findall(r"\w[\w'.,-]*", text)) for text in shown)


each_numbered = pytest.mark.parametrize(
    "path", [path for path in PATHS if path.stem[:2].isdigit()], ids=lambda path: path.stem
)


@each_numbered
def test_a_lesson_is_no_longer_than_a_sitting(path: Path) -> None:
    """At most 16 code cells beside cards, and 1,200 words; the rest stands in folds or asides."""
    cells = [cell for cell in code_cells(path) if not is_card(cell)]

    assert len(cells) <= MOST_CELLS
    assert words_outside_folds(path) <= MOST_WORDS


@pytest.mark.parametrize(
    "path", [path for path in PATHS if path.stem[:2] in {"02", "03", "04", "05", "06", "07"}]
)
def test_three_witnesses_are_called_and_each_has_its_mark(path: Path) -> None:
    """Formula, simulation and packets: told once what their marks mean, and seen in outputs."""
    cells = read(path).cells
    told = [cell.source for cell in cells if cell.cell_type == "markdown"]
    seen = [each.get("text", "") for cell in code_cells(path) for each in cell.outputs]

    for mark in WITNESSES:
        assert any(f"**{mark}**" in text for text in told)
        assert any(mark in text for text in seen)


def telling(text: str) -> set[str]:
    """The words and numbers of a text, without those that every sentence has."""
    return set(re.findall(r"[a-z]{3,}|\d+", text.lower())) - {"the", "and", "for"}


def given_away(path: Path) -> list[str]:
    """Predictions whose right option stands in the code between its card and its result."""
    sheet = load(path.stem)
    found: list[str] = []
    below: dict[str, str] = {}
    for cell in code_cells(path):
        below = {key: source + cell.source for key, source in below.items()}
        below |= dict.fromkeys(re.findall(r"lesson\.ask\(\"(\w+)", cell.source), "")
        for key in re.findall(r"lesson\.reveal\(\"(\w+)", cell.source):
            question, source = sheet.predict[key], below.pop(key, "")
            if not isinstance(question, Choice):
                continue
            known = telling(" ".join((question.ask, *question.wrong)))
            only = telling(question.right) - known
            said = question.right in source and question.right not in question.ask
            if said or len(only & telling(source)) > len(only) / 2:
                found.append(f"{key}: {sorted(only & telling(source))}")
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in PATHS if "lesson.ask" in "".join(cell.source for cell in code_cells(path))],
    ids=lambda path: path.stem,
)
def test_no_code_below_a_card_says_which_option_is_right(path: Path) -> None:
    """What tells the right option from the others stands in no cell that leads to its result."""
    assert given_away(path) == []


@each_lesson
def test_pictures_are_there_and_described(path: Path) -> None:
    """Every picture of a text cell exists and has alternative text."""
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]

    assert [fault for text in texts for fault in picture_faults(text, path.parent)] == []


def broken_links(markdown: str, folder: Path) -> list[str]:
    """Relative links that lead to no file, or to no heading of a notebook."""
    found = []
    for target in LINK.findall(markdown):
        if target.startswith((*HTTP, "#", "mailto:")):
            continue
        name, _, anchor = unquote(target).partition("#")
        path = folder / name
        if not path.exists() or (
            anchor and path.suffix == ".ipynb" and anchor not in anchors(path)
        ):
            found.append(target)
    return found


def anchors(path: Path) -> set[str]:
    """Those of a notebook's headings, as JupyterLab makes them."""
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    heads = [head for text in texts for head in re.findall(r"^#+ +(.+)$", text, re.MULTILINE)]
    return {head.replace(" ", "-") for head in heads}


@pytest.mark.slow
@each_lesson
def test_links_lead_somewhere(path: Path) -> None:
    """To a file that is there, and to a heading in it."""
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]

    assert [link for text in texts for link in broken_links(text, path.parent)] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_project_lead_somewhere(name: str) -> None:
    """So do those of what stands beside the lessons."""
    assert broken_links((LESSONS.parent / name).read_text(encoding="utf-8"), LESSONS.parent) == []


def test_a_broken_link_is_caught() -> None:
    """A missing file, and a missing heading."""
    links = '[a](no.ipynb) [b](glossary.ipynb#no) [c](glossary.ipynb#TTL "Time") [d](https://a.b)'

    assert broken_links(links, LESSONS) == ["no.ipynb", "glossary.ipynb#no"]


@pytest.mark.parametrize(
    "markdown",
    [
        "![](https://example.org/a.svg)",
        "![a plot](pictures/not_there.svg)",
        '<img src="pictures/not_there.svg" alt="a plot">',
        '<img src="https://example.org/a.svg">',
    ],
)
def test_a_bad_picture_is_caught(markdown: str, tmp_path: Path) -> None:
    """A missing file and a missing description are both found."""
    assert len(picture_faults(markdown, tmp_path)) == 1


def test_a_machine_path_is_caught() -> None:
    """Paths are found in texts, and web addresses are not taken for paths."""
    assert MACHINE_PATH.search("saved to /" + "home/ann/lab.csv")
    assert not MACHINE_PATH.search("see https://example.org/" + "home/index.html")
