"""A night on call: each incident shows its fault, and ends as the page says."""

import re
import threading
from dataclasses import replace

import nbformat
import pytest

from lab_engine import LabError, incident
from lab_engine.course import Lesson
from lab_engine.course.datafile import load
from lab_engine.course.oncall.worlds import WORLDS
from tools.glossary import LESSONS

SHEET = load("on_call")
WWW = "www.shop.example"
CELLS = {
    cell.id: cell.source
    for cell in nbformat.read(LESSONS / "extra" / "on_call.ipynb", as_version=4).cells
}
each_incident = pytest.mark.parametrize("name", list(WORLDS))


@pytest.fixture
def world(name):
    with incident(name) as begun:
        yield begun


@pytest.fixture(scope="module")
def mail():
    """One for all who are refused, and so change nothing."""
    with incident("mail") as begun:
        yield begun


@pytest.fixture
def lesson(tmp_path):
    said = []
    made = Lesson("on_call", folder=tmp_path, say=said.append)
    made.heard = said
    return made


def way_out(name):
    """The code that the page folds away."""
    return re.search(r"```python\n(.*?)\n```", CELLS[f"change-{name}"], re.DOTALL)[1]


@pytest.mark.long  # the way out on the page begins with it
@each_incident
def test_it_is_not_over_by_itself(world):
    assert not world.metrics.well
    assert not world.metrics.well


@pytest.mark.slow
@each_incident
def test_the_way_out_on_the_page_ends_it(world, name):
    """And the goal ticks itself, which it does not before anything was changed."""
    goal = SHEET.goals[f"{name}_over"]
    seen = []
    world.on_outcome(lambda *outcome: seen.append(outcome))

    assert not world.metrics.well
    exec(way_out(name), {"world": world})
    assert world.metrics.well
    before, after = seen
    assert before[2] == 0 < after[2]
    assert goal.standing(*after[:2]).reached


@pytest.mark.slow
@each_incident
def test_nothing_is_left_running(name):
    before = set(threading.enumerate())
    begun = incident(name)
    begun.stop()
    begun.stop()

    assert set(threading.enumerate()) == before


@pytest.mark.slow
def test_one_that_nobody_holds_any_more_stops_by_itself():
    """A cell that is run twice gives the name to another, and nobody could stop the first."""
    before = set(threading.enumerate())
    world = incident("moved")
    world = incident("mail")
    world.stop()

    assert set(threading.enumerate()) == before


@pytest.mark.slow
def test_one_that_is_interrupted_while_it_begins_leaves_nothing_running(monkeypatch):
    def interrupted(_incident):
        raise KeyboardInterrupt

    before = set(threading.enumerate())
    mail = WORLDS["mail"]
    monkeypatch.setitem(WORLDS, "mail", lambda: replace(mail(), observe=interrupted))

    with pytest.raises(KeyboardInterrupt) as kept:
        incident("mail")
    assert set(threading.enumerate()) == before
    assert kept.tb  # a notebook keeps it, and all that its frames hold


@pytest.mark.slow
@pytest.mark.parametrize("name", ["checks"])
def test_whoever_stopped_it_is_told_how_to_begin_anew(world):
    world.stop()
    calls = (
        lambda: world.ask(WWW),
        lambda: world.health,
        lambda: world.records,
        lambda: world.fetch("192.0.2.1"),
        lambda: world.metrics,
        lambda: world.change({}),
        lambda: world.set("balancer", None),
        lambda: world.wait(1),
    )

    for call in calls:
        with pytest.raises(LabError, match=r'stopped. Begin it anew: world = incident\("checks"'):
            call()


@each_incident
def test_each_has_its_card_two_hints_and_its_goal(name):
    assert len(SHEET.quiz[name].hints) == 2
    assert f"{name}_over" in SHEET.goals
    assert f'lesson.quiz("{name}")' in CELLS.values()


def test_the_longest_option_is_seldom_the_right_one():
    longest = [max((each.right, *each.wrong), key=len) for each in SHEET.quiz.values()]
    right = [each.right for each in SHEET.quiz.values()]

    assert sum(a == b for a, b in zip(longest, right, strict=True)) <= len(right) / 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mail"])
def test_mail_is_lost_behind_a_cache_that_was_asked_for_the_site(world):
    assert world.ask("shop.example", "MX").values == ("10 mail.shop.example.",)
    assert world.ask("shop.example", "MX", at="partner").values == ("10 mail.shop.example.",)
    assert "mail" not in world.ask("shop.example", "MX", at="office").short()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["canary"])
def test_the_new_build_is_drawn_by_one_family_only(world):
    drawn = {kind: {world.ask(WWW, kind).short() for _ in range(60)} for kind in ("A", "AAAA")}

    assert drawn == {"A": {"192.0.2.1"}, "AAAA": {"2001:db8::1", "2001:db8::2"}}


@pytest.mark.parametrize("name", ["country"])
def test_two_continents_get_no_record(world):
    there = [world.ask(WWW, subnet=f"198.{net}.0/24") for net in ("18.16", "19.16")]

    assert [(each.rcode, each.values) for each in there] == [("NOERROR", ())] * 2
    assert world.ask(WWW, subnet="198.18.1.0/24").values


@pytest.mark.slow
@pytest.mark.parametrize("name", ["checks"])
def test_the_check_says_what_it_misses_and_the_page_what_it_has(world):
    assert "wants 'welcome'" in str(world.health)
    assert "string was not found" in str(world.health)
    assert world.fetch("192.0.2.1") == "200 '192.0.2.1 is well\\n'"


