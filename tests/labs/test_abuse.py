"""A class of people who try to break the grader: one batch, graded once; each test reads a row.

In `make long` also those that take long to be ended: gigabytes of output, loops in functions.
"""

import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest

import lab_engine
from tests.labs.grading import LIMITS, SEEDS, grade, hand_in, record
from tests.labs.sample.make import NAME, answered, labs

pytestmark = pytest.mark.slow

ROOT = Path(lab_engine.__file__).parents[1]
SECRET = "a seed that nobody guesses"
SHARE = "def share(a, b):\n    return a / (a + b)"
MB = 1 << 20

# What a thief would open, list or ask; whatever it finds becomes the answer, which is kept.
THIEF = """
import os, sys, glob, socket, subprocess
found = []
def tried(what, action):
    try:
        got = action()
        if got:
            found.append([what, str(got)[:200]])
    except BaseException:
        pass
for path in PATHS:
    tried(path, lambda: open(path, 'rb').read(100) or 'empty')
    tried(path, lambda: [each for each in os.listdir(path) if each != '.venv'])  # Python itself
for each in (*sys.path, *os.environ.values()):
    for part in each.split(':'):
        for name in ('judging', 'labs/judging', 'lab_engine/labs/judging', 'lab_engine/grading'):
            tried(part, lambda: os.listdir(os.path.join(part, name)))
for each in glob.glob('/proc/[0-9]*'):
    for name in ('environ', 'cmdline'):
        text = ''
        try:
            text = open(f'{each}/{name}').read()
        except BaseException:
            pass
        tried(each, lambda: [text for mark in MARKS if mark in text])
    tried(each, lambda: [p for p in PATHS if os.path.isfile(f'{each}/root{p}')])
import importlib
for name in ('lab_engine.labs.judging', 'lab_engine.grading', 'sample_judge', 'tests'):
    tried(name, lambda: importlib.import_module(name))
def connected():
    with socket.create_connection(('127.0.0.1', PORT), timeout=5):
        return 'connected'
tried('network', connected)
def addressed():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(('192.0.2.1', 53))
        return 'routed'
tried('route', addressed)
for name in ('/usr/lab-was-here', '/etc/lab-was-here', '/lab/package/x.py', sys.prefix + '/x'):
    tried('write ' + name, lambda: open(name, 'w').write('x'))
tried('root', lambda: os.setuid(0) or 'root')
ttl = found
"""

FORGER = """
import socket, json, glob
with socket.socket(socket.AF_UNIX) as s:
    s.connect('/lab/x/s')
    s.sendall(b'{"found": {"visible": [[{"goal": "ttl", "credit": 1}]]}, "mark": 100}\\n')
    s.recv(1000)
ttl = 1
"""
PATCHES = """
import sys, types, builtins
import numpy, simpy, lab_engine
import lab_engine.labs.plain, lab_engine.labs.trying, lab_engine.labs.credit, lab_engine.labs.lab
fake = types.ModuleType('lab_engine.labs.judging')
fake.lab = lambda name: None
sys.modules['lab_engine.labs.judging'] = fake
numpy.mean = simpy.Environment = lambda *a, **k: 100
lab_engine.labs.credit.near = lambda *a: 1.0
lab_engine.labs.lab.Finding.credit = 1.0
class Everything(dict):
    def __eq__(self, other): return True
    def __hash__(self): return 0
ttl = 1
def share(a, b): return 1
"""
EQUAL = """
class Right(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __abs__(self): return 0
ttl = Right(1)
def share(a, b): return Right(1)
"""
BOMB = """
import os, time
ttl = 60
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.1)
"""
MEMORY = """
kept = []
while True:
    kept.append(bytearray(256 << 20))
"""
UNSOLVED = "ttl = None  # later"


def checks(book, change):
    """The notebook with something done to its check cells."""
    for cell in book.cells:
        if cell.id.startswith("check-"):
            change(cell)
    return book


def set_text(cell, text):
    cell.source = text


def set_markdown(cell):
    cell.cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        cell.pop(key)


