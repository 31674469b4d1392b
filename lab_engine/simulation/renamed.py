"""What keys of scenario files are called now that were called otherwise: told, and not taken."""

from lab_engine.errors import ScenarioError

OLD = {
    "servers": "backends",
    "changes": "schedule",
    "watch": "checkers",
    "watch.checkers": "count",
    "checkers.checkers": "count",
    "checkers.timeout": "connect_timeout",
    "resolvers.order": 'profile = "frozen"',
    "clients.os_cache": 'profile = "os-cache"',
    "clients.application_cache": 'profile = "fixed"',
}
REMEDY = "Write that."
REMEDIES = {
    "checkers.timeout": 'It is waited for where nothing answers: [[backends]] with fails = "black '
    'hole". A refused connection takes no time.',
    "clients.application_cache": "Another time is a profile of your own, [profiles.mine] with "
    'like = "fixed" and lifetime = 60; over a system\'s cache it is "mine/os-cache".',
    "resolvers.order": 'Where the order rotated, leave it out: that is "ideal".',
}


def now_called(where: str, name: str) -> None:
    """Refuse a key that has another name now; say nothing of others.

    Args:
        where: the table it stands in, with a point behind it; empty at the top.
        name: the key.

    Raises:
        ScenarioError: it has another name.
    """
    path = f"{where}{name}"
    if path in OLD:
        rule = f"is now `{OLD[path]}`"
        raise ScenarioError(f"`{path}`", rule, REMEDIES.get(path, REMEDY))