@pytest.mark.parametrize("name", ["branch"])
def test_asia_is_answered_one_that_the_checks_call_ill(world, capsys):
    names = {"world": world}
    answer = world.ask(WWW, subnet="198.18.32.0/24").short()
    for code in re.findall(r"`(.*?)`", SHEET.quiz["branch"].hints[1]):
        exec(code, names)

    assert answer in {"192.0.2.1", "192.0.2.2"}
    assert str(world.health).count("unhealthy") == 2
    assert "to-asia: alias to asia.shop.example." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["branch"])
def test_the_records_are_shown_with_what_a_change_has_to_say(world):
    shown = str(world.records)

    first = " A 60 192.0.2.1 SetIdentifier asia-1, Weight 1, HealthCheckId hc-asia-1"
    assert f"asia.shop.example.{first}" in re.sub(" +", " ", shown)
    assert "SetIdentifier to-asia, GeoLocation ContinentCode AS" in shown
    assert "alias to asia.shop.example., EvaluateTargetHealth False" in shown


@pytest.mark.parametrize("name", ["moved"])
def test_every_cache_has_the_new_address(world):
    held = {world.ask("api.shop.example", at=name).short() for name in world.caches}

    assert held == {"192.0.2.2"}
    assert "java-8 12 %" in str(world.metrics)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["checks"])
def test_an_endpoint_that_is_well_stays_in_service(world):
    """Taking the check away would bring it back, too, and so would a check for less."""
    (check,) = world.client.list_health_checks()["HealthChecks"]
    world.client.update_health_check(HealthCheckId=check["Id"], SearchString="192")
    world.wait(60)

    assert world.metrics.well


@pytest.mark.slow
@pytest.mark.parametrize("name", ["canary"])
def test_a_refused_batch_changes_nothing_and_says_why(world):
    before = world.server.zone
    record = {"Name": WWW, "Type": "A", "SetIdentifier": "canary-a", "Weight": 300, "TTL": 60}
    record["ResourceRecords"] = [{"Value": "192.0.2.2"}]

    with pytest.raises(LabError, match="300"):
        world.change({"Action": "UPSERT", "ResourceRecordSet": record})
    assert world.server.zone == before


@pytest.mark.parametrize("name", ["canary"])
def test_what_is_not_there_is_named_with_what_is(world):
    with pytest.raises(LabError, match="provider"):
        world.ask(WWW, at="the moon")
    with pytest.raises(LabError, match="provider"):
        world.ask(WWW, at=["provider"])
    with pytest.raises(LabError, match="no web server"):
        world.fetch("192.0.2.1")
    with pytest.raises(LabError, match=r"change\("):
        world.set("zone.www.ttl", 5)
    with pytest.raises(LabError, match="mail, canary"):
        incident("flood")


def test_a_hint_costs_a_point_and_so_does_a_wrong_try(lesson):
    card = lesson.quiz("canary").cards[0]
    wrong = next(iter(SHEET.quiz["canary"].wrong))
    lesson.hint("canary")
    for at, value in enumerate((wrong, SHEET.quiz["canary"].right)):
        card.committed = {"value": value, "at": at}

    assert "Right, after 2 tries and 1 hint: 1 of 3 points." in card.state["lines"][0]


def test_a_hint_after_the_right_answer_costs_nothing(lesson):
    card = lesson.quiz("canary").cards[0]
    card.committed = {"value": SHEET.quiz["canary"].right, "at": 1}
    lesson.hint("canary")

    assert "at the first try: 3 of 3 points" in card.state["lines"][0]
    assert lesson.heard[-1] == "You have it already."


def test_hints_come_one_after_another_and_end(lesson):
    for _ in range(3):
        lesson.hint("mail")
    first, second = SHEET.quiz["mail"].hints

    assert lesson.heard == [
        f"Hint 1 of 2: {first}",
        f"Hint 2 of 2: {second}",
        f"There is no further hint. The last one: {second}",
    ]
    assert lesson.quiz("mail").cards[0].state["lines"] == [first, second]


def test_hints_outlive_the_kernel(tmp_path):
    """They are kept beside the answers, so that another kernel counts them, too."""
    Lesson("on_call", folder=tmp_path, say=print).hint("mail")

    again = Lesson("on_call", folder=tmp_path, say=print)
    assert again.quiz("mail").cards[0].state["lines"] == [SHEET.quiz["mail"].hints[0]]


@pytest.mark.slow
@pytest.mark.parametrize("key", [3, None, ["mail"], ""])
def test_what_is_no_key_is_refused_with_those_that_are(lesson, mail, key):
    for call in (lesson.hint, lesson.quiz, lambda key: lesson.goal(key, mail)):
        with pytest.raises(LabError, match=r"is no (quiz question|goal) of lesson on_call"):
            call(key)


@pytest.mark.slow
def test_a_goal_is_reached_in_its_own_incident_only(lesson):
    """The name `world` is that of whichever cell was run last."""
    with incident("moved") as world, pytest.raises(LabError, match=r'incident\("mail"\)'):
        lesson.goal("mail_over", world)
    with pytest.raises(LabError, match="no outcome to watch"):
        lesson.goal("mail_over", None)


def test_a_question_without_hints_says_so(tmp_path):
    lesson = Lesson("04_ttl", folder=tmp_path)
    key = next(iter(load("04_ttl").quiz))

    with pytest.raises(LabError, match="has no hints"):
        lesson.hint(key)
