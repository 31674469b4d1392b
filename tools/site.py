"""The course as a static site: every page readable without a kernel, with links to the live ones.

`python -m tools.site OUT` makes it of the notebooks as they are stored. A result that a learner is
to predict stays folded, as it is hidden in JupyterLab; pictures are the still twins. Nothing on a
page is fetched from elsewhere, and no page has a script.
"""

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

import nbformat
from nbconvert import HTMLExporter

from lab_engine.course.overview import Stage, stages
from tools.launch import LESSONS, PLACEHOLDER, slug

TEMPLATES: Final = Path(__file__).with_name("templates")
LABS: Final = LESSONS.with_name("labs")
PAGES: Final = ("symptoms", "glossary")  # notebooks that only lead to others
INDEX: Final = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Steering traffic with DNS</title>
<style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:62rem;
margin:0 auto;padding:1rem}}td,th{{text-align:left;padding:.3rem .8rem .3rem 0}}</style></head>
<body><main><h1>Steering traffic with DNS</h1>
<p>Read the course here; what moves, moves in the <a href="{live}">live version</a>.</p>
<table><thead><tr><th>lesson</th><th>question</th><th>time</th></tr></thead><tbody>
{rows}
</tbody></table>
<p>{more}</p></main></body></html>
"""
_LINK: Final = re.compile(r'href="([^"#:]+)\.ipynb((?:#[^"]*)?)"')


def build(out: Path) -> list[Path]:
    """Write the whole site. Returns its pages.

    Args:
        out: its folder; what is there already is written over.
    """
    exporter = HTMLExporter(template_name="course", extra_template_basedirs=[str(TEMPLATES)])
    exporter.embed_images = False
    pages = [_page(exporter, path, out) for path in _notebooks()]
    shutil.copytree(LESSONS / "pictures", out / "pictures", dirs_exist_ok=True)
    shutil.copy(LESSONS / "cheat_sheet.html", out)
    index = out / "index.html"
    index.write_text(_index(), encoding="utf-8")
    return [index, out / "cheat_sheet.html", *pages]


def _notebooks() -> Iterator[Path]:
    for name in (*(stage.notebook for stage in stages()), *PAGES):
        yield LESSONS / f"{name}.ipynb"
    yield from sorted(LABS.glob("lab_*.ipynb"))


def _page(exporter: HTMLExporter, path: Path, out: Path) -> Path:
    target = (out / _place(path)).with_suffix(".html")
    up = "../" * (len(target.relative_to(out).parts) - 1)
    links = f'<a href="{up}index.html">All lessons</a> · <a href="{_live(path)}">Run it live</a>'
    notebook = read(path)
    resources = {"course_links": links, "metadata": {"name": _title(notebook)}}
    body, _ = exporter.from_notebook_node(notebook, resources)
    target.parent.mkdir(parents=True, exist_ok=True)
    led = body.replace('href="../labs/', 'href="labs/').replace('href="../lessons/', 'href="../')
    target.write_text(_LINK.sub(r'href="\1.html\2"', led), encoding="utf-8")
    return target


def _place(path: Path) -> Path:
    """Where a page lies: as in a learner's copies, the labs in a folder beside the lessons."""
    return path.relative_to(LABS.parent if path.is_relative_to(LABS) else LESSONS)


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook without the empty outputs that keep JupyterLab from previewing a hidden one."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [each for each in cell.outputs if each.get("data", True)]
    return notebook


def _title(notebook: nbformat.NotebookNode) -> str:
    return str(notebook.cells[0].source).splitlines()[0].lstrip("# ")


def _live(path: Path) -> str:
    name = _place(path).as_posix()
    return f"https://mybinder.org/v2/gh/{slug()}/HEAD?urlpath=lab/tree/my/{name}"


def _index() -> str:
    rows = "\n".join(map(_row, stages()))
    more = " · ".join(f'<a href="{name}.html">{name}</a>' for name in (*PAGES, "cheat_sheet"))
    return INDEX.format(live=_live(LESSONS / "00_start_here.ipynb"), rows=rows, more=more)


def _row(stage: Stage) -> str:
    link = f'<a href="{stage.notebook}.html">{escape(stage.title)}</a>'
    return f"<tr><td>{link}</td><td>{escape(stage.asks)}</td><td>{stage.minutes} min</td></tr>"


def main(arguments: Sequence[str]) -> int:
    """Write the site into the folder named."""
    if len(arguments) != 1:
        print("usage: python -m tools.site OUT", file=sys.stderr)
        return 2
    pages = build(Path(arguments[0]))
    print(f"{len(pages)} pages; begin at {pages[0]}")
    if slug() == PLACEHOLDER:
        print(
            f"Links to live versions lead to {PLACEHOLDER}: see [project.urls] in pyproject.toml."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
