"""A rehearsal against what is known: closed forms, small zones, and what is refused."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.policies import Failover, Geolocation, Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control.refusal import Refusal
from lab_engine.errors import LabError
from lab_engine.rehearsal import laws
from lab_engine.rehearsal.advice import advice
from lab_engine.rehearsal.cases import cases
from lab_engine.rehearsal.curves import falling, thin, times
from lab_engine.rehearsal.endpoints import killed
from lab_engine.rehearsal.figure import Line, sentence, svg
from lab_engine.rehearsal.populations import HONEST, MIX, Population, told
from lab_engine.rehearsal.rehearse import rehearse
from lab_engine.rehearsal.steps import steps
from lab_engine.simulation import theory
from lab_engine.simulation.parts import Clients, Resolvers

from .seeds import shifted

SOA = """\
@ 600 SOA ns1 host {} 7200 900 1209600 300
@ 600 NS ns1
ns1 600 A 192.0.2.53
"""
OLD, NEW, SPARE = "192.0.2.1", "192.0.2.9", "192.0.2.2"
EVEN = Population("even", {"clients": Clients(20_000, 0.05), "resolvers": Resolvers(1000, 0.0)})
"""A thousand alike caches, each asked once a second, so that no few of them decide."""
FEW = Population("few", {"clients": Clients(400, 0.05), "resolvers": Resolvers(20, 0.0)})
ANY = Population("any", {"clients": Clients(20, 0.05), "resolvers": Resolvers(2, 0.0)})
"""Where it is not looked at what they do."""


def zone(*sets):
    return Zone.of("shop.example", sets)


def www(address, ttl=300):
    return RRset.of("www", "A", address, ttl)


def failover(primary=OLD, ttl=60):
    return zone(
        RecordSet.of(
            "www",
            "A",
            primary,
            ttl,
            policy=Failover("PRIMARY"),
            set_identifier="first",
            health_check_id="hc-1",
        ),
        RecordSet.of("www", "A", SPARE, ttl, policy=Failover("SECONDARY"), set_identifier="second"),
    )


def rehearsed(before, changes, **more):
    return rehearse(before, changes, **{"population": EVEN, "seed": shifted(3), **more})


def upsert(address, ttl=60, name="www"):
    value = {"Name": f"{name}.shop.example.", "Type": "A", "TTL": ttl}
    value["ResourceRecords"] = [{"Value": address}]
    return {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": value}]}


# --- when requests have followed ------------------------------------------------------------------


@pytest.mark.slow
def test_a_record_that_moves_is_followed_as_the_law_has_it():
    """Busy caches of age uniform up to T: half after T/2, 99 of 100 after 0.99 T."""
    (name,) = rehearsed(zone(www(OLD)), zone(www(NEW))).names
    (found,) = name.followed

    assert found.concerned == 1
    assert found.times == pytest.approx(found.law, abs=4 * 300 / math.sqrt(12 * 20 * 1000))
    for level, time in zip((0.5, 0.9, 0.99), found.law, strict=True):
        assert theory.stale_fraction(time, 300, rate=1) == pytest.approx(1 - level, abs=1e-6)


@pytest.mark.slow
def test_half_of_the_requests_of_idle_caches_have_followed_at_once():
    """λT = 1: half of them find no copy."""
    idle = Population("idle", {"clients": Clients(1000, 1 / 300), "resolvers": Resolvers(1000, 0)})
    (name,) = rehearsed(zone(www(OLD)), zone(www(NEW)), population=idle).names
    (found,) = name.followed

    assert found.law[0] == 0
    assert found.times[1:] == pytest.approx(found.law[1:], rel=0.1)


@pytest.mark.slow
def test_a_move_after_a_lowered_ttl_is_followed_within_that():
    """The first change lowers the TTL, the second comes when no older copy is left."""
    changes = [zone(www(OLD, 30)), zone(www(NEW, 30))]
    (name,) = rehearsed(zone(www(OLD)), changes, at=(0, 600)).names
    lowered, moved = name.followed

    assert (lowered.at, moved.at) == (0, 600)
    assert 250 < lowered.times[2] < 301
    assert moved.times[2] == pytest.approx(moved.law[2], abs=1.5)


@pytest.mark.slow
def test_questions_agree_with_the_rate_of_the_law():
    """1 / (T + 1/λ) from each of a thousand caches, before and after."""
    (name,) = rehearsed(zone(www(OLD)), zone(www(NEW, 60))).names
    found = name.asked["even"]

    assert found.law_before == pytest.approx(1000 / 301)
    assert found.law_after == pytest.approx(1000 / 61)
    assert found.before == pytest.approx(found.law_before, rel=0.02)
    assert found.after == pytest.approx(found.law_after, rel=0.02)
    assert found.usd_after / found.usd_before == pytest.approx(found.after / found.before)


@pytest.mark.slow
def test_questions_that_come_in_waves_are_counted_by_whole_cycles():
    """All follow within a minute, and from then on ask again together, each 900 s."""
    (name,) = rehearsed(zone(www(OLD, 60)), zone(www(NEW, 900))).names
    found = name.asked["even"]

    assert found.after == pytest.approx(found.law_after, rel=0.03)


@pytest.mark.slow
def test_what_is_taken_back_is_over_a_new_ttl_later():
    """Ten minutes after the change all have the new answer, of age uniform up to 60 s."""
    (name,) = rehearsed(zone(www(OLD)), zone(www(NEW, 60))).names
    (found,) = name.rolled_back

    assert (found.after, found.longest) == (600, 60)
    first, astray = found.curve[0]
    held = theory.hit_ratio(1.0, 60)
    assert astray == pytest.approx(
        held * theory.rolled_back_fraction(first, 600, 300, 60), abs=0.01
    )
    assert found.times == pytest.approx(found.law, abs=1.5)


@pytest.mark.slow
def test_what_is_taken_back_early_was_met_by_few():
    """After 30 s of 300 a tenth has met the change, and has it for 60 s from then on."""
    (name,) = rehearsed(zone(www(OLD)), zone(www(NEW, 60)), rollback=30.0).names
    (found,) = name.rolled_back

    first, astray = found.curve[0]
    expected = theory.rolled_back_fraction(first, 30, 300, 60)
    assert expected == pytest.approx(0.1, abs=1e-6)
    assert astray == pytest.approx(expected, abs=4 * math.sqrt(0.09 / 20_000))


@pytest.mark.slow
def test_a_change_of_the_ttl_alone_leads_nobody_astray():
    """There is nothing to be astray at."""
    (name,) = rehearsed(zone(www(OLD)), zone(www(OLD, 60))).names

    assert name.rolled_back == ()
    assert name.followed[0].times[2] == pytest.approx(0.99 * 300, rel=0.02)


@pytest.mark.long
def test_only_those_count_whom_a_change_concerns():
    """France moves: of the requests of the map's eleven places its own are concerned."""

    def by_country(french):
        return zone(
            *(
                RecordSet.of(
                    "www", "A", to, 60, policy=Geolocation(CountryCode=code), set_identifier=code
                )
                for code, to in (("FR", french), ("*", SPARE))
            )
        )

    (name,) = rehearsed(by_country(OLD), by_country(NEW)).names
    (found,) = name.followed

    assert found.concerned == pytest.approx(1 / 11)
    assert found.curve[0][1] == pytest.approx(1, abs=0.1)
    assert found.times[2] == pytest.approx(60, abs=3)


