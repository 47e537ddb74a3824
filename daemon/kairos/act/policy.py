"""May this action run now? A pure function of the settings and a few facts, so it can be tested whole.

The order matters and is the order of the checks: a person's list first, then the reasons to
keep quiet, then how much was said, then a person's approval.
"""

from __future__ import annotations

import msgspec

from kairos.act.states import ActionState
from kairos.config import ActSettings


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the ruling depends on."""

    actuator: str
    registered: bool
    approved: bool
    age_s: float
    """Seconds since the verdict."""
    hush: str
    """Why it should not be said again, or not now (`hygiene.why_not`); empty for no reason."""
    last_hour: int
    """Actions carried out in the last hour."""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The next state, and why; `INTENT` means go."""

    state: ActionState
    reason: str = ""


def rule(settings: ActSettings, facts: Facts) -> Ruling:
    """The state a proposed or approved action goes to."""
    name = facts.actuator
    if not facts.registered:
        return Ruling(state=ActionState.REFUSED, reason=f"no actuator is called {name}")
    if name not in settings.allow:
        return Ruling(state=ActionState.REFUSED, reason=f"{name} is not in act.allow")
    if facts.age_s > settings.stale_after_s:
        return Ruling(state=ActionState.STALE, reason=f"decided {facts.age_s:.0f} s ago")
    if facts.hush and not facts.approved:
        return Ruling(state=ActionState.SUPPRESSED, reason=facts.hush)
    if facts.last_hour >= settings.per_hour:
        return Ruling(state=ActionState.REFUSED, reason=f"{facts.last_hour} actions in the last hour; act.per_hour is {settings.per_hour}")
    if settings.dry_run:
        return Ruling(state=ActionState.DRY_RUN, reason="act.dry_run is set")
    if name in settings.approve and not facts.approved:
        return Ruling(state=ActionState.AWAITING, reason="waits for `kairos actions approve`")
    return Ruling(state=ActionState.INTENT)
