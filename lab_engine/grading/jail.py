"""Runs one command apart from everything else: a script of its own, which imports nothing of ours.

The first line of its input says what to run, within which limits, and how far apart; that input is
kept open as long as somebody waits for the command, and its end ends the command. With `apart`, the
command has namespaces of its own: no files but the system's and those it is given, none of them to
be written to; no processes but its own; no network but a loopback; a folder of its own in memory.
Without, only the limits hold, and the user.

Not a sandbox against attacks on the kernel: see labs/README.md.

Exit status: 0 the command has ended, 3 all its processes together took too much memory, 4 what was
asked for is not possible here, with the reason on standard error.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, Final

ENDED, TOO_LARGE, IMPOSSIBLE = 0, 3, 4

NEW_USER, NEW_MOUNTS, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000, 0x20000000, 0x40000000
NEW_IPC, NEW_NAMES = 0x08000000, 0x04000000
BIND, RECURSIVE, PRIVATE, NO_SETUID, NO_DEVICES = 4096, 16384, 1 << 18, 2, 4
READ_ONLY, DETACH, WHOLE_TREE = 1, 2, 0x8000
MOUNT_SETATTR: Final = 442  # of Linux 5.12, the same number on every architecture
DIES_WITH_PARENT, NO_NEW_PRIVILEGES, ADOPTS = 1, 38, 36
SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x41
DEVICES: Final = ("null", "zero", "full", "random", "urandom")
LOOK: Final = 0.1  # seconds between two looks at the memory


class ImpossibleError(Exception):
    """The system does not let us."""


def main() -> int:
    """Run what the first line of the input says. Returns the exit status."""
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        if asked["apart"]:
            _leave(asked["uid"])
        else:
            _adopt()
        init = os.fork()
        if init == 0:
            _begin(asked)
        return _wait(init)
    except (ImpossibleError, OSError) as refused:
        sys.stderr.write(f"{refused}\n")
        return IMPOSSIBLE


def _begin(asked: dict[str, Any]) -> None:
    """What the first process apart does; it never returns."""
    status = IMPOSSIBLE
    try:
        if asked["apart"]:
            _call("prctl", DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
            _furnish(asked)
        _settle(asked)
        status = _run(asked)
    except (ImpossibleError, OSError) as refused:
        sys.stderr.write(f"{refused}\n")
    finally:
        sys.stderr.flush()
        os._exit(status)


def _wait(init: int) -> int:
    """Until the first process has ended, or nobody waits for it any longer."""
    while True:
        ended, status = os.waitpid(init, os.WNOHANG)
        if ended:
            break
        gone, _, _ = select.select([sys.stdin], [], [], LOOK)
        if gone:
            os.kill(init, signal.SIGKILL)
            status = os.waitpid(init, 0)[1]
            break
    _end_descendants()
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else ENDED


# Apart


def _leave(uid: int | None) -> None:
    """Into namespaces of our own; only root may without one for users."""
    flags = NEW_MOUNTS | NEW_PROCESSES | NEW_NETWORK | NEW_IPC | NEW_NAMES
    user, group = os.getuid(), os.getgid()
    _call("unshare", flags | (NEW_USER if uid is None else 0))
    if uid is None:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _furnish(asked: dict[str, Any]) -> None:
    """A root in memory that holds the system, read only, and a folder to work in."""
    root = Path(asked["root"])
    _mount("", "/", "", RECURSIVE | PRIVATE)
    _mount("none", str(root), "tmpfs", NO_SETUID, "mode=755,size=4m")
    writable = [root / "tmp", root / "lab", root / "dev/shm"]
    places = {Path("/tmp"): "memory", Path("/lab"): "memory", Path("/dev/shm"): "memory"}  # noqa: S108
    places |= {Path(each): "hidden" for each in asked["hidden"]}
    places |= {Path(each): "bound" for each in asked["bound"]}
    for path in sorted(places, key=lambda each: each.parts):
        _place(root, path, places[path], asked["limits"]["folder_mb"])
    for inside, outside in asked["given"].items():
        _bind(outside, root / inside.lstrip("/"))
    for name in DEVICES:
        _bind(f"/dev/{name}", root / "dev" / name, file=True)
    (root / "dev/fd").symlink_to("/proc/self/fd")
    (root / "proc").mkdir(exist_ok=True)
    _attributes(root, READ_ONLY | NO_SETUID, 0, WHOLE_TREE)
    for path in writable:
        _attributes(path, 0, READ_ONLY, 0)
        path.chmod(0o1777)
    _mount("proc", str(root / "proc"), "proc", NO_SETUID | NO_DEVICES)
    os.chdir(root)
    _call("pivot_root", b".", b".")  # the old root is now on top of the new one
    _call("umount2", b".", DETACH)
    os.chdir("/")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        fcntl.ioctl(loopback, SET_FLAGS, struct.pack("16sH14s", b"lo", UP_AND_RUNNING, b""))


def _place(root: Path, path: Path, kind: str, size: int) -> None:
    """One path of the new root, in which everything above it is there already."""
    target = root / str(path).lstrip("/")
    if path.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(target):
            target.symlink_to(path.readlink())
    elif kind == "bound":
        if path.exists():
            _bind(str(path), target)
    elif kind == "memory":
        target.mkdir(parents=True, exist_ok=True)
        _mount("none", str(target), "tmpfs", NO_SETUID | NO_DEVICES, f"size={size}m,nr_inodes=20k")
    elif target.is_dir():
        _mount("none", str(target), "tmpfs", NO_SETUID | NO_DEVICES, "mode=755,size=1m")
    elif target.exists():
        _bind("/dev/null", target, file=True)


def _bind(source: str, target: Path, *, file: bool = False) -> None:
    if file:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    else:
        target.mkdir(parents=True, exist_ok=True)
    _mount(source, str(target), "", BIND | RECURSIVE)


def _attributes(path: Path, put: int, taken: int, depth: int) -> None:
    words = struct.pack("=QQQQ", put, taken, 0, 0)
    _call("syscall", MOUNT_SETATTR, -100, os.fsencode(path), depth, words, len(words))


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    try:
        _call(
            "mount",
            source.encode(),
            os.fsencode(target),
            kind.encode(),
            ctypes.c_ulong(flags),
            data.encode(),
        )
    except ImpossibleError as refused:
        raise ImpossibleError(f"mount of {kind or source or target}: {refused}") from None


def _call(name: str, *arguments: Any) -> int:
    """A function of the C library.

    Raises:
        ImpossibleError: it is refused, or there is none of that name.
    """
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except AttributeError:
        raise ImpossibleError(f"{name} is not to be had here") from None
    done: int = function(*arguments)
    if done == -1:
        raise ImpossibleError(f"{name}: {os.strerror(ctypes.get_errno())}")
    return done


# Limits


def _settle(asked: dict[str, Any]) -> None:
    """Files in place, limits set, rights given up."""
    home, uid = Path(asked["home"]), asked["uid"]
    home.mkdir(parents=True, exist_ok=True)
    for name, text in asked["files"].items():
        (home / name).write_text(text, encoding="utf-8")
    if uid is not None:
        for path in (home, *home.iterdir()):
            os.chown(path, uid, uid)
    os.chdir(home)
    limits = asked["limits"]
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_FSIZE, limits["file_mb"] << 20)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, limits["memory_mb"] << 20)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if uid is not None or asked["apart"]:
        # Of a user who does other things besides, those would count, too.
        _limit(resource.RLIMIT_NPROC, limits["processes"])
    if sys.platform == "linux":
        _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        # Set once more: a change of user takes it away.
        _call("prctl", DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _run(asked: dict[str, Any]) -> int:
    """The command, watched: as the first process of its kind we are also who buries orphans."""
    command = os.fork()
    if command == 0:
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.execve(asked["command"][0], asked["command"], asked["environment"])  # noqa: S606
    most = asked["limits"]["all_memory_mb"] << 20
    while True:
        ended, _ = os.waitpid(-1, os.WNOHANG)
        if ended == command:
            return ENDED
        if ended:
            continue
        if asked["apart"] and _resident() > most:
            return TOO_LARGE
        time.sleep(LOOK)


def _resident() -> int:
    """The octets that all processes in our namespace hold; what they share counts several times."""
    pages = 0
    for path in Path("/proc").glob("[0-9]*/statm"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages += int(path.read_text().split()[1])
    return pages * resource.getpagesize()


# Without namespaces: nobody is left behind


def _adopt() -> None:
    """Whoever loses its parent becomes our child."""
    if sys.platform == "linux":
        _call("prctl", ADOPTS, 1, 0, 0, 0)


def _end_descendants() -> None:
    """End our children until there are none: what they leave behind becomes ours in turn."""
    while True:
        for child in _children():
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(OSError):
        return [int(each) for each in path.read_text().split()]
    return []


if __name__ == "__main__":
    sys.exit(main())
