"""This repository as a clone of it would be, with what has not been committed yet."""

import shutil
import subprocess
from pathlib import Path

from tests.witnesses.programs import find

ROOT = Path(__file__).parents[1]


def copied(folder):
    """Copy what git has, or would take, into a folder; returns the folder."""
    listing = [find("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.rstrip("\0").split("\0"):
        if (ROOT / name).is_file():  # else it was deleted
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
