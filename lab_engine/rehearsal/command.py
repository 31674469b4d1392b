"""`python -m lab_engine rehearse`: from options to a rehearsal, and its page in a file."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from lab_engine.authority import cidr
from lab_engine.authority.files import file_text
from lab_engine.authority.healthfile import Heard
from lab_engine.authority.zone import Zone
from lab_engine.control.changes import Known
from lab_engine.errors import LabError
from lab_engine.rehearsal.populations import of_file
from lab_engine.rehearsal.rehearse import Rehearsal, rehearse
from lab_engine.rehearsal.steps import read_change
from lab_engine.simulation.run import Progress

MINUTE = 60


def run(
    options: argparse.Namespace, zone: Zone, heard: Heard, progress: Progress | None
) -> Rehearsal:
    """The rehearsal that the options ask for; its page is written if they ask for that, too.

    Raises:
        LabError: as `rehearse`; or a file that cannot be read or written, before anything runs.
    """
    if options.html is not None:
        _check_writable(Path(options.html))
    files, times = _timed(options.changes, options.at)
    known = Known(
        health_checks=heard.ids if options.health else None,
        collections=cidr.read(_blocks(options)),
    )
    people = options.population and of_file(options.population, anywhere=options.anywhere)
    found = rehearse(
        zone,
        [read_change(file, zone, options.origin, _blocks(options)) for file in files],
        at=times,
        kill=options.kill,
        population=people,
        rollback=options.rollback * MINUTE,
        unhealthy=[*options.unhealthy, *heard.unhealthy],
        seed=options.seed,
        known=known,
        progress=progress,
    )
    if options.html is not None:
        _write(options.html, found)
    return found


def _timed(given: Sequence[str], at: Sequence[float]) -> tuple[list[str], list[float]]:
    """The files, and their times: given by --at, or by each."""
    pairs = [(file, None) if Path(file).exists() else _split(file) for file in given]
    own = [time for _, time in pairs if time is not None]
    if own and at:
        rule = "say when, and so does --at"
        raise LabError(", ".join(given), rule, "Give the times in one of the two ways.")
    return [file for file, _ in pairs], own or list(at)


def _split(given: str) -> tuple[str, float | None]:
    """A file, and the time behind its @, if there is one."""
    file, _, time = given.rpartition("@")
    try:
        return (file, float(time)) if file else (given, None)
    except ValueError:
        return given, None


def _blocks(options: argparse.Namespace) -> str | None:
    return file_text(options.cidr_blocks) if options.cidr_blocks else None


def _check_writable(path: Path) -> None:
    """Refuse ahead what could not be written at the end: a run takes its time."""
    no_place = path.is_dir() or not path.parent.is_dir()
    if no_place or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise LabError(path, "cannot be written", "Name a file in a folder that is there.")


def _write(path: str, found: Rehearsal) -> None:
    try:
        Path(path).write_text(found.html(), encoding="utf-8")
    except OSError as wrong:
        raise LabError(path, f"cannot be written: {wrong.strerror}", "Name a file.") from wrong
