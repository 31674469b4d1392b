"""Predictions, quizzes, recall and goals: what a card says to an answer, and when."""

import json

import pytest

from lab_engine import Scenario, Zone, round_robin
from lab_engine.course import Lesson
from lab_engine.course.answers import Answers
from lab_engine.course.datafile import parse
from lab_engine.course.questions import Axis
from lab_engine.course.twin import copy
from lab_engine.errors import LabError
from lab_engine.views.kit.picture import Ghost

TOY = """
recall = ["00_start_here.counter"]

[predict.first]
ask = "Which comes first?"
right = "a"
was = "{} came first"
why = "It is the first letter."
[predict.first.wrong]
b = "That is the second."
c = "That is the third."

[predict.worst]
ask = "How long?"
number = { from = 10, to = 1000, unit = "s", scale = "log" }
why = "Three intervals and a TTL."
below = "One interval is not enough."
wrong = { 90 = "That forgets the threshold." }

[predict.between]
ask = "Between what?"
interval = { from = 0, to = 5, unit = "%" }
why = "A few caches decide."
narrow = "That counts requests."

[quiz.what]
ask = "What?"
right = "x"
why = "Since z."
[quiz.what.wrong]
y = "No y without z."
w = "No w either."

[quiz.much]
ask = "How much?"
number = { from = 0, to = 100 }
right = 40
within = 2
why = "It was counted."
below = "Too few."

[goal.most]
ask = "Give .1 more than {share} for {seconds}."
why = "One cache is enough."
reach = "share_above"
target = { address = "192.0.2.1", share = 0.6, seconds = 60 }
"""


SHOP = """
$ORIGIN shop.example.
@    900 SOA ns1 hostmaster 1 7200 900 1209600 60
@    300 NS  ns1
ns1  300 A   192.0.2.53
www  300 A   192.0.2.1
www  300 A   192.0.2.2
"""


class Panel:
    """A panel as a goal sees it."""

    def __init__(self, outcome):
        self.scenario, self.outcome = None, outcome
        self.callbacks = []

    def on_outcome(self, callback):
        self.callbacks.append(callback)

    def draw(self, outcome, moves):
        for callback in self.callbacks:
            callback(self.scenario, outcome, moves)


class Counts:
    """An outcome of two servers, in bins of 30 s."""

    def __init__(self, first, second):
        self.addresses, self.bin = ("192.0.2.1", "192.0.2.2"), 30.0
        self.requests, self.queries = (first, second), (1,) * len(first)


ENOUGH, FORGETS = "One interval is not enough.", "That forgets the threshold."
EVEN = Counts((5, 5, 5, 5), (5, 5, 5, 5))
TILTED = Counts((5, 8, 8, 5), (5, 2, 2, 5))


@pytest.fixture
def make(tmp_path):
    """Makes the toy lesson, in the same folder each time, as a restarted kernel does."""
    sheet = parse(TOY, "toy")
    return lambda **more: Lesson("toy", sheet, **{"folder": tmp_path, **more})


@pytest.fixture
def toy(make):
    return make()


def answer(card, value, at=1):
    """What the page sends when a learner commits."""
    card.committed = {"value": value, "at": at}


def lines(card):
    return card.state["lines"]


def test_a_commitment_is_noted_and_locked(toy):
    card = toy.ask("first")
    answer(card, "b")

    assert lines(card) == ["You said “b”. Now run the cell below."]
    assert card.state["locked"]
    assert toy.said("first") == "b"


def test_nothing_is_said_before(toy):
    card = toy.ask("first")

    assert (toy.said("first"), lines(card), card.state["locked"]) == (None, [], False)


def test_the_first_commitment_stands(toy):
    card = toy.ask("first")
    answer(card, "b")
    answer(card, "a", at=2)

    assert toy.said("first") == "b"
    assert card.state["heard"] == 2


def test_a_result_is_compared_with_what_was_said(toy):
    card = toy.ask("first")
    answer(card, "b")
    toy.reveal("first", "a")

    assert lines(card) == [
        "You said “b”; a came first.",
        "That is the second.",
        "It is the first letter.",
    ]
    assert (card.state["right"], card.state["was"]) == (False, "a")


def test_who_was_right_is_told_so(toy):
    card = toy.ask("first")
    answer(card, "a")
    toy.reveal("first")

    assert lines(card) == ["You said “a”, and so it was.", "It is the first letter."]


def test_a_result_that_the_lesson_does_not_expect_is_believed(toy):
    """A cell that was run twice gives another result; the card does not argue with it."""
    card = toy.ask("first")
    answer(card, "b")
    toy.reveal("first", "b")

    assert card.state["right"]
    assert lines(card)[:2] == [
        "You said “b”, and so it was.",
        "The lesson expects “a”. Was a cell run twice?",
    ]


