"""Queues: how long a request takes at servers that work one request at a time.

Poisson requests, exponential work, one queue at each server and no limit to it. Times are in mean
service times: multiply by 1/capacity. The load, u, is what all requests ask of all servers, as a
part of what they can do. Source, unless another is named: L. Kleinrock, Queueing Systems, volume 1
(1975).
"""

import math

from lab_engine.errors import LabError
from lab_engine.simulation.theory.ranges import whole, within

MOST = 10**6
NEGLIGIBLE = 1e-15


def single_queue_response(load: float) -> float:
    """The mean response of an M/M/1: 1 / (1 - u).

    What each server gives to whom a balancer sends at random: the time there is exponential. It is
    also that of DNS with caches so many and small that each request goes anywhere.

    >>> round(single_queue_response(0.8), 6)
    5.0
    """
    return 1 / (1 - _load(load))


def waiting_probability(servers: int, load: float) -> float:
    """The chance that a request waits in an M/M/k: Erlang's C.

    >>> round(waiting_probability(1, 0.8), 6), round(waiting_probability(4, 0.8), 4)
    (0.8, 0.5964)
    """
    whole(1, MOST, servers=servers)
    offered = servers * _load(load)
    blocked = 1.0
    for server in range(1, servers + 1):  # Erlang's B, which has a stable recursion
        blocked = offered * blocked / (server + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def common_queue_response(servers: int, load: float) -> float:
    """The mean response of an M/M/k, whose servers share one queue: 1 + C / (k·(1 - u)).

    No balancer before servers with queues of their own does better, since here nobody waits while
    a server is idle.

    >>> round(common_queue_response(1, 0.8), 6), round(common_queue_response(4, 0.8), 4)
    (5.0, 1.7455)
    """
    return 1 + waiting_probability(servers, load) / (servers * (1 - load))


def round_robin_response(servers: int, load: float) -> float:
    """The mean response under round robin: 1 / (1 - s).

    Every k-th Poisson request goes to a server, so gaps there are Erlang-k: a G/M/1. The
    response is exponential, and s is the root below 1 of s = (k·u / (k·u + 1 - s))^k.

    >>> round(round_robin_response(1, 0.8), 6), round(round_robin_response(4, 0.8), 4)
    (5.0, 3.2674)
    """
    whole(1, MOST, servers=servers)
    phases, low, high = servers * _load(load), 0.0, 1.0
    while (sigma := (low + high) / 2) not in (low, high):
        if (phases / (phases + 1 - sigma)) ** servers > sigma:
            low = sigma
        else:
            high = sigma
    return 1 / (1 - low)


def response_quantile(level: float, mean: float) -> float:
    """Within what time this part of the requests is served where the response is exponential.

    -m·ln(1 - p): of `single_queue_response` and of `round_robin_response`.

    >>> round(response_quantile(0.99, single_queue_response(0.8)), 2)
    23.03
    """
    within(0, 1, level=level)
    within(0, math.inf, mean=mean)
    return math.inf if level == 1 else -mean * math.log1p(-level)


def supermarket_tail(queue: int, load: float, choices: int = 2) -> float:
    """The part of servers with so many requests or more: u^((d^i - 1) / (d - 1)).

    The fixed point of M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing",
    IEEE TPDS 12(10), 2001, for servers without number; d = 1 is the M/M/1.

    >>> supermarket_tail(3, 0.5), supermarket_tail(3, 0.5, choices=1)
    (0.0078125, 0.125)
    """
    whole(0, MOST, queue=queue)
    whole(1, MOST, choices=choices)
    return _load(load) ** _exponent(queue, choices) if queue else 1.0


def supermarket_response(load: float, choices: int = 2) -> float:
    """The mean response there: Σ u^((d^i - d) / (d - 1)) over i from 1.

    For d = 2 an error of 1 % and less from some 100 servers on, for loads up to 0.9.

    >>> round(supermarket_response(0.9), 4), round(supermarket_response(0.9, choices=1), 4)
    (2.6141, 10.0)
    """
    whole(1, MOST, choices=choices)
    load = _load(load)
    if choices == 1:
        return single_queue_response(load)
    total, queue, term = 0.0, 1, 1.0
    while term > NEGLIGIBLE:
        total += term
        queue += 1
        term = load ** (_exponent(queue, choices) - 1)
    return total


def _exponent(queue: int, choices: int) -> float:
    if choices == 1:
        return float(queue)
    try:
        return (float(choices) ** queue - 1) / (choices - 1)
    except OverflowError:
        return math.inf


def _load(load: float) -> float:
    within(0, 1, load=load)
    if load == 1:
        raise LabError(f"load {load!r}", "lets queues grow for ever", "Take a load below 1.")
    return load