@pytest.mark.slow
def test_a_name_behind_a_cname_is_simulated_too():
    """It changes with its target, though no record of its own does."""
    cname = RRset.of("shop", "CNAME", "www.shop.example.", 300)
    few = Population("few", {"clients": Clients(200, 0.05), "resolvers": Resolvers(50, 0.0)})

    found = rehearsed(zone(www(OLD), cname), zone(www(NEW), cname), population=few)

    assert [each.case.name for each in found.names] == ["shop.shop.example.", "www.shop.example."]
    assert found.names[0].followed[0].times[2] == pytest.approx(297, abs=20)


def behind_cnames(*sets):
    """A name two CNAMEs away, of which the first is kept for longest."""
    names = (("shop", "api", 3600), ("api", "www", 600))
    return zone(*(RRset.of(name, "CNAME", to, ttl) for name, to, ttl in names), *sets)


def gone_behind_cnames():
    """The same before, and after what is behind them has gone."""
    return behind_cnames(www(OLD, 600)), behind_cnames(RRset.of("w", "A", OLD, 600))


@pytest.mark.long
def test_a_name_whose_target_goes_is_followed_as_soon_as_the_target():
    """A CNAME that is kept leads nobody to what is gone; nor does it, when that is back.

    Of some 80 caches the median is 4 x 45 s from the law at most.
    """
    few = Population("few", {"clients": Clients(100, 0.02), "resolvers": Resolvers(20, 0.0)})

    found = rehearsed(*gone_behind_cnames(), population=few)

    name = next(each for each in found.names if each.case.name == "shop.shop.example.")
    followed, back = name.followed[0], name.rolled_back[0]
    assert followed.times[0] == pytest.approx(300, abs=180)
    assert followed.times[2] is not None
    assert followed.times[2] < 700
    assert back.at_once > 0.9
    assert back.times[2] is not None
    assert "rough: of" in str(found)


