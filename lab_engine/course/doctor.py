"""`doctor`: whether the course will run here, line by line, each with what to do about it.

It only looks: nothing is installed, started or changed. What the course cannot do without is
`missing` when it is not there; what a part of it uses is `optional`.
"""

import os
import shutil
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final, Literal

from packaging.requirements import Requirement

PYTHONS: Final = ((3, 11), (3, 14))  # the oldest and the newest that the tests run on
MEMORY: Final = 450_000_000
"""Octets that a server and the largest lesson need; what Binder guarantees."""
FILES: Final = 256  # open at a time: what macOS allows unless it is told otherwise
# What is called by its name -> what of the course uses it.
PEERS: Final = {
    "dig": "asking the lab's servers from a terminal",
    "unbound": "drills behind a real resolver",
    "haproxy": "lesson 07's real load balancer",
    "nginx": "lesson 07's other real load balancer",
}
SYSTEM: Final = os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))  # where Debian keeps servers

Verdict = Literal["good", "optional", "missing"]


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at.

    Args:
        what: it is.
        verdict: `missing` where the course does not run without.
        found: what is there.
        remedy: what to do, where something is to be done.
    """

    what: str
    verdict: Verdict
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = {"good": "ok  ", "optional": "note", "missing": "BAD "}[self.verdict]
        remedy = f"\n       {self.remedy}" if self.remedy else ""
        return f"{mark}   {self.what}: {self.found}{remedy}"


def signs() -> Iterator[Sign]:
    """All that is looked at, one after another."""
    yield python(sys.version_info[:2])
    yield from packages()
    yield ports()
    yield writing(Path.cwd())
    yield memory(available())
    yield files(_limit())
    yield browser()
    yield from map(peer, PEERS)


def command(say: Callable[[str], None], *, as_json: Callable[[Any], None] | None = None) -> int:
    """What the command line does. Returns 0, or 1 where something is missing.

    Args:
        say: is told a line for each sign, and one at the end.
        as_json: is told all of them as plain data, instead.
    """
    found = list(signs())
    missing = [each for each in found if each.verdict == "missing"]
    if as_json is not None:
        as_json([asdict(each) for each in found])
        return int(bool(missing))
    for each in found:
        say(str(each))
    say(
        f"{len(missing)} of these must be mended before the course runs."
        if missing
        else "The course runs here."
    )
    return int(bool(missing))


def python(release: tuple[int, ...]) -> Sign:
    """The interpreter, by its release, such as (3, 12)."""
    oldest, newest = PYTHONS
    name = ".".join(map(str, release))
    if release < oldest:
        remedy = f"Install {oldest[0]}.{oldest[1]} or newer: make lab PYTHON=python3.12 names it."
        return Sign("Python", "missing", name, remedy)
    if release > newest:
        remedy = (
            f"Newer than any it was tried with; {newest[0]}.{newest[1]} is the newest of those."
        )
        return Sign("Python", "optional", name, remedy)
    return Sign("Python", "good", name)


def packages() -> Iterator[Sign]:
    """What the package says it needs, where it is not there, or not in the range; else one line."""
    needed = [Requirement(each) for each in requires("lab-engine") or []]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    wrong = [sign for each in needed if (sign := _package(each)).verdict != "good"]
    yield from wrong or [Sign("packages", "good", f"all {len(needed)} in their ranges")]


def _package(needed: Requirement) -> Sign:
    remedy = f'Run: {Path(sys.executable).name} -m pip install "{needed}"'
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return Sign(needed.name, "missing", "not installed", remedy)
    if found not in needed.specifier:
        return Sign(needed.name, "missing", f"{found}, wanted {needed.specifier}", remedy)
    return Sign(needed.name, "good", found)


def ports() -> Sign:
    """Whether a port can be had on loopback, by UDP and by TCP; it is given back at once."""
    try:
        with (
            socket.socket(type=socket.SOCK_STREAM) as tcp,
            socket.socket(type=socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind(("127.0.0.1", 0))
            udp.bind(tcp.getsockname())
    except OSError as refused:
        remedy = "Let programs open ports on 127.0.0.1: a container or a firewall forbids it."
        return Sign("ports on loopback", "missing", refused.strerror or str(refused), remedy)
    return Sign("ports on loopback", "good", "free ones can be had, by UDP and TCP")


def writing(folder: Path) -> Sign:
    """Whether copies of the lessons and answers can be kept in a folder."""
    if os.access(folder, os.W_OK):
        return Sign("this folder", "good", "can be written to")
    remedy = "Go to a folder of your own: copies of the lessons and your answers are kept there."
    return Sign("this folder", "missing", "cannot be written to", remedy)


def memory(octets: int | None) -> Sign:
    """Free memory, in octets; None if this system does not say."""
    if octets is None:
        remedy = f"A lesson and its server need {MEMORY // 10**6} MB at most."
        return Sign("free memory", "optional", "this system does not say", remedy)
    found = f"{octets // 10**6:,} MB"
    if octets >= MEMORY:
        return Sign("free memory", "good", found)
    remedy = f"Close something: a lesson and its server need up to {MEMORY // 10**6} MB."
    return Sign("free memory", "missing", found, remedy)


def available() -> int | None:
    """Octets that may still be taken, by the machine and by the limit of the container."""
    machine = _machine(Path("/proc/meminfo"))
    known = [each for each in (machine, _container(Path("/sys/fs/cgroup"))) if each is not None]
    return min(known, default=None)


def _machine(meminfo: Path) -> int | None:
    try:
        rows = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def _container(group: Path) -> int | None:
    """What version 2 of control groups leaves; None where there is no limit."""
    try:
        limit, used = ((group / f"memory.{name}").read_text() for name in ("max", "current"))
        return int(limit) - int(used)
    except (OSError, ValueError):
        return None


def files(limit: int | None) -> Sign:
    """How many files and sockets a process may have open; None if this system does not say."""
    if limit is None:
        return Sign("open files", "good", "this system names no limit")
    if limit >= FILES:
        return Sign("open files", "good", f"{limit:,} at a time")
    remedy = f"Type: ulimit -n {FILES}"
    return Sign("open files", "missing", f"{limit:,} at a time", remedy)


def _limit() -> int | None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def browser() -> Sign:
    """Whether JupyterLab will find a browser to open itself in."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        remedy = (
            "Open the address that JupyterLab prints, in a browser of any machine that reaches it."
        )
        return Sign("browser", "optional", "none that can be opened from here", remedy)
    return Sign("browser", "good", str(getattr(found, "name", "the system's")))


def peer(name: str) -> Sign:
    """Another's program that a part of the course uses when it is there."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + SYSTEM)
    if path:
        return Sign(name, "good", path)
    remedy = "Lessons do without it. Install it if you want that part."
    return Sign(name, "optional", f"not here; it is for {PEERS[name]}", remedy)
