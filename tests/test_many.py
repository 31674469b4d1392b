"""One run and many beside it: what is moved, how many there are, and when it is too much."""

import pytest

from lab_engine.errors import LabError
from lab_engine.simulation.many import AT_ONCE, BINS, HARDEST, Many, Sampler
from lab_engine.simulation.run import run

from .test_fan import shop


def test_the_run_that_is_looked_at_is_the_scenarios_own() -> None:
    """With its seed, so that it is the one `run` gives."""
    many = Many(shop(), most=2)

    assert many.run().this == run(shop())


def test_the_others_have_seeds_of_their_own() -> None:
    """As many as were asked for, all different."""
    others = Many(shop(), most=5).run().others

    assert len({outcome.seed for outcome in others} - {shop().seed}) == 5


def test_a_watch_has_sixty_steps_however_long() -> None:
    """So that a fan is as fine for a minute as for six hours, there and back."""
    many = Many(shop())
    for seconds in (60, 21_600, 600):
        many = many.set("duration", seconds)

        assert (many.get("duration"), many.scenario.bins) == (seconds, BINS)


def test_other_paths_are_the_scenarios() -> None:
    """A weight, a TTL."""
    many = Many(shop()).set("zone.www.canary.weight", 7).set("zone.www.ttl", 30)

    assert (many.get("zone.www.canary.weight"), many.get("zone.www.ttl")) == (7, 30)


def test_fewer_runs_where_each_takes_long() -> None:
    """200 of a few caches, fewer where many ask often."""
    few = Many(shop())
    busy = Many(shop(resolvers=1000)).set("duration", 21_600)

    assert few.count == 200
    assert 40 <= busy.count < 200


def test_no_copies_are_no_work() -> None:
    """With TTL 0 nothing is fetched and kept."""
    assert Many(shop()).set("zone.www.ttl", 0).fetched == 0


def test_too_much_is_refused_with_what_to_do() -> None:
    """Before anything is run."""
    many = Many(shop(resolvers=10_000)).set("duration", 21_600)

    assert many.fetched > HARDEST
    with pytest.raises(LabError, match="Take a longer TTL, fewer resolvers or a shorter watch"):
        many.run()


def test_what_was_done_before_is_not_done_again() -> None:
    """A few runs first, and then only the rest of them: the same as all at once."""
    scenario = shop()
    many, few = Many(scenario, most=7), Many(scenario, most=3)
    sampler = Sampler()
    first, all_ = sampler.run(few), sampler.run(many)

    assert all_ == many.run()
    assert all_.this is first.this
    assert all(one is other for one, other in zip(first.others, all_.others, strict=False))
    assert sampler.run(few) == first


def test_another_scenario_begins_anew() -> None:
    """Nothing of the last one is among its runs; who is still stepping through that one stops."""
    sampler, heavy = Sampler(), Many(shop(50), most=3)
    steps = sampler.steps(Many(shop(), most=200))
    next(steps)

    assert sampler.run(heavy) == heavy.run()
    assert list(steps) == []


def test_other_holdings_are_looked_at_anew() -> None:
    """And the runs beside stay: they hold none."""
    scenario, sampler = shop(), Sampler()
    plain = sampler.run(Many(scenario, most=3))

    watched = sampler.run(Many(scenario, holdings=2, most=3))

    assert len(watched.this.holders) == 2
    assert all(one is other for one, other in zip(plain.others, watched.others, strict=True))


@pytest.mark.parametrize("most", [1, 201, 2.5, True])
def test_how_many_there_are_at_most_is_checked(most: int) -> None:
    """Between 2 and 200."""
    with pytest.raises(LabError, match=r"most .*: is not a whole number from 2 to 200"):
        Many(shop(), most=most)


def test_work_pauses_between_a_few_runs() -> None:
    """Forty runs are some steps, not one."""
    assert len(list(Sampler().steps(Many(shop(), most=40)))) == 40 // AT_ONCE
