"""Which versions of other people's software are here, and what their laws are.

Laws of order and of clocks depend on versions.
"""

import re
import subprocess
from dataclasses import replace
from functools import cache

from lab_engine.caches.orders import SetOrder
from lab_engine.caches.profiles import recursive

from .programs import find, path_of

OPTIONS = {
    "dig": "-v",
    "kdig": "-V",
    "named": "-V",
    "knotd": "-V",
    "pdns_server": "--version",
    "gdnsd": "-V",
    "unbound": "-V",
    "pdns_recursor": "--version",
    "haproxy": "-v",
    "nginx": "-v",
}


@cache
def version(program):
    """What a program says its version is."""
    path = path_of(program)
    if path is None:
        return "not installed"
    done = subprocess.run(
        [path, OPTIONS[program]], capture_output=True, text=True, timeout=30, check=False
    )
    number = re.search(r"\b\d+\.\d+[\w.~+-]*", done.stdout + done.stderr)
    return number[0] if number else "?"


def profile(program):
    """The lab's profile of a resolver, as the installed version has it, or a skip without it."""
    find(program)
    release = tuple(map(int, re.findall(r"\d+", version(program))[:3]))
    if program == "unbound":
        return recursive("unbound" if release < (1, 25) else "unbound-1.25")
    if program == "named" and release >= (9, 21, 14):
        return replace(recursive("bind"), order=SetOrder.ROTATE)
    return recursive("bind" if program == "named" else "powerdns")
