"""What policies declare, by the names under which others look for it.

Whoever reads records, writes them, prices or moves them asks here, each time: so a policy that is
named in `POLICIES` is known everywhere.
"""

from dataclasses import fields

from lab_engine.authority import policies
from lab_engine.authority.policies import Policy


def by_element() -> dict[str, type[Policy]]:
    """The policies by the element that says they are meant; the simple one has none."""
    return {kind.element: kind for kind in policies.POLICIES if kind.element}


def by_name() -> dict[str, type[Policy]]:
    """The policies by their names."""
    return {kind.name: kind for kind in policies.POLICIES}


def numbers(policy: Policy | type[Policy]) -> dict[str, tuple[int, int]]:
    """The fields of a policy that are whole numbers, with their ranges."""
    held = {item.name: item.metadata.get("range") for item in fields(policy)}
    return {name: bounds for name, bounds in held.items() if bounds}
