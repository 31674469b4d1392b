"""Caches in the long run: in which state a watch finds them. numpy only.

A cycle of a cache is a gap and a hold: the next request comes after an exponential gap and fills
it, and it holds the copy for its life, less what a prefetch takes off. Time 0 falls into a cycle,
and into a part of it, as likely as these are long. On a clock of whole seconds a hold ends on a
second, so cycles are whole seconds long: of a gap only its whole seconds lengthen them.
"""

from dataclasses import dataclass

import numpy as np

from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.tally import Floats, Ints

MOST = 700.0  # e to more is no float


@dataclass
class State:
    """What each of some caches holds.

    Attributes:
        row: of its copy; any where it holds none.
        opened: when it was taken; seconds.
        expires: when its time is over, or was.
        due: the time of the next fill.
    """

    row: Ints
    opened: Floats
    expires: Floats
    due: Floats


def begin(book: Book, pool: int | Ints, rates: Floats) -> State:
    """The state at time 0, in the law of the long run.

    Args:
        book: with the rows of the first epoch.
        pool: of the caches; several only where the book takes turns.
        rates: requests a second of each cache.
    """
    count, rng = len(rates), book.rng
    before = book.draw(np.full(count, -np.inf), pool)
    hold = book.hold[before]
    ticks = book.whole & (book.life > 0)
    idle = 1 / np.where(ticks[before], np.expm1(np.minimum(rates, MOST)), rates)
    longest, mean = before, hold
    if np.ndim(pool) == 0 and not book.in_turn:
        longest, mean = _by_length(book, int(pool), count)
    held = rng.random(count) * (mean + idle) < mean
    row = np.where(held, longest, before)
    state = _smooth(book, row, held, rates)
    if ticks[row].any():
        state = _whole(book, row, before, held, rates)
    if book.in_turn:
        state.row = book.draw(state.opened, pool)
    return state


def _by_length(book: Book, pool: int, count: int) -> tuple[Ints, Floats]:
    """Rows as likely as the time for which they are held, and the mean of that."""
    rows = book.rows(pool, 0)
    lengths = book.chance[rows] * book.hold[rows]
    mean = np.full(count, lengths.sum())
    if not lengths.any():
        return np.full(count, rows.start), mean
    return rows.start + book.rng.choice(len(lengths), size=count, p=lengths / lengths.sum()), mean


def _smooth(book: Book, row: Ints, held: Ints, rates: Floats) -> State:
    """Within a hold at any age, or in a gap: what is over of it and what is left are alike."""
    rng, count, hold = book.rng, len(row), book.hold[row]
    gaps, over = rng.standard_exponential((2, count)) / rates
    opened = -np.where(held, rng.random(count) * hold, hold + over)
    due = np.where(held, opened + hold, 0.0) + gaps
    return State(row, opened, opened + book.life[row], due)


def _whole(book: Book, row: Ints, before: Ints, held: Ints, rates: Floats) -> State:
    """Some seconds ago a hold of `before` ended; then comes a gap, the fill with `row`, a hold."""
    rng, count = book.rng, len(row)
    gaps, one, other, later = rng.standard_exponential((4, count)) / rates
    seconds = np.where(held, np.floor(gaps), 1 + np.floor(one) + np.floor(other))
    ended = -np.floor(rng.random(count) * (seconds + book.hold[row]))
    opened = ended + seconds + gaps % 1
    filled = opened < 0
    expires = np.floor(opened) + book.life[row]
    return State(
        np.where(filled, row, before),
        np.where(filled, opened, ended - 1),
        np.where(filled, expires, ended + book.renew[before]),
        np.where(filled, expires - book.renew[row] + later, opened),
    )
