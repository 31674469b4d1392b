"""A cell that is run before those that it needs: a sentence says which, in place of a traceback.

IPython loads the package into every kernel of its environment (`tools/ipython_config.py`), so that
this is there also after a restart, when no cell has been run yet. It looks at names that are not
there, and at nothing else; those that no cell of the notebook sets are told as Python tells them.
"""

import json
import os
import symtable
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from lab_engine.errors import LabError

ABOVE: Final = "all above this one (menu Run, Run All Above Selected Cell)"


def said(
    shell: Any,
    kind: type[BaseException],
    wrong: NameError,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show what a cell has ended in: the sentence, where there is one to be said.

    The arguments are those of a handler of IPython's `set_custom_exc`.
    """
    found = None
    name = wrong.name or ""  # none where somebody raises one by hand
    if kind is NameError and name and name not in shell.user_ns:
        found = needed(name, code_cells())
    if found is not None:  # IPython asks an exception for words of its own
        wrong._render_traceback_ = found._render_traceback_  # type: ignore[attr-defined]
    shell.showtraceback((kind, wrong, trace), tb_offset=tb_offset)


def needed(name: str, cells: Sequence[str] | None) -> LabError | None:
    """What to say of a name that is not there; None if no cell sets it.

    Args:
        name: that a cell, or a function of one, has looked for.
        cells: the code of the notebook, in its order; None where nobody knows it.
    """
    if cells is None:
        remedy = f"If a cell above sets it, first run that one, or {ABOVE}."
        return LabError(name, "is not defined", remedy)
    setting = next((cell for cell in cells if name in _names(cell)), None)
    if setting is None:
        return None
    remedy = f"First run the cell that begins with `{_head(setting)}`, or {ABOVE}."
    return LabError(name, "no cell has set it since the kernel was started", remedy)


def code_cells() -> list[str] | None:
    """The code of this kernel's notebook, as it was last saved; None if nobody says where it is."""
    path = Path(os.environ.get("JPY_SESSION_NAME", ""))  # set by Jupyter's servers
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return ["".join(each["source"]) for each in cells if each["cell_type"] == "code"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _names(cell: str) -> set[str]:
    """The names that a cell sets; none of one that is no Python, as those with magics."""
    try:
        found = symtable.symtable(cell, "cell", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return set()
    return {each.get_name() for each in found if each.is_assigned() or each.is_imported()}


def _head(cell: str) -> str:
    """The first line of a cell that is no comment."""
    lines = (line.strip() for line in cell.splitlines())
    return next(line for line in lines if line and not line.startswith("#"))