def test_a_result_without_a_commitment_closes_the_card(toy):
    card = toy.ask("first")
    toy.reveal("first", "a")

    assert lines(card)[0].startswith("A came first. The cell below was run before")
    assert card.state["locked"]


def test_who_asks_again_may_answer_though_the_result_was_there(toy):
    toy.ask("first")
    toy.reveal("first", "a")
    card = toy.ask("first")
    assert not card.state["locked"]

    answer(card, "b")
    toy.reveal("first", "a")
    assert lines(card)[0] == "You said “b”; a came first."
    assert toy.ask("first").state["locked"]


def test_how_a_prediction_did_is_said_where_its_result_is(make):
    """Only to whom has predicted: stored results are those of nobody."""
    said = []
    toy = make(say=said.append)
    toy.ask("worst")
    toy.reveal("worst", 150)
    assert said == []

    answer(toy.ask("worst"), 90)
    toy.reveal("worst", 150)
    assert said == ["You said 90 s; it was 150 s: 1.67 times too low."]


def test_the_line_by_the_result_is_plain(make):
    """The card shows what stands between backticks as code; a printed line cannot."""
    said = []
    toy = make(say=said.append)
    answer(toy.ask("first"), "b")
    toy.reveal("first", "`a`")

    assert said == ["You said “b”; a came first."]


def test_percents_differ_by_points():
    assert Axis(0, 100, "%").gap(40, 51.5) == "11.5 points too low"
    assert Axis(0, 100, "s").gap(60, 51.5) == "8.5 s too high"


def test_a_commitment_that_comes_after_the_result_counts(toy, make):
    """During Run All the kernel hears of it when all cells have run."""
    card = toy.ask("worst")
    toy.reveal("worst", 150)
    answer(card, 90)

    assert lines(card)[0] == "You said 90 s; it was 150 s: 1.67 times too low."
    assert lines(make().ask("worst")) == lines(card)


def test_a_result_after_an_answer_is_shown_where_the_card_was_not(toy, make, capsys):
    """The cell that makes the lesson was run again, and the question's was not."""
    answer(toy.ask("first"), "b")
    make().reveal("first", "a")

    assert "You said “b”; a came first." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "was", "sentences"),
    [
        (30, 150, ["You said 30 s; it was 150 s: 5 times too low.", ENOUGH]),
        (92, 150, ["You said 92 s; it was 150 s: 1.63 times too low.", FORGETS]),
        (600, 150, ["You said 600 s; it was 150 s: 4 times too high."]),
        (145, 150, ["You said 145 s; it was 150 s. That is close."]),
        (150, 150, ["You said 150 s, and so it was."]),
        (900, 5000, ["You said 900 s; it was 5,000 s: 5.56 times too low.", ENOUGH]),
    ],
)
def test_a_number_is_told_its_gap_and_its_misconception(toy, said, was, sentences):
    card = toy.ask("worst")
    answer(card, said)
    toy.reveal("worst", was)

    assert lines(card) == [*sentences, "Three intervals and a TTL."]


def test_the_cell_says_how_close_is_close(toy):
    card = toy.ask("worst")
    answer(card, 145)
    toy.reveal("worst", 150, within=1)

    assert not card.state["right"]


@pytest.mark.parametrize(
    ("said", "first", "second"),
    [
        ([0.9, 1.1], "11.5 times too narrow.", "That counts requests."),
        ([1, 1], "too narrow.", "That counts requests."),
        ([0, 5], "too wide.", None),
        ([0, 0.1], "too low.", None),
        ([1, 4], "too high.", None),
        ([0.3, 2.5], "That is close.", None),
        ([2.5, 0.3], "That is close.", None),
    ],
)
def test_an_interval_is_told_how_it_misses(toy, said, first, second):
    card = toy.ask("between")
    answer(card, said)
    toy.reveal("between", (0.2, 2.5))

    assert lines(card)[0].endswith(first)
    assert (second in lines(card)) is (second is not None)


NAN = float("nan")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("first", ["z", None, 1]),
        ("worst", [5, "ten", NAN, True, None]),
        ("between", [3, [1, 99], [1], "ab"]),
    ],
)
def test_an_answer_that_is_none_changes_nothing_and_says_why(toy, key, values):
    card, notes = toy.ask(key), []
    for at, value in enumerate(values):
        answer(card, value, at)
        notes.append(card.state["note"])

    assert toy.said(key) is None
    assert all("is no" in note for note in notes)


def test_a_quiz_lets_try_again_and_counts(toy):
    card = toy.quiz().cards[0]
    answer(card, "y")
    assert lines(card) == ["“y”: not so. No y without z.", "Try again."]
    assert not card.state["locked"]

    answer(card, "x", at=2)
    assert lines(card) == ["“x”. Right, after 2 tries.", "Since z."]
    assert card.state["locked"]


