"""Lab 01: its table of answers, and the law that draws its shops against runs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.labs.judging import lab
from lab_engine.labs.judging.four_tills import GOALS, scenario
from lab_engine.labs.judging.four_tills_worlds import LIMIT, WINDOW, bought, expected, questions
from lab_engine.labs.lab import Result
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.run import run
from tests.counts import long_but
from tests.labs.junk import JUNK
from tests.labs.tables import SEEDS, Tabled, unseen

pytestmark = pytest.mark.slow

NAME = "lab_01_four_tills"
LAB = lab(NAME)
SHOP = LAB.visible[0]


class TestTable(Tabled):
    name = NAME
    dear = True


@pytest.mark.parametrize("seed", long_but(SEEDS, SEEDS[0]))
def test_shops_where_nothing_does_it_are_hopeless_indeed(seed):
    """The least TTL that the budget buys leaves the busiest server far above the limit."""
    for group in unseen(NAME, seed):
        for shop in (each for each in group["group"] if each["hopeless"]):
            ttl = int(0.94 * bought(shop))  # below what it buys
            assert uneven(shop, ttl, hours=4) > LIMIT + 0.04


@pytest.mark.parametrize("seed", SEEDS)
def test_no_bound_tells_which_shops_of_a_group_are_hopeless(seed):
    """Each value of each number is tried; more of it is less even."""
    numbers = (
        lambda shop: -shop["resolvers"],
        lambda shop: -shop["budget"],
        lambda shop: shop["servers"],
        lambda shop: shop["mix"]["powerdns"],
        bought,
        lambda shop: shop["mix"]["powerdns"] * bought(shop),
    )
    for group in unseen(NAME, seed):
        hopeless = [shop["hopeless"] for shop in group["group"]]
        for number in numbers:
            found = [number(shop) for shop in group["group"]]
            for bound in found:
                assert [each >= bound for each in found] != hopeless


def uneven(shop, ttl, hours):
    hour = scenario(shop, "set", ttl)
    ratios = [r for seed in range(hours) for r in run(hour.set("seed", seed)).max_over_mean()]
    return weighted_quantiles([(ratio, 1.0) for ratio in ratios], (0.95,))[0]


@pytest.mark.parametrize("ttl", [60, 240])
def test_law_and_runs_agree_on_how_uneven_the_load_is(ttl):
    """The law is on the safe side, by a fifth at most.

    72 windows: the p95 of a scatter of s has a standard error of about 0.25 s, a tenth of what it
    is above 1.
    """
    law = expected(*(SHOP[name] for name in ("resolvers", "servers", "mix")), ttl) - 1
    seen = uneven(SHOP, ttl, hours=6) - 1

    assert law == pytest.approx(seen, rel=0.1 + 4 * 0.1)
    assert seen < law * (1 + 4 * 0.1)


@pytest.mark.parametrize("ttl", [20, 60, 240])
def test_law_and_runs_agree_on_how_much_is_asked(ttl):
    """Within what rounding, a grace and fetching ahead make of a TTL: two seconds of it."""
    seen = run(scenario(SHOP, "set", ttl)).authority_queries * WINDOW / 3600

    assert seen == pytest.approx(questions(SHOP["resolvers"], ttl), rel=0.01 + 2 / ttl)


def test_a_weighted_answer_is_no_more_even_than_a_cache_that_keeps_its_order():
    """One address an answer is what a set becomes that no cache turns."""
    frozen = {**SHOP, "mix": {"powerdns": 1.0}}
    one, kept = (
        [r for seed in range(4) for r in run(hour.set("seed", seed)).max_over_mean()]
        for hour in (scenario(SHOP, "one", 60), scenario(frozen, "set", 60))
    )
    mean_one, mean_kept = sum(one) / len(one), sum(kept) / len(kept)

    # 48 windows each, standard deviation 0.06 at most: 4 sigma of the difference are 0.05.
    assert mean_one == pytest.approx(mean_kept, abs=0.05)


NEAR = st.fixed_dictionaries({"form": st.sampled_from(["set", "one"]) | JUNK, "ttl": JUNK})


@settings(max_examples=60, deadline=None)
@given(JUNK | NEAR)
def test_whatever_is_given_is_judged(value):
    shop = LAB.visible[2]
    for given_ in ({"answer": [Result(value)]}, {"answer": value}):
        findings = LAB.judge(shop, given_)

        assert [each.goal for each in findings] == [goal.key for goal in GOALS]
        right = value == "impossible" and given_["answer"] != value
        assert all(each.credit == right for each in findings)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is not a form and a TTL"),
        ({"form": "set"}, "is not a form and a TTL"),
        ({"form": "both", "ttl": 60}, "is not known"),
        ({"form": "set", "ttl": -1}, "is no whole number"),
        ({"form": "set", "ttl": 0.5}, "is no whole number"),
        ({"form": "set", "ttl": True}, "is no whole number"),
        ({"form": "set", "ttl": 10**400}, "is no whole number"),
    ],
)
def test_what_cannot_be_an_answer_is_told_why(value, said):
    (first, *_) = LAB.judge(SHOP, {"answer": [Result(value)]})

    assert first.credit == 0
    assert said in first.turn


def test_an_error_of_the_learner_is_told():
    (first, *_) = LAB.judge(SHOP, {"answer": [Result(problem="NameError: ttl")]})

    assert "NameError: ttl" in first.turn
