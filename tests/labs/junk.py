"""Answers of the wrong kind: whatever plain data somebody may give in the place of an answer."""

from typing import Any, Final

from hypothesis import strategies as st

SCALARS: Final = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)


def junk(*keys: str) -> st.SearchStrategy[Any]:
    """Plain data, nested.

    Args:
        keys: of the lab's own answers, which dicts have at times.
    """
    names = st.text(max_size=12)
    if keys:
        names |= st.sampled_from(keys)
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    )


JUNK: Final = junk()
