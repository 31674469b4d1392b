"""`doctor`: whether the course will run here, line by line, each with what to do about it.

It only looks: nothing is installed, started or changed. What the course cannot do without is
`missing` when it is not there; what a part of it uses is `optional`. It is asked where packages are
missing, so it does without any.
"""

import os
import re
import shutil
import socket
import sys
import tomllib
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

NAME: Final = "lab-engine"
COURSE: Final = Path(__file__).parents[2]
MODULES: Final = {"dnspython": "dns"}  # packages whose module has another name
PYTHONS: Final = ((3, 11), (3, 14))  # the oldest and the newest that the tests run on
MEMORY: Final = 450_000_000
"""Octets that are enough for a lesson and its server, and that Binder guarantees."""
ENOUGH: Final = f"{MEMORY // 10**6} MB are enough for any lesson and its server."
FILES: Final = 256  # open at a time: what macOS allows unless it is told otherwise


class Peer(NamedTuple):
    """Somebody else's program: what of the course uses it, and the packages that bring it."""

    use: str
    debian: str
    homebrew: str


PEERS: Final = {
    "dig": Peer("asking the lab's servers from a terminal", "bind9-dnsutils", "bind"),
    "unbound": Peer("drills behind a real resolver", "unbound", "unbound"),
    "haproxy": Peer("lesson 07's real load balancer", "haproxy", "haproxy"),
    "nginx": Peer("lesson 07's other real load balancer", "nginx-light", "nginx"),
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
        return f"{mark}   {self.what}: {self.found}"


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
        say: is told a line for each sign, what to do, and one line at the end.
        as_json: is told all of them as plain data, instead.
    """
    found = list(signs())
    missing = [each for each in found if each.verdict == "missing"]
    if as_json is not None:
        as_json([asdict(each) for each in found])
        return int(bool(missing))
    for remedy, alike in groupby(found, lambda sign: sign.remedy):  # one command may mend several
        for each in alike:
            say(str(each))
        if remedy:
            say(f"       {remedy}")
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


class Need(NamedTuple):
    """A package that is needed: its name, the range of its releases, and what lies in that."""

    name: str
    range: str
    holds: Callable[[str], bool]


def packages() -> Iterator[Sign]:
    """What the package says it needs, where it is not there, or not in the range; else one line."""
    try:
        lines, remedy = requires(NAME) or [], ""
    except PackageNotFoundError:
        lines, remedy = _written(), _anew()
        yield Sign(NAME, "missing", "not installed", remedy)
    needs = list(_needs(lines))
    wrong = {need: found for need in needs if (found := _amiss(need))}
    for need, found in wrong.items():
        yield Sign(need.name, "missing", found, remedy or _pip(wrong))
    if needs and not wrong:
        yield Sign("packages", "good", f"all {len(needs)} in their ranges")


def _written() -> list[str]:
    """What the package needs by its source, where it is not installed."""
    try:
        text = (COURSE / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return []
    return list(tomllib.loads(text)["project"]["dependencies"])


def _needs(lines: Iterable[str]) -> Iterator[Need]:
    """What is asked for here. Without `packaging`, ranges and conditions wait until it is there."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        for line in lines:
            name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
            if ";" not in line:
                yield Need(name, line.removeprefix(name), lambda _: True)
        return
    for each in map(Requirement, lines):
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            yield Need(each.name, str(each.specifier), each.specifier.contains)


def _amiss(need: Need) -> str:
    """What is wrong with a package; nothing if nothing is."""
    try:
        found = version(need.name)
    except PackageNotFoundError:
        return "not installed"
    if not need.holds(found):
        return f"{found}, wanted {need.range}"
    module = MODULES.get(need.name, need.name.replace("-", "_"))
    return "" if _there(module) else f"{found} is damaged: no module {module}"


def _there(module: str) -> bool:
    """Whether a module would be found; it is not imported, which may take seconds."""
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


def _pip(wrong: dict[Need, str]) -> str:
    """The one command that brings all that is wrong into this very environment."""
    anew = "--force-reinstall " if any("damaged" in each for each in wrong.values()) else ""
    wanted = " ".join(f'"{need.name}{need.range}"' for need in wrong)
    return f"Run: {_interpreter()} -m pip install {anew}{wanted}"


def _anew() -> str:
    """How the whole course is installed."""
    if not (COURSE / "pyproject.toml").is_file():
        return "Install the course anew, as its README.md says."
    pip = f'{_interpreter()} -m pip install -e "{COURSE}"'
    return f'Run: make lab, in "{COURSE}"; without make: {pip}'


def _interpreter() -> str:
    """What runs this, as it is typed: another Python has other packages."""
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable or "python"


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
        return Sign("free memory", "optional", "this system does not say", ENOUGH)
    found = f"{octets // 10**6:,} MB"
    if octets >= MEMORY:
        return Sign("free memory", "good", found)
    return Sign("free memory", "missing", found, f"Close something: {ENOUGH}")


def available() -> int | None:
    """Octets that may still be taken, by the machine and by the limit of the container."""
    told = _told()
    machine = _machine(Path("/proc/meminfo")) if told is None else told
    known = [each for each in (machine, _container(Path("/sys/fs/cgroup"))) if each is not None]
    return min(known, default=None)


def _told() -> int | None:
    """What psutil says, which knows every system; kernels bring it."""
    try:
        import psutil

        return int(psutil.virtual_memory().available)
    except (ImportError, OSError, RuntimeError):  # the last where it does not know this one
        return None


def _machine(meminfo: Path) -> int | None:
    try:
        return _figure(meminfo, "MemAvailable") * 1024
    except (OSError, LookupError, ValueError):
        return None


def _container(group: Path) -> int | None:
    """What version 2 of control groups leaves; None where there is no limit.

    Files that were read once stay in memory until somebody needs the room: they count as used, and
    are not.
    """
    try:
        limit, used = (int((group / f"memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):
        return None
    try:
        idle = _figure(group / "memory.stat", "inactive_file")
    except (OSError, LookupError, ValueError):
        idle = 0
    return limit - max(used - idle, 0)


def _figure(file: Path, name: str) -> int:
    """The whole number behind a name, in a file in which the system says one a line."""
    rows = dict(line.split()[:2] for line in file.read_text().replace(":", " ").splitlines())
    return int(rows[name])


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
        import resource  # Windows has none
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
    use, debian, homebrew = PEERS[name]
    remedy = (
        "Lessons do without it. If you want that part, on Debian and Ubuntu: "
        f"sudo apt-get install {debian}; with Homebrew: brew install {homebrew}"
    )
    return Sign(name, "optional", f"not here; it is for {use}", remedy)
