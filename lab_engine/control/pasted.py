"""Ids as they are pasted: with the path that Route 53 writes before them in its responses.

Clients take the path from ids that name what a request is about, and from no other. Where Route 53
then says that nothing has such an id, the help says why.
"""


def plain_id(given: str) -> str:
    """An id without the path before it."""
    return given.rpartition("/")[2]


def bare(name: str, given: str) -> str:
    """The sentence of help for an id with a path before it; empty for one without.

    Args:
        name: of the element that holds it.
        given: such as `/hostedzone/Z1`.
    """
    plain = plain_id(given)
    path = given.removesuffix(plain)
    return f"{name} takes the id alone: write {plain}, without {path}." if path else ""
