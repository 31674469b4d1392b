"""Finding what was handed in: notebooks in files, in folders, and in zips of learning platforms.

Nothing is unpacked onto the disk; of a zip only as much is read as a notebook may have. Whose a
notebook is, its path says:

- Moodle's `Ada Lovelace_4711_assignsubmission_file_/lab_….ipynb`,
- Canvas' `lovelaceada_LATE_4711_815_lab_….ipynb`,
- nbgrader's `submitted/ada/lab_…/lab_….ipynb`,
- otherwise the first folder below the one that was named (`ada/…`, GitHub Classroom's `lab-ada/…`),
- otherwise its own name, without the lab's: `lab_…-ada.ipynb`,
- and if nothing is left of that, the folder's above it, or the zip's.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, Final

from lab_engine.errors import LabError

from .taking import CLEAR, LARGEST, Ungradable

MOODLE: Final = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?")
CANVAS: Final = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_\d+_(?P<rest>.+)")
STRUCTURE: Final = {"labs", "my", "submitted", "submissions", "."}
MOST_MEMBERS: Final = 20_000
LARGEST_ZIP: Final = 4 << 30
NESTED, MOST_NESTED = 32 << 20, 100  # octets of a zip within a zip, and its notebooks
BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
)


@dataclass(frozen=True)
class Submission:
    """One notebook, or what stands in its place.

    Args:
        student: whose it is.
        id: the platform's number of them, or nothing.
        file: the name of the notebook.
        place: where it was found, for the instructor.
        data: reads it; raises `Ungradable` if it cannot be.
    """

    student: str
    id: str
    file: str
    place: str
    data: Callable[[], bytes]


def found(paths: Sequence[Path], labs: Sequence[str]) -> list[Submission]:
    """Every notebook in these files, folders and zips, in the order of their names.

    Raises:
        LabError: a path is not there.
    """
    every: list[Submission] = []
    for path in paths:
        if not path.exists():
            raise LabError(str(path), "is not there", "Name files, folders or zips.")
        every += _below(path, labs) if path.is_dir() else _in(path, path.name, labs)
    return every


def _below(folder: Path, labs: Sequence[str]) -> Iterator[Submission]:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        hidden = any(part.startswith((".", "__MACOSX")) for part in inner.parts)
        if not hidden and path.is_file():
            yield from _in(path, inner.as_posix(), labs)


def _in(path: Path, name: str, labs: Sequence[str]) -> Iterator[Submission]:
    """A notebook, or those in a zip."""
    if path.suffix == ".ipynb":
        yield _of(name, path, labs, lambda: _read(path))
    elif path.suffix == ".zip":
        yield from _zipped(path, name, labs)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _bounded(file)
    except OSError as refused:
        rule = f"cannot be read: {refused.strerror}"
        raise Ungradable("The file", rule, "Hand it in again.") from None


def _bounded(file: Any, most: int = LARGEST) -> bytes:
    """All of a stream, whatever it says of its size; refused as soon as it is too long."""
    data: bytes = file.read(most + 1)
    if len(data) > most:
        raise Ungradable("The file", f"is larger than {most >> 20} MB", CLEAR)
    return data


def _inflated(archive: Path | BytesIO, member: zipfile.ZipInfo, most: int = LARGEST) -> bytes:
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member) as file:
            return _bounded(file, most)
    except BROKEN as wrong:
        raise _not_a_zip(wrong) from None


def _zipped(path: Path, name: str, labs: Sequence[str]) -> Iterator[Submission]:
    """The notebooks of a class, or of one learner whose zip it is."""
    try:
        if path.stat().st_size > LARGEST_ZIP:
            raise zipfile.BadZipFile("it is too large")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()[:MOST_MEMBERS]
    except BROKEN as wrong:
        yield _of(name, path, labs, _refusing(_not_a_zip(wrong)))
        return
    own = PurePosixPath(name).parent  # somebody's, if it is in their folder
    telling = [member for member in members if _tells(member)]
    for member in sorted(telling, key=lambda each: each.filename):
        climbs = member.filename.startswith("/") or ".." in PurePosixPath(member.filename).parts
        inner = str(own / member.filename.replace("..", "").lstrip("/"))
        if climbs:
            remedy = "Zip the notebook again, in a folder of its own."
            climbing = Ungradable("Its path in the zip", "leads out of the zip", remedy)
            yield _of(inner, path, labs, _refusing(climbing))
        elif inner.endswith(".zip"):
            yield from _nested(path, member, inner, labs)
        else:
            yield _of(inner, path, labs, partial(_inflated, path, member))
    if not telling:
        yield _of(name, path, labs, _refusing(_empty()))


def _tells(member: zipfile.ZipInfo) -> bool:
    return member.filename.endswith((".ipynb", ".zip")) and "__MACOSX" not in member.filename


def _nested(
    path: Path, member: zipfile.ZipInfo, name: str, labs: Sequence[str]
) -> Iterator[Submission]:
    """A learner's own zip within a platform's: its notebooks, whatever their folders are."""
    try:
        data = BytesIO(_inflated(path, member, NESTED))
        with zipfile.ZipFile(data) as opened:
            books = [each for each in opened.infolist() if _tells(each)]
        books = [each for each in books if each.filename.endswith(".ipynb")][:MOST_NESTED]
    except Ungradable as wrong:
        yield _of(name, path, labs, _refusing(wrong))
        return
    except BROKEN as wrong:
        yield _of(name, path, labs, _refusing(_not_a_zip(wrong)))
        return

    if not books:
        yield _of(name, path, labs, _refusing(_empty()))

    def read(book: zipfile.ZipInfo) -> bytes:
        return _inflated(BytesIO(_inflated(path, member, NESTED)), book)

    for book in books:
        inner = PurePosixPath(name).with_suffix("") / PurePosixPath(book.filename).name
        yield _of(str(inner), path, labs, partial(read, book))


def _empty() -> Ungradable:
    return Ungradable("The zip", "holds no notebook", "Hand in the .ipynb file.")


def _not_a_zip(wrong: BaseException) -> Ungradable:
    return Ungradable("The zip", f"cannot be read: {wrong}", "Hand in the .ipynb file itself.")


def _refusing(wrong: Ungradable) -> Callable[[], bytes]:
    def refuse() -> bytes:
        raise wrong

    return refuse


def _of(name: str, path: Path, labs: Sequence[str], data: Callable[[], bytes]) -> Submission:
    inner = PurePosixPath(name)
    student, number = _whose(inner, labs)
    place = str(path) if path.suffix == ".ipynb" else f"{path}: {name}"
    return Submission(student or _owner(path, labs), number, inner.name, place, data)


def _whose(path: PurePosixPath, labs: Sequence[str]) -> tuple[str, str]:
    """The student of a path, and the platform's number of them; nothing if it does not say."""
    folders = path.parts[:-1]
    for each in folders:
        if moodle := MOODLE.fullmatch(each):
            return moodle["name"], moodle["id"]
    canvas = CANVAS.fullmatch(path.stem)
    if canvas and any(lab in canvas["rest"] for lab in labs):
        return canvas["name"], canvas["id"]
    if "submitted" in folders[:-1]:
        return folders[folders.index("submitted") + 1], ""
    telling = [each for each in folders if each not in STRUCTURE and each not in labs]
    if telling:
        return telling[0], ""
    stem = path.stem
    for lab in labs:
        stem = stem.replace(lab, "").strip("-_ .")
    return stem, ""


def _owner(path: Path, labs: Sequence[str]) -> str:
    """Whose a file is that is named like the lab: the folder's above it, or the zip's own name."""
    if path.suffix == ".zip":
        return path.stem
    above = [each.name for each in path.resolve().parents]
    return next((each for each in above if each and each not in {*STRUCTURE, *labs}), path.stem)
