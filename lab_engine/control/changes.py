"""Change batches, applied: a zone and a batch give another zone, or a refusal in Route 53's words.

Pure: nothing is half applied, for the zone that was given never changes. Source: the API reference
of ChangeResourceRecordSets, and messages that users of the real service report.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lab_engine.authority.rules import Broken
from lab_engine.authority.zone import Zone
from lab_engine.control.draft import Draft
from lab_engine.control.judging import judged, missing_checks, unfit
from lab_engine.control.reading import Change, Known, body, read, refuse
from lab_engine.control.refusal import Fault, Refusal
from lab_engine.control.words import worded
from lab_engine.control.writing import as_batch, untold
from lab_engine.errors import ZoneError, ZoneProblemsError

__all__ = ["Change", "Known", "apply", "as_batch", "body", "read", "untold"]


def apply(zone: Zone, batch: str | Mapping[str, Any], known: Known | None = None) -> Zone:
    """The zone with all of a batch's changes.

    Args:
        zone: as it is; it stays so.
        batch: JSON text, or the object it stands for, as the AWS CLI and boto3 take it.
        known: what else counts, such as which health checks there are.

    Raises:
        Refusal: the batch as a whole, with every fault that could be found.
    """
    around = known or Known()
    changes, draft = read(batch, around), Draft(zone)

    def said(found: Iterable[Broken]) -> list[Fault]:
        return [fault for each in found for fault in worded(each, zone.origin, around.zone_id)]

    refuse("InvalidInput", said(unfit(changes)))
    refuse("InvalidChangeBatch", said(judged(changes, draft, around)))
    refuse("NoSuchHealthCheck", said(missing_checks(draft, around)))
    try:
        return zone.changed(draft.removed, draft.added)
    except ZoneError as wrong:
        raise Refusal("InvalidChangeBatch", _left(wrong)) from wrong


def _left(wrong: ZoneError) -> list[Fault]:
    """What a batch leaves that no change of it brought, such as an alias whose target is gone."""
    problems = wrong.problems if isinstance(wrong, ZoneProblemsError) else (wrong,)
    return [Fault(f"{each.value} {each.rule}", each.remedy) for each in problems]
