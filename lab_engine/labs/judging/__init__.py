"""What is made of the answers: one module for each lab, with a `LAB`.

This folder is not there where learners' code is run for a grade.
"""

from importlib import import_module
from typing import Final

from lab_engine.authority.elements import nearest
from lab_engine.errors import LabError
from lab_engine.labs.lab import Lab

# The name of a lab, which is that of its notebook -> the module that judges it.
MODULES: Final = {
    "lab_01_four_tills": "four_tills",
    "lab_02_careful_canary": "careful_canary",
    "lab_03_near_everybody": "near_everybody",
    "lab_04_no_straggler": "no_straggler",
    "lab_05_mail_on_mondays": "mail_on_mondays",
    "lab_06_seventy_five_seconds": "seventy_five_seconds",
    "lab_07_eight_workloads": "eight_workloads",
    "lab_08_global_service": "global_service",
}


def lab(name: str) -> Lab:
    """The lab of a name.

    Raises:
        LabError: there is none.
    """
    if name not in MODULES:
        raise LabError(name, "is no lab", nearest(name, list(MODULES)))
    found: Lab = import_module(f"{__name__}.{MODULES[name]}").LAB
    return found