@pytest.mark.parametrize("population", [HONEST, MIX])
def test_fewer_clients_have_at_most_ten_at_each_resolver(population):
    """Else one cache would stand for a thousand, and its luck for a law."""
    assert population.fewer(100).parts["resolvers"].count == 10


@pytest.mark.slow
def test_names_that_change_alike_are_run_once():
    """The values differ, and the shares and TTLs do not."""
    before = [RRset.of(f"n{i}", "A", f"192.0.2.{i}", 60) for i in range(1, 40)]
    after = [RRset.of(f"n{i}", "A", f"198.51.100.{i}", 60) for i in range(1, 40)]

    (name,) = rehearsed(zone(*before), zone(*after)).names

    assert len(name.case.alike) == 38


def test_what_no_request_goes_by_is_told_by_its_ttl():
    """A TXT record is followed as its TTL lets caches, and nothing is simulated."""
    found = rehearsed(
        zone(RRset.of("t", "TXT", "one", 600)), zone(RRset.of("t", "TXT", "two", 600))
    )

    assert found.names == ()
    assert "after 300, 540, 594 s" in str(found)


# --- outages --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_outage_of_the_primary_agrees_with_its_law():
    """Detection by 16 checkers and the rest of a TTL: `theory.Failover`."""
    found = rehearsed(failover(SPARE), failover())
    (death,) = found.deaths
    law = theory.Failover(30, 3, 60, held=theory.hit_ratio(1.0, 60)).outage

    assert death.endpoint.addresses == (OLD,)
    assert death.led == pytest.approx(1)
    for level, simulated, told_ in zip((0.5, 0.95, 0.99), death.quantiles, death.law, strict=False):
        assert told_ == pytest.approx(law.quantile(level), abs=1e-3)
        assert simulated == pytest.approx(told_, abs=4 * law.sd / math.sqrt(50))
    assert death.quantiles[3] <= law.longest + 1e-6
    for _, parts in death.parts:
        assert parts.total > 0
        assert parts.client == 0


def test_only_what_is_to_be_killed_dies():
    """An address, a check, an identifier or a name means it."""
    after = failover(NEW)

    found = [killed(after, word, ()) for word in (NEW, "hc-1", "first", "www")]

    assert [each.addresses for several in found for each in several] == [
        (NEW,),
        (NEW,),
        (NEW,),
        (NEW, SPARE),
    ]


@pytest.mark.slow
def test_nobody_is_led_to_a_secondary_that_dies():
    """As long as the primary lives."""
    found = rehearsed(failover(), failover(NEW), kill=SPARE, population=FEW)

    assert found.deaths[0].led == 0
    assert "nobody is led there" in str(found)


# --- what stands beside it ------------------------------------------------------------------------


@pytest.mark.slow
def test_an_outage_that_no_check_ends_has_no_end():
    """No number stands for it, but how long one watched."""
    few = Population("few", {"clients": Clients(100, 0.05), "resolvers": Resolvers(10, 0.0)})

    found = rehearsed(zone(www(OLD)), zone(www(NEW)), kill=NEW, population=few)

    (death,) = found.deaths
    assert set(death.quantiles) == {math.inf}
    assert f"> {death.watched:.0f}" in str(found)
    assert set(found.as_dict()["outages"][0]["seconds"].values()) == {None}
    assert f"&gt; {death.watched:.0f}" in found.html()


@pytest.mark.slow
def test_where_the_last_resort_leads_to_the_dead_no_law_says_that_it_ends():
    """Both of a pair are one address, of which only the primary has a check."""
    few = Population("few", {"clients": Clients(100, 0.05), "resolvers": Resolvers(10, 0.0)})
    one = failover(SPARE, 60)

    (death,) = rehearsed(one, one, kill=SPARE, population=few).deaths

    assert death.law is None
    assert set(death.quantiles) == {math.inf}


def test_who_dies_with_a_watched_one_is_not_said_to_be_unwatched():
    """A name stands for all its addresses, and one of them has a check."""
    (found,) = killed(failover(), "www", [])

    assert found.addresses == (OLD, SPARE)
    assert "check hc-1" in str(found)


