"""Data files: what they may say, where a mistake stands, and that no question is given away."""

import inspect
from collections import Counter

import pytest

from lab_engine.course import datafile
from lab_engine.course.datafile import lessons, load, parse
from lab_engine.course.goals import PREDICATES
from lab_engine.course.questions import Choice, Interval, Number
from lab_engine.course.table import line_of
from lab_engine.errors import LabError

GOOD = """\
recall = ["00_start_here.counter"]

[predict.first]
ask = "Which?"
right = "a"
why = "Since."

[predict.first.wrong]
b = "Not b."

[predict.worst]
ask = "How long?"
number = { from = 1, to = 100, unit = "s", scale = "log" }
why = "So."
wrong = { 90 = "Not 90." }

[predict.band]
ask = "Between?"
interval = { from = 0, to = 5 }
why = "So."

[quiz.much]
ask = "How much?"
number = { from = 0, to = 9 }
right = 3
within = 1
why = "So."

[goal.most]
ask = "More than {share}."
why = "So."
reach = "share_above"
target = { address = "192.0.2.1", share = 0.6, seconds = 60 }
"""


def test_a_whole_file_is_read():
    sheet = parse(GOOD, "toy")

    assert [type(each) for each in sheet.predict.values()] == [Choice, Number, Interval]
    assert sheet.quiz["much"].right == 3
    assert sheet.goals["most"].ask == "More than 60 %."
    assert sheet.recall == ("00_start_here.counter",)


# What is written instead of what, how the line begins that is then named, and what is said of it.
MISTAKES = [
    ('why = "Since."', "", "[predict.first]", "predict.first has no why. Add why"),
    ('right = "a"', "", "[predict.first]", "predict.first has no right"),
    ('right = "a"', 'right = "b"', "b =", "predict.first.wrong.b is the right answer, too"),
    ('b = "Not b."', 'b = ""', "b =", "predict.first.wrong.b is empty"),
    ('b = "Not b."', "", "[predict.first.wrong]", "is empty: a choice needs two options"),
    ('ask = "Which?"', "ask = 3", "ask = 3", "predict.first.ask is 3 and should be a text"),
    ('ask = "Which?"', "", "[predict.first]", "predict.first has no ask"),
    ('right = "a"', 'right = "a"\nwhi = ""', "whi", "says nothing here. Did you mean why"),
    ('right = "a"', 'right = "a"\nwas = "so"', "was", "predict.first.was has other braces"),
    ('right = "a"', 'right = "a"\nwas = "{x}"', "was", "has other braces than {}. Write {}"),
    ('right = "a"', 'right = "a"\nwas = "{"', "was", "predict.first.was cannot be filled in"),
    ("first.wrong]", "first.worng]", "[predict.first]", "is no choice, no number"),
    ("[predict.first]", "[predicts.first]", "[predicts", "Did you mean predict"),
    ("[quiz.much]", "[quiz.first]", "[quiz", "quiz.first has the key that predict.first has, too"),
    ("from = 1,", "from = 100,", "number", "predict.worst.number has no room"),
    ("from = 1,", "from = 0,", "number", "is a ratio scale that begins at 0 or below"),
    ('"log"', '"cubic"', "number", 'number.scale is \'cubic\'. Write "linear" or "log"'),
    ("to = 5", "to = 5, step = 9", "interval", "interval.step is no step"),
    ("to = 5", "to = true", "interval", "interval.to is True and should be a number"),
    ("to = 5", "to = inf", "interval", "interval.to is inf and should be a number"),
    (", to = 5", "", "interval", "predict.band.interval has no to"),
    ("90 =", "900 =", "wrong", "predict.worst.wrong.900 is no number from 1 s to 100 s"),
    ("90 =", "x =", "wrong", "predict.worst.wrong.x is no number"),
    ("right = 3", "right = 30", "right = 30", "quiz.much.right lies beyond the axis"),
    ("right = 3", "", "[quiz.much]", "quiz.much has no right"),
    ("within = 1", "within = -1", "within", "quiz.much.within is below 0"),
    ("share_above", "share_abvoe", "reach", "is no predicate. Did you mean share_above"),
    ("share = 0.6", "share = 1.2", "target", "share is 1.2, which cannot be reached"),
    ("seconds = 60", "seconds = 0", "target", "seconds is 0, which cannot be reached"),
    (", seconds = 60", "", "target", "goal.most.target has no seconds"),
    ("seconds = 60", "seconds = 60, s = 1", "target", "target.s is a key that says nothing"),
    ("{share}", "{part}", 'ask = "More', "has other braces than {address} or {share}"),
    ("{share}", "{share:.0%}", 'ask = "More', "has other braces than {address} or {share}"),
    ("{share}", "{share", 'ask = "More', "goal.most.ask cannot be filled in"),
    ('["00_start_here.counter"]', '"00"', "recall", "should be a list of texts"),
    ('["00_start_here.counter"]', "[1]", "recall", "recall is not a list of texts"),
    ("[predict.first]", "[predict.worst]", '[predict.worst]\nask = "How', "is not TOML: Cannot"),
    ('why = "Since."', 'why = "Since.', 'why = "Since.', "is not TOML"),
]


