"""Which cell begins a slide, as the notebooks have it."""

from pathlib import Path

import nbformat
import pytest

from tools.launch import LESSONS
from tools.slides import kind, take_reveal

NOTEBOOKS = sorted(LESSONS.rglob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_slides_are_in_step_with_the_rule(path):
    """`tools.lessons` writes them."""
    for cell in nbformat.read(path, as_version=4).cells:
        assert cell.metadata["slideshow"] == {"slide_type": kind(cell)}, cell.id


@pytest.mark.parametrize("path", sorted(LESSONS.glob("0*.ipynb")), ids=lambda path: path.stem)
def test_a_result_waits_for_a_key_and_its_question_does_not(path):
    """What JupyterLab hides is a fragment; a card with a question stands there at once."""
    kinds = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.source.startswith("lesson.ask("):
            kinds.setdefault("ask", set()).add(kind(cell))
        elif cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            kinds.setdefault("result", set()).add(kind(cell))

    assert kinds["ask"] == {"-"}
    assert kinds["result"] - {"skip"} == {"fragment"}


def test_reveal_js_may_be_a_folder_of_ones_own(tmp_path):
    """Then neither npm nor a network is needed."""
    own = tmp_path / "own"
    (own / "dist").mkdir(parents=True)
    (own / "dist" / "reveal.js").write_text("//")

    take_reveal(tmp_path, own)

    assert (tmp_path / "reveal" / "dist" / "reveal.js").exists()


def test_without_npm_the_remedy_is_said(tmp_path, monkeypatch):
    """Instead of a traceback."""
    monkeypatch.setattr("tools.slides.shutil.which", lambda _name: None)

    with pytest.raises(SystemExit, match="Install it, or name a folder"):
        take_reveal(Path(tmp_path), None)
