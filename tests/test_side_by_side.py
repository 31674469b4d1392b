"""For one commit: the rules with codes say of each change what was said of it before them."""

import pytest

from lab_engine.control import conflicts, judging
from lab_engine.control.refusal import Refusal
from lab_engine.control.words import PHRASES, worded

from . import test_batch_order, test_changes, test_service_at_random
from .test_batch_order import *  # noqa: F403
from .test_changes import *  # noqa: F403
from .test_service_at_random import test_account_authority_and_book_stay_in_step  # noqa: F401

assert test_batch_order, test_changes
assert test_service_at_random
COMPARED = []


@pytest.fixture(autouse=True, scope="module")
def both():
    with pytest.MonkeyPatch.context() as patch:
        new_rules = judging._rules

        def compared(new, held, draft, later, zone_id):
            broken = [*new_rules(new, held, draft, later, zone_id)]
            known = [
                each
                for each in broken
                if each.code in PHRASES or f"{each.code} {new.policy.name}" in PHRASES
            ]
            said = [f.text for each in known for f in worded(each, draft.zone.origin, zone_id)]
            before = [f.text for f in conflicts.conflicts(new, held, draft, later, zone_id)]
            assert said == before
            COMPARED.extend(said)
            return broken

        patch.setattr(judging, "_rules", compared)
        yield


def test_zz_many_were_compared():
    assert len(set(COMPARED)) > 50
    assert Refusal