@pytest.mark.parametrize(("good", "bad", "begins", "message"), MISTAKES)
def test_a_mistake_is_said_with_its_file_and_line(good, bad, begins, message):
    assert GOOD.count(good) == 1
    text = GOOD.replace(good, bad)
    line = text.index("\n" + begins) + 1 if not text.startswith(begins) else 0
    with pytest.raises(LabError) as caught:
        parse(text, "toy")

    assert str(caught.value).startswith(f"toy.toml, line {text.count(chr(10), 0, line) + 1}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("recall", "message"),
    [
        (
            '["00_start_hare.counter"]',
            "names 00_start_hare, which is no lesson .* Did you mean 00_start_here",
        ),
        ('["00_start_here.conter"]', "Did you mean counter"),
        (
            '["01_round_robin.more"]',
            "names 01_round_robin.more, which has no right answer of its own",
        ),
    ],
)
def test_what_is_recalled_must_be_there(tmp_path, monkeypatch, recall, message):
    (tmp_path / "questions").mkdir()
    for name in lessons():
        text = (datafile.files("lab_engine.course") / f"questions/{name}.toml").read_text()
        (tmp_path / f"questions/{name}.toml").write_text(text)
    (tmp_path / "questions/02_toy.toml").write_text(f"recall = {recall}")
    monkeypatch.setattr(datafile, "files", lambda _package: tmp_path)

    with pytest.raises(LabError, match=message) as caught:
        load("02_toy")
    assert "02_toy.toml, line 1" in str(caught.value)


def test_lines_are_found_however_a_table_is_written():
    text = 'x = 1\n[ a . "b c" ]\n# [a.d]\ne = 2\n"f g" = 3\n[[a.h]]\ni.j = 4\n'

    assert line_of(text, "a", "b c") == 2
    assert line_of(text, "a", "b c", "e") == 4
    assert line_of(text, "a", "b c", "f g") == 5
    assert line_of(text, "a", "h", "k") == 6
    assert line_of(text, "x") == line_of(text) == line_of(text, "nowhere") == 1


ALL = [
    (lesson, question)
    for lesson in lessons()
    for kind in ("predict", "quiz", "later")
    for question in getattr(load(lesson), kind).values()
]
CHOICES = [(lesson, question) for lesson, question in ALL if isinstance(question, Choice)]


def test_there_is_a_file_for_each_lesson():
    assert {"00_start_here", "01_round_robin"} <= set(lessons())
    assert CHOICES


def test_right_answers_stand_at_each_position_equally_often():
    """Over 3,000 questions as a lesson would have them, within 4 sigma of a third."""
    places = Counter()
    for number in range(3000):
        each = Choice(f"key{number}", "?", "why", right="b", wrong={"a": "no", "c": "no"})
        places[each.options("01_round_robin").index("b")] += 1

    sigma = (3000 * 1 / 3 * 2 / 3) ** 0.5
    assert all(abs(places[place] - 1000) <= 4 * sigma for place in range(3))


def test_no_position_gives_the_right_answers_of_the_course_away():
    """None holds more than its part and 2 sigma, which a learner might begin to notice."""
    for size in {len(each.wrong) + 1 for _, each in CHOICES}:
        same = [(lesson, each) for lesson, each in CHOICES if len(each.wrong) + 1 == size]
        places = Counter(each.options(lesson).index(each.right) for lesson, each in same)
        count, part = len(same), 1 / size

        assert max(places.values()) <= count * part + 2 * (count * part * (1 - part)) ** 0.5 + 0.5


def test_the_order_does_not_depend_on_how_the_file_is_written():
    one = Choice("k", "?", "why", right="b", wrong={"a": "no", "c": "no"})
    other = Choice("k", "?", "why", right="c", wrong={"b": "no", "a": "no"})

    assert one.options("x") == other.options("x")
    assert one.options("x") != one.options("y") or one.options("x") != one.options("z")


def test_the_right_answer_is_not_known_by_its_length():
    """It is the longest of its options no more often than chance and 2 sigma have it."""
    longest = [len(each.right) > max(map(len, each.wrong)) for _, each in CHOICES]
    parts = [1 / (len(each.wrong) + 1) for _, each in CHOICES]
    sigma = sum(part * (1 - part) for part in parts) ** 0.5

    assert sum(longest) <= sum(parts) + 2 * sigma


def test_every_option_has_a_reason_of_its_own():
    """The right one and each wrong one, and no sentence serves two."""
    for _, each in CHOICES:
        reasons = [each.why, *each.wrong.values()]

        assert all(len(reason.split()) >= 4 for reason in reasons)
        assert len(set(reasons)) == len(reasons)


def test_an_option_does_not_tell_of_another():
    """No wrong option's sentence, read after the first try, holds the right option."""
    told = [
        (each.key, option)
        for _, each in CHOICES
        for option, sentence in each.wrong.items()
        if len(each.right) > 3 and each.right.lower() in sentence.lower()
    ]

    assert told == []


def test_every_predicate_says_its_parameters():
    """Each keyword of its function is a parameter, and the other way round."""
    for predicate in PREDICATES.values():
        taken = inspect.signature(predicate.check).parameters.values()

        keywords = {each.name for each in taken if each.kind is each.KEYWORD_ONLY}
        assert keywords == set(predicate.parameters)