# The six ways of cheating nbval that change a check, none of which has an effect here.
NBVAL = {
    "stored-output": lambda cell: cell.outputs[0].update(text="something else\n"),
    "cleared": lambda cell: cell.update(outputs=[], execution_count=None),
    "ignored": lambda cell: set_text(cell, f"# NBVAL_IGNORE_OUTPUT\n{cell.source}"),
    "skipped": lambda cell: cell.metadata.update(tags=["nbval-skip"]),
    "raises": lambda cell: cell.metadata.update(tags=["raises-exception"]),
    "markdown": set_markdown,
}
PLAIN = {  # student -> what the cell of the TTL does
    "forger": FORGER,
    "exits": "import os\nttl = 60\nos._exit(0)",
    "killed": "import os, signal\nttl = 60\nos.kill(os.getpid(), signal.SIGKILL)",
    "printer": "print('The TTL is 60 s: passed')\nttl = {'passed': True}",
    "loops": "ttl = 60\nwhile True:\n    pass",
    "bomber": BOMB,
    "hungry": MEMORY,
    "patcher": PATCHES,
    "equal": EQUAL,
}


def mangled(entry):
    """All at once: answers retyped, put elsewhere, once too many; the other one in three pieces."""
    book = answered(entry)
    cells = {cell.id: cell for cell in book.cells}
    first = nbformat.v4.new_code_cell("ttl = 5", id="answer-ttl")
    last = nbformat.v4.new_raw_cell("ttl = 60", id="answer-ttl")
    share = [
        nbformat.v4.new_code_cell("def share(a, b):", id="answer-share"),
        nbformat.v4.new_code_cell("    both = a + b", id="piece-1"),
        nbformat.v4.new_code_cell("    return a / both", id="piece-2"),
    ]
    book.cells = [cells["check-share"], *share, cells["title"], first, cells["setup"], last]
    return book


def old(entry):
    """The same notebook in nbformat 3."""
    cells = [
        {"cell_type": "code", "input": cell.source, "outputs": [], "language": "python"}
        for cell in answered(entry).cells
        if cell.cell_type == "code"
    ]
    return json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]})


def without_ids(entry):
    """The same notebook in nbformat 4.0."""
    book = json.loads(json.dumps(answered(entry)))
    for cell in book["cells"]:
        del cell["id"]
    return json.dumps(book | {"nbformat_minor": 0})


def zipped(**members):
    """A zip of these members."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The whole class, graded once: rows, and the folder of results."""
    folder = tmp_path_factory.mktemp("abuse")
    entry, handed, out = labs(folder / "labs"), folder / "handed", folder / "out"
    exam = folder / "exam.toml"
    exam.write_text(SEEDS + LIMITS)
    hand_in(handed, "honest", answered(entry))
    hand_in(handed, "empty", entry.notebook.read_bytes())
    for student, change in NBVAL.items():
        hand_in(handed, student, checks(answered(entry, UNSOLVED, "share = None"), change))
    for student, source in PLAIN.items():
        share = "pass" if student in ("patcher", "equal") else SHARE
        hand_in(handed, student, answered(entry, source, share))
    paths = [ROOT, ROOT / "README.md", ROOT / "lab_engine/labs/judging/__init__.py", ROOT / "tests"]
    paths += [exam, folder, out, handed, handed / "honest", entry.notebook, entry.folder]
    paths += [entry.folder / "sample_judge.py", entry.notebook.parent / "solutions"]
    listening = open_port()
    with listening:
        port = listening.getsockname()[1]
        thief = f"PATHS = {[str(each) for each in paths]!r}\nPORT = {port}\n"
        thief += f"MARKS = {[SECRET, str(folder), str(ROOT / 'lab_engine')]!r}\n{THIEF}"
        hand_in(handed, "thief", answered(entry, thief))
        hand_in(handed, "mangled", mangled(entry))
        hand_in(handed, "old", old(entry))
        hand_in(handed, "without-ids", without_ids(entry))
        hand_in(handed, "deleted", without(answered(entry), "answer-share"))
        hand_in(handed, "no-json", b"this is no JSON")
        hand_in(handed, "no-utf8", '{"cells": "é"}'.encode("latin-1"))
        hand_in(handed, "no-cells", b'{"nbformat": 4}')
        hand_in(handed, "deep", b"[" * 200_000)
        hand_in(handed, "large", b'{"cells": "' + b" " * 100 * MB + b'"}')
        hand_in(handed, "parts", b"[" + b"[]," * 2_000_000 + b"[]]")
        climbing = {f"../../{NAME}.ipynb": json.dumps(answered(entry))}
        hand_in(handed, "climber", zipped(**climbing), "all.zip")
        bomb = {f"{NAME}.ipynb": b" " * 200 * MB}
        hand_in(handed, "zip-bomb", zipped(**bomb), "all.zip")
        hand_in(handed, "torn-zip", zipped(a=b"")[:-9], "all.zip")
        name = '=HYPERLINK("x") <b>'
        hand_in(handed, name, answered(entry, ttl="raise ValueError('<script>\\x00')"))
        said, rows = grade(entry, handed, out=out, seeds=exam, jobs=2)
    return rows, out, said