def test_a_quiz_of_numbers_says_on_which_side(toy):
    card = toy.quiz("much").cards[0]
    answer(card, 20)
    assert lines(card) == ["20: not so. Too few.", "Try again."]

    answer(card, 90, at=2)
    assert lines(card) == ["90: not so. Look again.", "Try again."]

    answer(card, 41, at=3)
    assert lines(card) == ["41. Right, after 3 tries.", "It was counted."]


def test_nothing_right_is_sent_to_the_page_before_it_is_due(toy):
    """Neither the right answer nor any reason is in what a page is told of an open question."""
    cards = [toy.ask("worst"), *toy.quiz().cards, *toy.recall().cards]
    specs = [{**card.spec, "slot": "a hash of the learner's folder"} for card in cards]
    told = json.dumps([specs, [[card.state, repr(card)] for card in cards]])

    assert "right" not in told
    assert not [word for word in ("Since z", "No y", "Three intervals", "40") if word in told]


def test_a_lesson_opens_with_questions_of_a_former_one(toy):
    [card] = toy.recall().cards
    answer(card, ".3")

    assert card.spec["label"] == "From lesson 00"
    assert lines(card)[0] == "“.3”. Right, at the first try."


def test_a_goal_ticks_itself_and_says_with_how_many_moves(toy):
    panel = Panel(EVEN)
    card = toy.goal("most", panel)
    panel.draw(EVEN, 1)
    assert not card.state["reached"]
    assert card.state["lines"] == ["Now: 50 % at most."]

    panel.draw(TILTED, 2)
    panel.draw(EVEN, 3)
    assert card.state["lines"] == ["Reached with 2 moves.", "One cache is enough."]
    assert card.spec["ask"] == "Give .1 more than 60 % for 60 s."


def test_a_goal_is_not_reached_by_standing_there(toy):
    panel = Panel(TILTED)
    card = toy.goal("most", panel)
    panel.draw(TILTED, 0)

    assert not card.state["reached"]


def test_a_goal_is_remembered(toy, make):
    panel = Panel(EVEN)
    toy.goal("most", panel)
    panel.draw(TILTED, 1)

    assert make().goal("most", Panel(EVEN)).state["lines"][0] == "Reached with 1 move."


def test_what_was_said_and_what_it_was_are_markers_on_the_axis(toy):
    """Hollow what was said, full what it was; an interval has two ends."""
    answer(toy.ask("worst"), 90)
    said = toy.ghosts("worst")
    toy.reveal("worst", 150)
    answer(toy.ask("between"), [1, 2])

    assert said == (Ghost(90, "you said 90 s"),)
    assert toy.ghosts("worst") == (*said, Ghost(150, "it was 150 s", said=False))
    assert toy.ghosts("between") == (Ghost(1, "you said 1 to 2 %", to=2),)


def test_a_choice_has_no_axis(toy):
    with pytest.raises(LabError, match="first: is a choice, and no axis has its options"):
        toy.ghosts("first")


def test_a_goal_is_reached_in_a_panel_of_the_course(toy):
    """A panel tells of outcomes, and how many moves led to them."""
    scenario = Scenario(Zone.from_text(SHOP), "www", order="shuffle").set("duration", 600)
    panel = round_robin(
        scenario.set("resolvers.count", 1).set("resolvers.profile", "frozen"), "ttl"
    )
    card = toy.goal("most", panel)
    panel.set("zone.www.ttl", 60)
    panel.set("zone.www.ttl", 0)

    assert lines(card)[0] == "Reached with 1 move."


def test_a_picture_too_short_for_a_goal_does_not_tick_it(toy):
    """A panel draws a coarse picture first."""
    panel = Panel(EVEN)
    card = toy.goal("most", panel)
    panel.draw(Counts((9,), (1,)), 1)

    assert not card.state["reached"]


def test_a_goal_that_a_panel_cannot_reach_is_refused(toy):
    with pytest.raises(LabError, match="60 s: cannot be seen in 30 s"):
        toy.goal("most", Panel(Counts((5,), (5,))))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda toy: toy.ask("frist"), "frist: is no prediction of lesson toy. Did you mean first"),
        (lambda toy: toy.ask("what"), "what: is no prediction"),
        (lambda toy: toy.said("nope"), "nope: is no prediction"),
        (lambda toy: toy.quiz("wath"), "Did you mean what"),
        (lambda toy: toy.goal("mots", None), "is no goal of lesson toy. Did you mean most"),
        (lambda toy: toy.reveal("worst"), "has no right answer in its file"),
        (lambda toy: toy.reveal("worst", "much"), "is no number, and worst asks for one"),
        (lambda toy: toy.reveal("between", 3), "is about an interval"),
        (lambda toy: toy.reveal("first", "a", within=1), "is a tolerance"),
        (lambda toy: Lesson("01_round_robbin"), "Did you mean 01_round_robin"),
        (lambda toy: Lesson("00_start_here").recall(), "recalls nothing"),
    ],
)
def test_what_a_lesson_does_not_have_is_refused_with_the_nearest(toy, call, message):
    with pytest.raises(LabError, match=message):
        call(toy)


