"""The lessons as slides, for a room in which only one has a machine.

`python -m tools.slides OUT [NAME …]` exports the numbered lessons, or those named, with nbconvert;
a panel is its still picture, and a result comes after its question, at a key press. reveal.js is
taken from npm's package, or from the folder that `--reveal` names, and is put beside the slides, so
that nothing is fetched while they are shown. Which cell begins a slide stands in the notebooks, as
JupyterLab keeps it; `tools.lessons` writes it there by the rule below.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from nbconvert import SlidesExporter

from tools.launch import LESSONS
from tools.site import TEMPLATES, read

RELEASE: Final = "reveal.js@4.6.1"
NUMBERED: Final = re.compile(r"\d\d_")
# Cells of no use to a room: what is imported, kept, or stopped.
_SKIPPED: Final = re.compile(r"^(from|import) .*\n+lesson = |lesson\.(keep|goal)\(|\.stop\(\)\s*$")


def kind(cell: Any) -> str:
    """What JupyterLab calls a cell's slide type: a slide begins, goes down, goes on, or waits."""
    if cell.cell_type == "markdown":
        return "slide" if re.match(r"#{1,2} ", cell.source) else "subslide"
    if _SKIPPED.search(cell.source):
        return "skip"
    return "fragment" if cell.metadata.get("jupyter", {}).get("outputs_hidden") else "-"


def mark(notebook: Any) -> None:
    """Write each cell's slide type into its metadata."""
    for cell in notebook.cells:
        cell.metadata["slideshow"] = {"slide_type": kind(cell)}


def export(path: Path, out: Path) -> Path:
    """Write the slides of one lesson. Returns their file."""
    exporter = SlidesExporter(
        template_name="slides",
        extra_template_basedirs=[str(TEMPLATES)],
        reveal_url_prefix="reveal",
        reveal_theme="white",
    )
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    body, _ = exporter.from_notebook_node(read(path), {"metadata": {"name": path.stem}})
    target = out / f"{path.stem}.slides.html"
    target.write_text(body, encoding="utf-8")
    return target


def take_reveal(out: Path, folder: Path | None) -> None:
    """Put reveal.js beside the slides.

    Args:
        out: of the slides.
        folder: that has its `dist`; None for npm's package, which needs npm and a network once.

    Raises:
        SystemExit: it cannot be had.
    """
    target = out / "reveal"
    if folder is not None:
        shutil.copytree(folder / "dist", target / "dist", dirs_exist_ok=True)
        return
    if target.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not here. Install it, or name a folder with reveal.js: --reveal DIR.")
    with tempfile.TemporaryDirectory() as folder_name:
        packed = subprocess.run(
            [npm, "pack", "--silent", RELEASE],
            cwd=folder_name,
            check=True,
            capture_output=True,
            text=True,
        )
        with tarfile.open(Path(folder_name) / packed.stdout.split()[-1]) as archive:
            archive.extractall(folder_name, filter="data")
        shutil.copytree(Path(folder_name) / "package" / "dist", target / "dist")


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    says = argparse.ArgumentParser(prog="python -m tools.slides", description="Lessons as slides.")
    says.add_argument("out", type=Path, help="the folder to write them into")
    says.add_argument("lesson", nargs="*", help="default: all numbered ones")
    says.add_argument("--reveal", type=Path, metavar="DIR", help="a folder with reveal.js's dist")
    return says


def main(arguments: Sequence[str] | None = None) -> int:
    """Export the lessons named."""
    options = parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    take_reveal(options.out, options.reveal)
    names = options.lesson or [
        path.stem for path in sorted(LESSONS.glob("*.ipynb")) if NUMBERED.match(path.stem)
    ]
    for name in names:
        print(export(LESSONS / f"{name}.ipynb", options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
