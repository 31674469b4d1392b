"""Measures what the README's performance table says: `python -m benchmarks [NAME …]`.

Each module here has `rows()`: measurements with their budgets, as ratios against a named peer of
the same run wherever speed is concerned. A missed budget ends with exit status 1.
"""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TypedDict

NAMES = (
    "imports",
    "notebooks",
    "grading",
    "page_bytes",
    "slider",
    "play",
    "levers",
    "population",
    "events",
    "wire",
    "control",
    "large",
    "fuzz",
)


class Row(TypedDict):
    """One measurement: what, how much, its budget, and whether it holds."""

    what: str
    measured: str
    budget: str
    ok: bool


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown, as the README has them."""
    lines = ["| what | measured | budget | |", "|---|---|---|---|"]
    for row in rows:
        verdict = "holds" if row["ok"] else "MISSED"
        lines.append(f"| {row['what']} | {row['measured']} | {row['budget']} | {verdict} |")
    return "\n".join(lines)


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named, or all of them, and print one table."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"{unknown[0]}: is not a benchmark. Choose of {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or NAMES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += import_module(f"benchmarks.{name}").rows()
    print(table(rows))
    missed = sum(not row["ok"] for row in rows)
    print(f"{len(rows) - missed} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
