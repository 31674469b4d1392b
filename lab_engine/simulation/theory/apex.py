"""A CNAME beside other records: how much of what is asked for one of them it takes.

A server answers the exact type, a cache uses a CNAME for every type while it holds one, and an
answer to the very question before it. So a type is right until the cache holds the CNAME and its
own answer has run out.
"""

import math

from lab_engine.simulation.theory.ranges import positive, within


def redirected_fraction(cname_ttl: float, ttl: float, rate: float, others: float) -> float:
    """The part of the questions for one type that a cache redirects: (C - f) / (C + 1/a).

    A cycle lasts from one end of the CNAME to the next: until another type is asked for, 1/a, and
    then C. When the CNAME comes, the type's own answer has f seconds left on the average, with
    q = m / (a + m): f = q (M - (1 - e^-aM) / a) / (1 - q e^-aM). For a busy cache that is
    1 - q M/C: whoever is asked for least is nearly always too late.

    Args:
        cname_ttl: C, above 0.
        ttl: M, of the type's own records; at most C, since it may not outlive the CNAME.
        rate: m, of the questions for the type.
        others: a, of the questions for all others that the CNAME answers.

    >>> round(redirected_fraction(300, 120, rate=0.1, others=0.9), 3)
    0.957
    """
    positive(cname_ttl=cname_ttl, rate=rate, others=others)
    within(0, cname_ttl, ttl=ttl)
    first = rate / (rate + others)
    over = math.exp(-others * ttl)
    left = first * (ttl - (1 - over) / others) / (1 - first * over)
    return (cname_ttl - left) / (cname_ttl + 1 / others)
