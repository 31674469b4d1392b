"""One cache: how many requests it answers, and how often it asks.

Requests for one name come at λ a second to a cache that keeps a copy for T seconds, whether it is
asked again or not, as DNS has it. The often quoted 1 - e^(-λT) is for the cache whose hits renew
the copy.
"""

import math

from lab_engine.authority.records import MAX_TTL
from lab_engine.simulation.theory.ranges import not_negative, positive, whole, within


def hit_ratio(rate: float, ttl: float) -> float:
    """The part of requests that a TTL cache answers: λT / (1 + λT), for Poisson arrivals.

    Jung, Berger and Balakrishnan, "Modeling TTL-based Internet caches", INFOCOM 2003. Also the part
    of the time in which a copy is present; its age is then uniform from 0 to T.

    >>> hit_ratio(1, 3)
    0.75
    """
    not_negative(rate=rate, ttl=ttl)
    return renewal_hit_ratio(_expected(rate, ttl))


def upstream_rate(rate: float, ttl: float) -> float:
    """Fills a second: λ / (1 + λT), for Poisson arrivals. The fills are not Poisson.

    >>> upstream_rate(1, 9)
    0.1
    """
    not_negative(rate=rate, ttl=ttl)
    return 1 / (ttl + 1 / rate) if rate and ttl else rate


def miss_variation(rate: float, ttl: float) -> float:
    """c² of the times between fills: 1 / (1 + λT)², for Poisson arrivals.

    Those times are T and an exponential gap. Only at c² = 1 would `hit_ratio` hold for a second
    cache that is fed by them; `chain_hit_ratio` is right for it.

    >>> miss_variation(1, 3)
    0.0625
    """
    not_negative(rate=rate, ttl=ttl)
    return (1 / (1 + _expected(rate, ttl))) ** 2


# --- arrivals that are not Poisson ---------------------------------------------------------------


def renewal_hit_ratio(renewals: float) -> float:
    """The part of requests that a TTL cache answers: M / (1 + M), for any renewal arrivals.

    Jung, Berger and Balakrishnan 2003; the gaps are independent and alike. Arrivals in bursts are
    hits more often, regular ones less, at the same rate; mind the period of strictly regular ones.

    Args:
        renewals: M(T), the requests expected in the T seconds after a request: λT for Poisson
            arrivals, else from one of the functions below.

    >>> renewal_hit_ratio(1)
    0.5
    """
    not_negative(renewals=renewals)
    return 1.0 if math.isinf(renewals) else renewals / (1 + renewals)


def erlang_renewals(rate: float, ttl: float) -> float:
    """M(T) where every second arrival of a Poisson stream is a request (Erlang-2, c² = 1/2).

    λT - (1 - e^(-4λT)) / 4.

    >>> round(renewal_hit_ratio(erlang_renewals(1, 3)), 4)
    0.7333
    """
    not_negative(rate=rate, ttl=ttl)
    expected = _expected(rate, ttl)
    return max(0.0, expected + math.expm1(-4 * expected) / 4)


def hyperexponential_renewals(rate: float, ttl: float, variation: float) -> float:
    """M(T) for bursts: gaps are short or long, two exponentials with balanced means (H2).

    λT + (c² - 1)/2 · (1 - e^(-θT)), θ = 2λ / (c² + 1).

    Args:
        rate: λ, over short and long gaps.
        ttl: T.
        variation: c² of the gaps, 1 (Poisson) to a million.

    >>> round(renewal_hit_ratio(hyperexponential_renewals(1, 3, variation=4)), 4)
    0.8019
    """
    not_negative(rate=rate, ttl=ttl)
    within(1, 10**6, variation=variation)
    expected = _expected(rate, ttl)
    return expected - (variation - 1) / 2 * math.expm1(-2 * expected / (variation + 1))


def periodic_renewals(period: float, ttl: float) -> float:
    """M(T) for a poll every d seconds: floor(T/d).

    Where T is a multiple of d the last poll meets the end of the copy, and counts as a hit: the
    least delay of that poll turns it into a miss.

    >>> renewal_hit_ratio(periodic_renewals(1, 3.5))
    0.75
    """
    positive(period=period)
    not_negative(ttl=ttl)
    if math.isinf(period):
        return 0.0
    polls = ttl / period
    return polls if math.isinf(polls) else float(math.floor(polls))


# --- clocks of whole seconds ---------------------------------------------------------------------


def whole_second_cycle(rate: float, ttl: int, grace: int = 0) -> float:
    """Mean seconds between fetches of a resolver whose clock has whole seconds.

    BIND, PowerDNS and Unbound: an entry fetched in second f is good while now < f + T + d, so the
    cycle is T + d + 1/(e^λ - 1), for Poisson arrivals. A busy poller sees T + d. Read in their
    sources and confirmed with packets.

    Args:
        rate: λ, above 0; `math.inf` for a busy poller.
        ttl: T, whole seconds.
        grace: d; 1 for Unbound up to 1.24.2, else 0.

    >>> whole_second_cycle(math.inf, 5), whole_second_cycle(math.inf, 5, grace=1)
    (5.0, 6.0)
    """
    positive(rate=rate)
    whole(0, MAX_TTL, ttl=ttl, grace=grace)
    if ttl + grace == 0:
        return 1 / rate
    return ttl + grace + math.exp(-rate) / -math.expm1(-rate)


def whole_second_hit_ratio(rate: float, ttl: int, grace: int = 0) -> float:
    """The hit ratio of a resolver whose clock has whole seconds: 1 - 1 / (λ · cycle).

    The cycle, its arguments and its source are those of `whole_second_cycle`. Close to `hit_ratio`
    where T is a minute or more; at 5 s it is not.

    >>> round(whole_second_hit_ratio(0.2, 5), 4), round(whole_second_hit_ratio(0.2, 5, grace=1), 4)
    (0.4746, 0.5246)
    """
    cycle = whole_second_cycle(rate, ttl, grace)
    return max(0.0, 1 - 1 / (rate * cycle)) if ttl + grace else 0.0


# --- prefetch ------------------------------------------------------------------------------------


def prefetch_fetch_ratio(rate: float, ttl: float, window: float) -> float:
    """Fetches per request with prefetch: 1 / (1 + λ(T - w)), for Poisson arrivals.

    The first request in the last w seconds of a copy is answered from it and renews it, in no
    time. BIND: 2 s, for TTLs from 9 s; Unbound, where switched on: T/10.

    Args:
        rate: λ.
        ttl: T.
        window: w, from 0 to T.

    >>> prefetch_fetch_ratio(0.5, 20, window=2)
    0.1
    """
    not_negative(rate=rate, ttl=ttl)
    within(0, ttl, window=window)
    remaining = 0.0 if window == ttl else ttl - window
    return 1 / (1 + _expected(rate, remaining))


def prefetch_miss_ratio(rate: float, ttl: float, window: float) -> float:
    """The part of requests that wait for a fetch, with prefetch: e^(-λw) / (1 + λ(T - w)).

    Arguments and range are those of `prefetch_fetch_ratio`.

    >>> round(prefetch_miss_ratio(0.5, 20, window=2), 4)
    0.0368
    """
    fetched = prefetch_fetch_ratio(rate, ttl, window)
    return fetched * math.exp(-_expected(rate, window))


def _expected(rate: float, time: float) -> float:
    """Poisson arrivals expected in a time: λT, and none where either is 0."""
    return rate * time if rate and time else 0.0