def test_a_card_comes_back_as_it_was(toy, make):
    """After a reload, a restart of the kernel, and tomorrow."""
    answer(toy.ask("first"), "b")
    toy.reveal("first", "a")
    answer(toy.quiz("what").cards[0], "y")
    again = make()

    assert lines(again.ask("first")) == lines(toy.ask("first"))
    assert lines(again.quiz("what").cards[0])[0] == "“y”: not so. No y without z."


def test_after_a_reset_nothing_was_said(toy, make, tmp_path):
    """Nor does a page bring back what it kept from before."""
    answer(toy.ask("first"), "b")
    Answers(tmp_path / "toy-answers.jsonl", "toy").add("", "reset", None)
    again = make()

    assert again.said("first") is None
    assert again.ask("first").spec["since"] > "2026"
    assert toy.ask("first").spec["since"] == ""


def test_two_kernels_share_what_was_said_first(toy, make):
    other = make()
    mine, theirs = toy.ask("first"), other.ask("first")
    answer(theirs, "c")
    answer(mine, "b")

    assert toy.said("first") == other.said("first") == "c"


def test_what_is_downloaded_is_restored_elsewhere(toy, make, tmp_path):
    answer(toy.ask("first"), "b")
    (tmp_path / "other").mkdir()
    other = make(folder=tmp_path / "other")
    card = other.ask("first")
    other.keep().restored = {"value": toy.keep().content, "at": 5}

    assert other.said("first") == "b"
    assert lines(card) == ["You said “b”. Now run the cell below."]
    assert lines(other.keep()) == ["Answers restored: 1."]


def test_restoring_does_not_change_a_commitment(toy, make, tmp_path):
    answer(toy.ask("first"), "b")
    (tmp_path / "other").mkdir()
    other = make(folder=tmp_path / "other")
    answer(other.ask("first"), "c")
    other.keep().restored = {"value": toy.keep().content, "at": 5}

    assert other.said("first") == "c"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ", "holds no answers"),
        ("[1]\n", "is not a file of answers"),
        ('{"lesson": "toy"}\n', "is not a file of answers"),
        ('{"lesson": "02", "key": "a"}\n', "belongs to lesson 02, and this is toy"),
        ("[" * 200_000, "is not a file of answers"),
        ("x" * 3_000_000, "is not a file of answers"),
    ],
)
def test_another_file_changes_nothing_and_says_why(toy, text, message):
    answer(toy.ask("first"), "b")
    before = toy.keep().content
    toy.keep().restored = {"value": text, "at": 5}

    assert toy.keep().content == before
    assert message in lines(toy.keep())[0]
    assert "Choose the file toy-answers.jsonl" in lines(toy.keep())[0]


def test_a_still_copy_holds_no_result_that_nobody_predicted(toy):
    """Lessons are stored as run without a learner."""
    card = toy.ask("first")
    toy.reveal("first", "a")

    assert "came first" not in repr(card)


def test_a_still_copy_tells_what_was_said(toy):
    card = toy.ask("first")
    answer(card, "b")
    toy.reveal("first", "a")

    html = copy(card.words())["text/html"]
    assert "<br>(x) b<br>" in html or "(x) b</p>" in html or "<p>(x) b<br>" in html
    assert "<p>You said “b”; a came first.</p>" in html


def test_the_page_keeps_answers_apart(toy, make, monkeypatch, tmp_path):
    """What the browser keeps is one learner's, of one copy, of one question."""
    slots = [toy.ask("first").spec["slot"], toy.ask("worst").spec["slot"]]
    slots.append(make(folder=tmp_path / "elsewhere").ask("first").spec["slot"])
    monkeypatch.setenv("JUPYTERHUB_USER", "ann")
    slots.append(make().ask("first").spec["slot"])

    assert len(set(slots)) == 4


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_lost(make, tmp_path):
    (tmp_path / "toy-answers.jsonl").mkdir()
    heard = []
    toy = make(say=heard.append)
    card = toy.ask("first")
    answer(card, "b")

    assert toy.said("first") == "b"
    assert "could not be written" in card.state["note"]
    assert '"b"' in toy.keep().content
    assert "cannot be read" in heard[0]