@pytest.mark.slow
def test_lint_tells_what_is_new():
    """A canary's TTL of an hour was not there before."""
    sets = [
        RecordSet.of("www", "A", each, 3600, policy=Weighted(1), set_identifier=each)
        for each in (OLD, NEW)
    ]
    found = rehearsed(zone(www(OLD)), zone(*sets))

    assert set(found.new) <= set(found.findings)
    assert len(found.new) == len(found.findings)


@pytest.mark.slow
def test_a_move_from_a_long_ttl_is_given_a_schedule():
    """It is lowered step by step, so that nobody is left behind."""
    found = rehearsed(zone(www(OLD, 3600)), zone(www(NEW, 3600)))
    (advice,) = found.advice

    assert advice.plan.straggling == 0
    assert advice.plan.steps[-1].ttl == 60
    assert advice.straggling == pytest.approx(1 - 60 / 3600)


def advised(before, after):
    """The schedules for a change, without a run."""
    change = steps(before, [after])
    return advice(change, cases(change, change.differences(State())), EVEN, EVEN.toy)


def test_what_has_no_record_set_before_needs_no_schedule():
    """No TTL can be lowered of a denial."""
    there, gone = gone_behind_cnames()

    goes, comes = (advised(*pair) for pair in ((there, gone), (gone, there)))

    named = [name for each in goes for name in each.names]
    assert {each.plan.old_ttl for each in goes} == {600}
    assert sorted(named) == sorted(set(named))
    assert all("www.shop.example." not in each.names for each in comes)


def test_a_new_serial_needs_no_schedule():
    """Each edit brings one, and nobody waits for it."""
    there = Zone.from_text(SOA.format(1), "shop.example")

    assert there.to_text() != Zone.from_text(SOA.format(2), "shop.example").to_text()
    assert advised(there, Zone.from_text(SOA.format(2), "shop.example")) == ()


@pytest.mark.slow
def test_a_move_whose_ttl_was_lowered_in_time_needs_none():
    """The first of two changes has done it."""
    found = rehearsed(
        zone(www(OLD, 3600)), [upsert(OLD, 60), upsert(NEW, 60)], at=(0, 7200), population=ANY
    )

    assert found.advice == ()


def test_nothing_changes_where_nothing_changes():
    """It is said, and nobody is simulated."""
    found = rehearsed(zone(www(OLD)), zone(www(OLD)))

    assert (found.differences, found.names, found.deaths) == ((), (), ())
    assert "Nothing changes" in str(found)


@pytest.mark.slow
def test_a_zone_that_steers_nothing_is_said_to():
    """The rest of the page stands all the same."""
    found = rehearsed(zone(www(OLD)), zone(www(NEW)))

    assert not found.steered
    assert "No name of this zone is steered" in str(found)
    assert found.names


@pytest.mark.slow
def test_a_seed_repeats_a_rehearsal():
    """To the last digit; another seed differs."""
    one, same, other = (
        json.dumps(rehearsed(zone(www(OLD)), zone(www(NEW)), seed=seed, population=ANY).as_dict())
        for seed in (5, 5, 6)
    )

    assert one == same != other


@pytest.mark.slow
def test_files_and_values_may_be_given(tmp_path):
    """A path of a batch, its text, and what it stands for are the same change."""
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps(upsert(NEW)))
    master = tmp_path / "shop.zone"
    master.write_text(zone(www(OLD)).to_text())
    given = (batch, str(batch), batch.read_text(), upsert(NEW), [upsert(NEW)])

    found = [rehearsed(str(master), each, population=ANY) for each in given]

    assert {str(each.steps.after.to_text()) for each in found} == {zone(www(NEW, 60)).to_text()}


def test_profiles_are_told_with_their_sources():
    """All of the mix; its shares sum to 1 for resolvers and for clients."""
    rows = told(MIX.toy)

    for who in ("resolvers", "clients"):
        assert sum(each.part for each in rows if each.who == who) == pytest.approx(1)
    assert all(each.source and "none" not in each.source for each in rows)
    assert "Source: OpenJDK 17.0.15" in str(rehearse(zone(www(OLD)), zone(www(OLD)))), (
        "the text names them"
    )


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ((0,), "1 time: does not match the 2 changes"),
        ((), "0 times: do not match the 2 changes"),
        ((60, 0), "at 0: does not come after the change before it, at 60 s"),
        ((60, 60), "does not come after"),
        ((-1, 0), "is no time from 0"),
        ((0, math.nan), "is no time from 0"),
        ((0, 10**9), "is no time from 0"),
    ],
)
def test_times_that_do_not_fit_are_refused(at, said):
    with pytest.raises(LabError, match=said):
        steps(zone(www(OLD)), [upsert(NEW), upsert(SPARE)], at)


