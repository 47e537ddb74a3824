"""The life of an action, as one enumeration.

proposed -> suppressed | refused | dry_run | stale
         -> awaiting -> approved | denied | stale
         -> intent -> done | failed | unknown        (approved goes on like proposed)
"""

from __future__ import annotations

from enum import Enum


class ActionState(str, Enum):
    """Where an action stands; the last seven are final."""

    PROPOSED = "proposed"
    AWAITING = "awaiting"
    APPROVED = "approved"
    INTENT = "intent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """An intent without an outcome after a crash, of an actuator that must not run twice."""
    DENIED = "denied"
    SUPPRESSED = "suppressed"
    """Said before: same group, same actuator, within the cool-down."""
    REFUSED = "refused"
    DRY_RUN = "dry_run"
    STALE = "stale"


OPEN = (ActionState.PROPOSED, ActionState.APPROVED, ActionState.INTENT)
CARRIED_OUT = (ActionState.INTENT, ActionState.DONE, ActionState.FAILED, ActionState.UNKNOWN)
SAID = (*CARRIED_OUT, ActionState.DRY_RUN)
"""What the cool-down counts: a dry run stands for the deed."""
