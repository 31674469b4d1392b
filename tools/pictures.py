"""Draws the static pictures of the lessons: each panel's first figure, in Chromium, as an SVG.

A panel says where its picture is kept (`still`); those of the kit draw their own. The panels are
had by running the lesson's cells in this process, so that a picture cannot show another scenario. A
digest of each figure is kept beside the pictures; a test compares it with the figure of today.
`python -m tools.pictures` draws those that changed, `--all` every one.
"""

import ast
import contextlib
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from plotly.offline import get_plotlyjs

from lab_engine.views.panel import Panel
from lab_engine.views.theme import GRID, PAPER, TEXT

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "lessons"
PICTURES = LESSONS / "pictures"
DIGESTS = PICTURES / "digests.json"
PICTURE = re.compile(r"pictures/([\w-]+\.svg)")
WIDTH, HEIGHT = 900, 380
DRAW = """async ([data, layout, width, height]) => {
    const url = await Plotly.toImage({data, layout}, {format: "svg", width, height});
    return decodeURIComponent(url.slice(url.indexOf(",") + 1));
}"""


def panels(path: Path) -> Iterator[tuple[str, Any]]:
    """Each panel of a lesson that keeps a picture, with the file name of that picture."""
    space: dict[str, Any] = {"__name__": "__lesson__"}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            with contextlib.redirect_stdout(io.StringIO()):
                shown = _run(cell.source, space)
            if isinstance(shown, Panel) and shown.still:
                yield Path(shown.still).name, shown


def _run(source: str, space: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), space)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)


def digest(figure: Any) -> str:
    """A short name for what a figure shows, the same on every machine."""
    text = json.dumps(_rounded(json.loads(figure.to_json())), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _rounded(value: Any) -> Any:
    """Numbers to nine digits: the last ones of a float differ between processors."""
    match value:
        case float():
            return float(f"{value:.9g}")
        case dict():
            return {key: _rounded(item) for key, item in value.items()}
        case list():
            return [_rounded(item) for item in value]
    return value


def stored_digests() -> dict[str, str]:
    """The digests of the figures that the pictures were drawn from, by file name."""
    found: dict[str, str] = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    return found


def dark_too(svg: str) -> str:
    """The same drawing with other colours for paper, text and grid where the page is dark."""
    rules = (
        f'[style*="{kind}: {_rgb(light)}"]{{{kind}:{dark}!important}}'
        for light, dark in ((PAPER, "#1c1c1c"), (TEXT, "#e4e4e4"), (GRID, "#444444"))
        for kind in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme:dark){{{''.join(rules)}}}</style>"
    return re.sub(r"(<svg\b[^>]*>)", lambda found: found[1] + style, svg, count=1)


def _rgb(colour: str) -> str:
    """`#rrggbb` as plotly.js writes it into a style."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def draw(figures: dict[str, Any]) -> None:
    """Draw each figure into its file."""
    sys.path.insert(0, str(ROOT))
    from tests.browser.harness import browser

    with browser() as chromium:
        page = chromium.new_page()
        page.set_content("<!doctype html><title>pictures</title>")
        page.add_script_tag(content=get_plotlyjs())
        for name, figure in figures.items():
            whole = json.loads(figure.to_json())
            height = whole["layout"].get("height", HEIGHT)
            svg = page.evaluate(DRAW, [whole["data"], whole["layout"], WIDTH, height])
            (PICTURES / name).write_text(dark_too(svg), encoding="utf-8")
            print(f"drew {name}, {len(svg) // 1000} KB", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Draw what has changed since the last time, or everything."""
    PICTURES.mkdir(exist_ok=True)
    figures = {
        name: panel.figure
        for path in sorted(LESSONS.glob("*.ipynb"))
        for name, panel in panels(path)
    }
    digests = {name: digest(figure) for name, figure in figures.items()}
    before = {} if "--all" in arguments else stored_digests()
    draw(
        {
            name: figure
            for name, figure in figures.items()
            if before.get(name) != digests[name] or not (PICTURES / name).exists()
        }
    )
    for old in {path.name for path in PICTURES.glob("*.svg")} - set(figures):
        (PICTURES / old).unlink()
    DIGESTS.write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
