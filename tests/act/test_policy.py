"""May an action run? Every reason, in its order."""

from __future__ import annotations

import msgspec
import pytest

from kairos.act import ActionState, Facts, rule
from kairos.config import ActSettings

GOOD = Facts(actuator="log", registered=True, approved=False, age_s=1, hush="", last_hour=0)


@pytest.mark.parametrize(
    ("settings", "facts", "state"),
    [
        ({}, {}, ActionState.INTENT),
        ({}, {"registered": False}, ActionState.REFUSED),
        ({"allow": ("notify",)}, {}, ActionState.REFUSED),
        ({}, {"age_s": 3601}, ActionState.STALE),
        ({}, {"hush": "said before"}, ActionState.SUPPRESSED),
        ({}, {"last_hour": 60}, ActionState.REFUSED),
        ({"dry_run": True}, {}, ActionState.DRY_RUN),
        ({"approve": ("log",)}, {}, ActionState.AWAITING),
        ({"approve": ("log",)}, {"approved": True}, ActionState.INTENT),
        ({}, {"approved": True, "hush": "said before"}, ActionState.INTENT),
        ({"dry_run": True, "approve": ("log",)}, {"approved": True}, ActionState.DRY_RUN),
    ],
)
def test_the_ruling(settings, facts, state):
    assert rule(ActSettings(**settings), msgspec.structs.replace(GOOD, **facts)).state is state


def test_every_refusal_says_why():
    assert "act.allow" in rule(ActSettings(allow=()), GOOD).reason
    assert "act.per_hour" in rule(ActSettings(per_hour=1), msgspec.structs.replace(GOOD, last_hour=1)).reason