def test_zones_of_other_origins_are_refused():
    with pytest.raises(LabError, match="are not the same zone"):
        steps(zone(www(OLD)), [Zone.of("other.example", [www(NEW)])])


def test_a_batch_that_the_service_would_refuse_is_refused_in_its_words():
    """The second one, before anything is run."""
    wrong = upsert(NEW)
    wrong["Changes"][0]["Action"] = "CREATE"

    with pytest.raises(Refusal, match="but it already exists"):
        steps(zone(www(OLD)), [upsert(SPARE), wrong], (0, 60))


def test_an_empty_change_is_refused():
    with pytest.raises(LabError):
        steps(zone(www(OLD)), [{"Changes": []}])
    with pytest.raises(LabError, match="leaves nothing to rehearse"):
        steps(zone(www(OLD)), [])


def test_what_nothing_is_called_cannot_be_killed():
    with pytest.raises(LabError, match=r"192\.0\.2\.8: is no address.* Did you mean 192"):
        rehearsed(zone(www(OLD)), zone(www(NEW)), kill="192.0.2.8")


@pytest.mark.parametrize("minutes", [0, -1, math.nan, 10**9])
def test_a_way_back_has_a_time(minutes):
    with pytest.raises(LabError, match="rollback"):
        rehearsed(zone(www(OLD)), zone(www(NEW)), rollback=minutes)


# --- the parts ------------------------------------------------------------------------------------

VALUES = st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 10)), min_size=1, max_size=20)


@pytest.mark.slow
@given(VALUES)
def test_what_is_made_to_fall_falls_and_keeps_its_weight(pairs):
    """Isotonic regression: it falls, its weighted sum stays, and what falls already stays."""
    values, weights = zip(*pairs, strict=True)

    found = falling(values, weights)

    assert all(one >= other for one, other in pairwise(found))
    before, after = (
        sum(map(math.prod, zip(each, weights, strict=True))) for each in (values, found)
    )
    assert after == pytest.approx(before)
    assert falling(found, weights) == pytest.approx(found)


def test_a_figure_says_its_numbers_and_draws_its_law():
    """A line for each population, a circle for each number of a law, and the words of both."""
    straight = tuple((float(t), 1 - t / 100) for t in range(101))
    lines = [
        Line("one", straight, times(straight), (50.0, 90.0, 99.0)),
        Line("other", straight, (50.0, None, None), None),
    ]

    drawn = svg("Who follows", "of the requests", lines)

    assert (drawn.count("<polyline"), drawn.count("<circle")) == (2, 3)
    assert "one: 50% after 50 s, 90% after 90 s, 99% after 99 s" in sentence(lines)
    assert "other: 50% after 50 s, 90% not in time" in sentence(lines)


def test_a_thin_curve_keeps_where_it_ends():
    curve = tuple((float(t), max(0.0, 1 - t / 1000)) for t in range(3000))

    found = thin(curve)

    assert len(found) < 70
    assert found[-1] == curve[-1]
    assert times(found) == pytest.approx(times(curve), abs=2)


@pytest.mark.slow
@given(VALUES)
def test_more_have_followed_later(pairs):
    values, weights = zip(*pairs, strict=True)
    curve = tuple(enumerate(falling(values, weights)))

    known = [math.inf if each is None else each for each in times(curve)]

    assert known == sorted(known)


@given(st.integers(1, 1000), st.floats(0.01, 100))
def test_a_mixture_of_one_rate_is_its_law(ttl, rate):
    rates = laws.Rates({rate: 7})

    assert laws.stale(ttl / 3, ttl, rates) == pytest.approx(
        theory.stale_fraction(ttl / 3, ttl, rate)
    )
    assert laws.queries(ttl, rates) == pytest.approx(7 * theory.upstream_rate(rate, ttl))


def test_the_rates_of_a_population_are_all_of_its_requests():
    found = laws.rates(HONEST.toy)

    assert sum(rate * count for rate, count in found.items()) == pytest.approx(1000)
    assert sum(found.values()) == 1000


def test_names_with_other_policies_are_no_case_together():
    """The same shares, and an outage that may differ."""
    plain, steered = zone(www(OLD, 60)), failover()
    both = steps(plain, [zone(www(NEW, 60))]), steps(steered, [failover(NEW)])
    found = [cases(each, each.differences(None)) for each in both]

    assert [len(each) for each in found] == [1, 1]
