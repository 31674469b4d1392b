"""How much of what is asked for one type a cache redirects, where a CNAME stands beside it."""

import math
from collections.abc import Callable, Mapping
from random import Random

from dns.rdatatype import RdataType

from lab_engine.authority.records import Question, Reply
from lab_engine.caches.resolver import Resolver
from lab_engine.errors import LabError


def redirected_part(
    answers: Callable[[Question], Reply],
    questions: Mapping[Question, float],
    counted: Question,
    seconds: float,
    rng: Random,
) -> float:
    """The part of one question's askers who get a CNAME from a cache that all share; 0 to 1.

    Args:
        answers: the authority behind the cache.
        questions: what is asked, and how often a second, at random times.
        counted: the one that is looked at.
        seconds: for how long.
        rng: the dice.

    Raises:
        LabError: a rate that is none, or none for what is counted.
    """
    if counted not in questions or not all(rate > 0 for rate in questions.values()):
        rates = {each.type.name: rate for each, rate in questions.items()}
        remedy = f"Give {counted.type.name} and the others a rate above 0."
        raise LabError(rates, "are no rates of questions", remedy)
    whole = math.fsum(questions.values())
    resolver = Resolver(lambda question, _now: answers(question), rng, "ideal")
    asked = redirected = 0
    now = rng.expovariate(whole)
    while now < seconds:
        (each,) = rng.choices(list(questions), list(questions.values()))
        reply = resolver.look_up(each, now).value.reply
        if each == counted:
            asked += 1
            redirected += bool(reply.answer) and reply.answer[0].type is RdataType.CNAME
        now += rng.expovariate(whole)
    return redirected / max(1, asked)
