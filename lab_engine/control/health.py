"""Health set by hand, as a notebook does it: `server.health["hc-1"] = False`."""

from collections.abc import Iterator

from lab_engine.control.by_hand import check_known, known_checks
from lab_engine.control.service import Service


class Health:
    """`health["hc-1"] = False` fails a check, True makes it pass again.

    Calculated checks follow those they count, probed ones their endpoint; neither can be set. What
    is set holds until it is set again.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def __iter__(self) -> Iterator[str]:
        """The ids of all checks, in their order."""
        return iter(sorted(known_checks(self._service.account)))

    def __getitem__(self, check_id: str) -> bool:
        check_known(self._service.account, check_id)
        return self._service.is_healthy(check_id)

    def __setitem__(self, check_id: str, healthy: bool) -> None:
        self._service.set_health(check_id, healthy)

    def __repr__(self) -> str:
        """A line for each check."""
        lines = [f"{each}: {'healthy' if self[each] else 'unhealthy'}" for each in self]
        return "\n".join(lines) or "no record set has a health check"
