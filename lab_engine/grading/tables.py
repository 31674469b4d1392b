"""The results of a class, for people and for learning platforms: CSV, JUnit's XML, a summary."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from statistics import fmean, median
from typing import Final
from xml.etree import ElementTree as ET

from .feedback import Feedback, in_words, told
from .records import Record

Row = tuple[Record, Feedback]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")
BARS: Final = ((1.0, "all"), (0.75, "three quarters"), (0.5, "half"), (0.01, "some"), (0, "none"))


def grades(rows: Sequence[Row]) -> str:
    """One line for each student and lab, whatever became of it."""
    lines = [
        {
            "student": record["student"],
            "id": record["id"],
            "lab": record["lab"],
            "mark": f"{feedback.mark:.2f}",
            "reason": record["reason"],
            "noticed": " ".join(feedback.notes),
            "file": record["place"],
        }
        for record, feedback in rows
    ]
    return _csv(["student", "id", "lab", "mark", "reason", "noticed", "file"], lines)


def moodle(rows: Sequence[Row]) -> str:
    """One lab's grading worksheet, as Moodle's assignments import it (Upload grading worksheet)."""
    lines = [
        {
            "Identifier": f"Participant {record['id']}" if record["id"] else record["student"],
            "Full name": record["student"],
            "Grade": f"{feedback.mark:.2f}",
            "Maximum grade": "100.00",
            "Feedback comments": _comment(record, feedback),
        }
        for record, feedback in rows
    ]
    columns = ["Identifier", "Full name", "Grade", "Maximum grade", "Feedback comments"]
    return _csv(columns, lines)


def canvas(rows: Sequence[Row]) -> str:
    """Canvas' gradebook, one column for each lab; a line below the head has the points possible."""
    labs = sorted({record["lab"] for record, _ in rows if record["lab"]})
    titles = {lab: lab for lab in labs}
    people: dict[tuple[str, str], dict[str, str]] = {}
    for record, feedback in rows:
        whose = (record["student"], record["id"])
        line = people.setdefault(whose, {"Student": whose[0], "ID": whose[1]})
        if record["lab"]:
            line[titles[record["lab"]]] = f"{feedback.mark:.2f}"
    head = {"Student": "    Points Possible", **dict.fromkeys(titles.values(), "100")}
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles.values()]
    return _csv(columns, [head, *people.values()])


def _comment(record: Record, feedback: Feedback) -> str:
    return record["reason"] or feedback.passed


def _csv(columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> str:
    text = StringIO()
    written = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    written.writeheader()
    for line in lines:
        written.writerow({name: _cell(value) for name, value in line.items()})
    return text.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet calculates with: learners choose their names and their words."""
    one_line = " ".join(str(text).replace("\x00", "").split(" "))
    return f"'{one_line}" if one_line.startswith(FORMULA) else one_line


def junit(rows: Sequence[Row]) -> str:
    """A suite for each student and lab, with two cases for each goal: visible and hidden."""
    root = ET.Element("testsuites")
    for record, feedback in rows:
        name = _xml(f"{record['student']}: {record['lab'] or record['file']}")
        suite = ET.SubElement(root, "testsuite", name=name)
        if record["reason"]:
            case = ET.SubElement(suite, "testcase", classname=name, name="graded")
            ET.SubElement(case, "error", message=_xml(record["reason"]))
        for line in feedback.lines:
            words = (" ".join(told(line)), in_words(line.hidden) if line.hidden else "")
            for kind, credit, said in zip(("visible", "hidden"), line.credits, words, strict=True):
                what = f"{line.goal.key} ({kind})"
                case = ET.SubElement(suite, "testcase", classname=name, name=_xml(what))
                if credit < 1:
                    ET.SubElement(case, "failure", message=_xml(said))
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    return NO_XML.sub("�", text)


def summary(rows: Sequence[Row], cautions: Sequence[str]) -> str:
    """The class at a glance, as Markdown: marks, and how each check came out."""
    parts = ["# Summary"]
    parts += [f"**Caution.** {each}" for each in cautions]
    for lab in sorted({record["lab"] for record, _ in rows}):
        theirs = [(record, given) for record, given in rows if record["lab"] == lab]
        parts.append(f"## {lab or 'Of no lab'}")
        marks = [feedback.mark for _, feedback in theirs]
        parts.append(
            f"{len(theirs)} handed in. Marks: mean {fmean(marks):.1f}, "
            f"median {median(marks):.1f}, lowest {min(marks):.1f}, highest {max(marks):.1f}."
        )
        judged = [feedback for _, feedback in theirs if feedback.lines]
        if judged:
            parts.append(_distribution(judged))
        nothing = [
            f"- {record['student']}: {record['reason']} {record['defect']}".strip()
            for record, _ in theirs
            if record["reason"]
        ]
        if nothing:
            parts.append("Not graded, 0 points:\n\n" + "\n".join(nothing))
    return "\n\n".join(parts) + "\n"


def _distribution(judged: Sequence[Feedback]) -> str:
    """For each check how many earned how much of it."""
    names = " | ".join(words for _, words in BARS)
    lines = [f"| check | mean | {names} |", "|---|" + "---|" * (len(BARS) + 1)]
    for place, line in enumerate(judged[0].lines):
        for part, kind in enumerate(("visible", "hidden")):
            credits_ = [feedback.lines[place].credits[part] for feedback in judged]
            counts = " | ".join(str(each) for each in _counts(credits_))
            lines.append(f"| {line.goal.key}, {kind} | {fmean(credits_):.0%} | {counts} |")
    return "\n".join(lines)


def _counts(credits_: Sequence[float]) -> list[int]:
    """How many fall into each bar."""
    found = [
        next(place for place, (least, _) in enumerate(BARS) if each >= least) for each in credits_
    ]
    return [found.count(place) for place in range(len(BARS))]