def open_port():
    """Somebody who listens on the loopback outside."""
    import socket

    return socket.create_server(("127.0.0.1", 0))


def without(book, identity):
    """The notebook without a cell."""
    book.cells = [cell for cell in book.cells if cell.id != identity]
    return book


def test_the_honest_have_all_among_them(course):
    rows, _, _ = course

    assert rows["honest"]["mark"] == "100.00"
    assert rows["empty"]["mark"] == "0.00"


@pytest.mark.parametrize("student", NBVAL)
def test_what_is_done_to_a_check_has_no_effect(course, student):
    """Six of the eight ways to pass nbval: checks are not taken from the submission."""
    assert course[0][student]["mark"] == "0.00"


@pytest.mark.parametrize("student", ["patcher", "equal"])
def test_what_is_patched_there_does_not_reach_the_judge(course, student):
    """The other two: answers are judged as plain data, in a process of its own."""
    assert course[0][student]["mark"] == "0.00"


def test_an_object_with_opinions_is_no_answer(course):
    _, out, _ = course

    assert "Right: is no plain data" in record(out, "equal")["answers"]["values"]["ttl"]["problem"]


def test_nothing_of_the_repository_the_results_or_the_class_is_found(course):
    """Neither by path nor by sys.path, environment, other processes, imports or the network."""
    rows, out, _ = course

    assert record(out, "thief")["answers"]["values"]["ttl"] == {"value": []}
    assert float(rows["thief"]["mark"]) == 60  # for the function, which was honest


def test_a_forged_verdict_is_no_verdict(course):
    rows, _, _ = course

    assert rows["forger"]["mark"] == "0.00"
    assert "has not the form that was asked for" in rows["forger"]["reason"]


@pytest.mark.parametrize("student", ["exits", "killed", "loops"])
def test_a_dead_kernel_passes_nothing(course, student):
    rows, _, _ = course

    assert rows[student]["mark"] == "0.00"
    assert "the kernel died" in rows[student]["reason"]


def test_what_was_printed_is_not_looked_at(course):
    assert course[0]["printer"]["mark"] == "60.00"


def test_a_fork_bomb_is_ended(course):
    rows, _, _ = course

    assert rows["bomber"]["mark"] == "0.00"
    assert rows["bomber"]["reason"].startswith("There are no answers")


def test_too_much_memory_is_refused(course):
    rows, out, _ = course

    assert rows["hungry"]["mark"] == "0.00"
    assert ["answer-ttl", "MemoryError:"] in record(out, "hungry")["cells"]


def test_cells_that_were_moved_retyped_doubled_and_split_are_found_and_said(course):
    rows, out, _ = course
    said = record(out, "mangled")["warnings"]

    assert rows["mangled"]["mark"] == "100.00"
    assert "The cell answer-ttl stands there 2 times: the last one counts." in said
    assert any("answer-share has been split" in each for each in said)


@pytest.mark.parametrize("student", ["old", "without-ids"])
def test_a_format_without_ids_is_read_by_the_variables(course, student):
    rows, out, _ = course

    assert rows[student]["mark"] == "100.00"
    assert "has no ids): the last cell that sets ttl" in " ".join(record(out, student)["warnings"])


