"""What one client remembers, as a text: a profile, or an application's over its system's.

`jvm/os-cache` is a JVM above a system that keeps answers, too. Two at most: whatever stands beyond
the machine, such as a router, is a layer of a scenario, and serves many.
"""

from collections.abc import Mapping

from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.profiles import CLIENTS
from lab_engine.caches.sources import named
from lab_engine.errors import LabError

OVER = "/"


def links(text: str) -> tuple[str, ...]:
    """The names in such a text, the nearest to the client first. Raises LabError for three."""
    names = tuple(text.split(OVER))
    if len(names) > 2:
        raise LabError(text, f"is a chain of {len(names)}", "Name an application over a system.")
    return names


def chain(text: str, known: Mapping[str, ClientProfile] = CLIENTS) -> tuple[ClientProfile, ...]:
    """The caches of a client, the nearest to it first.

    Args:
        text: one name, or two with a slash between.
        known: the profiles that may be named.

    Raises:
        LabError: an unknown name, three names, or two of which one cannot stand there.
    """
    found = tuple(named(known, name, "client profile") for name in links(text))
    if len(found) == 2:
        _check(text, *found)
    return found


def _check(text: str, application: ClientProfile, system: ClientProfile) -> None:
    """Refuse two of which one would have fields that do nothing."""
    for each in (application, system):
        if each.alone:
            does = "asks at times of its own" if each.polls else "serves many clients"
            rule = f"has {each.name}, which {does} and stands alone"
            raise LabError(text, rule, "Name it by itself, or make it a layer.")
    if application.name == "none":
        raise LabError(text, "has none, which does nothing", f"Write {system.name}.")
    if not system.only_remembers or system.name == "none":
        rule = f"has {system.name} for a system, which only remembers and sorts"
        raise LabError(text, rule, f"Write {application.name}/os-cache, say.")
