"""May this action run now? A pure function of the settings and a few facts, so it can be tested whole.

The order matters and is the order of the checks: a person's list first, then what was said before,
then how much was said, then a person's approval.
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
    since_same_s: float | None
    """Seconds since the same actuator was carried out for the same group; None if never."""
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
    if not facts.approved and facts.since_same_s is not None and facts.since_same_s < settings.cool_down_s:
        return Ruling(state=ActionState.SUPPRESSED, reason=f"said {facts.since_same_s:.0f} s ago")
    if facts.last_hour >= settings.per_hour:
        return Ruling(state=ActionState.REFUSED, reason=f"{facts.last_hour} actions in the last hour; act.per_hour is {settings.per_hour}")
    if settings.dry_run:
        return Ruling(state=ActionState.DRY_RUN, reason="act.dry_run is set")
    if name in settings.approve and not facts.approved:
        return Ruling(state=ActionState.AWAITING, reason="waits for `kairos actions approve`")
    return Ruling(state=ActionState.INTENT)
