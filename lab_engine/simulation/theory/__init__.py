"""Closed forms: what a simulation should give, with the source and the range of each.

Rates are requests a second at one cache, times are seconds, shares and ratios lie from 0 to 1.
Nothing here is simulated, and no formula is used by an engine except the hit ratio, with which a
run begins. Values outside a formula's range raise LabError. Where no source is named, the formula
was derived for this course, and agrees with a simulation of its own in `tests/test_theory.py`.
"""

from lab_engine.simulation.theory.apex import redirected_fraction
from lab_engine.simulation.theory.balance import (
    canary_error,
    effective_count,
    expected_imbalance,
    imbalance_floor,
    rotation_imbalance,
)
from lab_engine.simulation.theory.changes import (
    MICROSOFT_2014,
    effective_ttl,
    mixed_stale_fraction,
    pinned_stale_fraction,
    rolled_back_fraction,
    stale_fraction,
    two_level_stale_fraction,
)
from lab_engine.simulation.theory.failover import Delay, Failover, unkept_outage
from lab_engine.simulation.theory.hits import (
    erlang_renewals,
    hit_ratio,
    hyperexponential_renewals,
    miss_variation,
    periodic_renewals,
    prefetch_fetch_ratio,
    prefetch_miss_ratio,
    renewal_hit_ratio,
    upstream_rate,
    whole_second_cycle,
    whole_second_hit_ratio,
)
from lab_engine.simulation.theory.migration import (
    Staircase,
    TtlChange,
    plan_migration,
    staircase_fills,
)
from lab_engine.simulation.theory.queues import (
    common_queue_response,
    response_quantile,
    round_robin_response,
    single_queue_response,
    supermarket_response,
    supermarket_tail,
    waiting_probability,
)
from lab_engine.simulation.theory.several import (
    catalogue_hit_ratio,
    chain_hit_ratio,
    fragmented_misses,
)

__all__ = [
    "MICROSOFT_2014",
    "Delay",
    "Failover",
    "Staircase",
    "TtlChange",
    "canary_error",
    "catalogue_hit_ratio",
    "chain_hit_ratio",
    "common_queue_response",
    "effective_count",
    "effective_ttl",
    "erlang_renewals",
    "expected_imbalance",
    "fragmented_misses",
    "hit_ratio",
    "hyperexponential_renewals",
    "imbalance_floor",
    "miss_variation",
    "mixed_stale_fraction",
    "periodic_renewals",
    "pinned_stale_fraction",
    "plan_migration",
    "prefetch_fetch_ratio",
    "prefetch_miss_ratio",
    "redirected_fraction",
    "renewal_hit_ratio",
    "response_quantile",
    "rolled_back_fraction",
    "rotation_imbalance",
    "round_robin_response",
    "single_queue_response",
    "staircase_fills",
    "stale_fraction",
    "supermarket_response",
    "supermarket_tail",
    "two_level_stale_fraction",
    "unkept_outage",
    "upstream_rate",
    "waiting_probability",
    "whole_second_cycle",
    "whole_second_hit_ratio",
]