def test_a_deleted_answer_loses_its_part_alone(course):
    rows, out, _ = course

    assert rows["deleted"]["mark"] == "40.00"
    assert "no other cell sets share" in " ".join(record(out, "deleted")["warnings"])


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("no-json", "it is not JSON"),
        ("no-utf8", "is not encoded in UTF-8"),
        ("no-cells", "it has no cells"),
        ("deep", "is no notebook"),
        ("large", "is larger than 16 MB"),
        ("parts", "has more parts than a notebook of Jupyter"),
        ("climber", "leads out of the zip"),
        ("zip-bomb", "is larger than 16 MB"),
        ("torn-zip", "The zip: cannot be read"),
    ],
)
def test_what_cannot_be_graded_says_why_and_what_to_do(course, student, reason):
    rows, _, _ = course

    assert rows[student]["mark"] == "0.00"
    assert reason in rows[student]["reason"]


def test_names_and_words_of_learners_stay_words(course):
    """Neither a spreadsheet's formula nor a page's script comes of them."""
    _, out, _ = course
    table = (out / "grades.csv").read_text()
    (page,) = (out / "reports").glob("HYPERLINK*/*.html")

    assert '"\'=HYPERLINK(""x"") <b>"' in table
    assert "<script>" not in page.read_text()
    assert "&lt;script&gt;" in page.read_text()


def test_everybody_has_a_row(course):
    rows, out, _ = course

    assert len(rows) == len(list((out / "records").rglob("*.json")))
    assert set(NBVAL) | set(PLAIN) <= set(rows)


def test_nothing_is_left_on_the_machine(course):
    """No file of theirs, and nobody who works for the grader."""
    import psutil

    assert not Path("/usr/lab-was-here").exists()
    assert psutil.Process().children(recursive=True) == []


DAEMON = """
import subprocess, sys
subprocess.Popen([sys.executable, '-c', 'while True: pass'], start_new_session=True)
ttl = 60
"""
LONG = {
    "writer": ("while True:\n    print('x' * 1_000_000)", SHARE),
    "disk": (
        "for n in range(10_000):\n    open(f'f{n}', 'wb').write(bytes(5 << 20))\nttl = 60",
        SHARE,
    ),
    "large-file": ("open('f', 'wb').write(bytes(50 << 20))\nttl = 60", SHARE),
    "loops-in-calls": ("ttl = 60", "def share(a, b):\n    while True:\n        pass"),
    "exits-in-calls": ("ttl = 60", "import os\ndef share(a, b):\n    os._exit(0)"),
    "remembers": (
        "ttl = 60",
        "seen = []\ndef share(a, b):\n    seen.append(a)\n    return len(seen)",
    ),
    "daemon": (
        DAEMON,
        SHARE,
    ),
    "huge": ("ttl = 'x' * 10_000_000", SHARE),
    "shared": ("a = []\nfor _ in range(19):\n    a = [a] * 1000\nttl = a", SHARE),
    "asks": ("ttl = input('?')", SHARE),
}


@pytest.mark.long
def test_what_takes_long_to_be_ended(tmp_path):
    """None of it passes, or passes for what it is; the honest one among them has all."""
    entry, handed = labs(tmp_path / "labs"), tmp_path / "handed"
    exam = tmp_path / "exam.toml"
    exam.write_text(SEEDS + LIMITS)
    hand_in(handed, "honest", answered(entry))
    for student, (ttl, share) in LONG.items():
        hand_in(handed, student, answered(entry, ttl, share))

    _, rows = grade(entry, handed, out=tmp_path / "out", seeds=exam, jobs=2)
    marks = {student: float(row["mark"]) for student, row in rows.items()}

    assert marks.pop("honest") == marks.pop("daemon") == 100
    assert marks.pop("writer") == 0
    assert marks.pop("loops-in-calls") == marks.pop("exits-in-calls") == 40
    assert marks.pop("remembers") == 40  # each call finds everything as it was
    assert marks.pop("large-file") == marks.pop("disk") == marks.pop("asks") == 0
    assert marks == {"huge": 0, "shared": 0}
