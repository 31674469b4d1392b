"""Routing policies: given the record sets of one name and type, which are answered, how often.

Each policy is one class that plans a group. The order of the values within an answer is not a
policy's business: see `order`.
"""

from collections.abc import Callable

from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Client, Reply, RRset

Answer = Callable[[RRset], Reply]
"""Makes the whole reply around the RRset that was chosen."""


class Simple:
    """One record set; every answer carries all its values; the client does not matter."""

    def plan(self, rrset: RRset, client: Client, answer: Answer) -> Plan:  # noqa: ARG002
        """The plan of a group of one: a leaf."""
        count = len(rrset.values)
        what = "its only value" if count == 1 else f"all {count} values"
        return Plan("simple", f"one record set: {what}, TTL {rrset.ttl} s", reply=answer(rrset))
