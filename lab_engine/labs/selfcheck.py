"""How nbval looks at a lab's notebook: by what its cells do, never by what was saved with them.

Part of labs/conftest.py, so it counts for notebooks in that folder. Outputs are not compared, for a
learner saves their own over those of the course: a check that is not passed raises. For the same
reason no tag or comment skips a cell or lets it raise, and every check has to be there.
"""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from .judging import MODULES, lab

SAVED: Final = ("skip", "check_exception", "check")


def pytest_collection_modifyitems(items: Sequence[Any]) -> None:
    """Take from each cell of a lab what was said about it.

    Raises:
        pytest.UsageError: a check is missing, or is no code any longer.
    """
    cells = [item for item in items if hasattr(item, "cell") and item.path.suffix == ".ipynb"]
    for item in cells:
        item.options |= dict.fromkeys(SAVED, False)
        item.cell.execution_count = item.cell.execution_count or 0  # cleared or not, it counts
    for path in sorted({item.path for item in cells}):
        name = path.stem.removesuffix("-yours")
        here = {item.cell.get("id") for item in cells if item.path == path}
        goals = lab(name).goals if name in MODULES else ()
        missing = [goal.key for goal in goals if f"check-{goal.key}" not in here]
        if missing:
            remedy = "Take them from a new copy: python -m lab_engine course reset"
            raise pytest.UsageError(
                f"{path.name}: checks are missing: {', '.join(missing)}. {remedy}"
            )
