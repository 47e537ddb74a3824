"""Named places where a test may end the process, so that crash safety is shown and not claimed.

`KAIROS_FAILPOINT=intent:3` kills this process with SIGKILL the third time it reaches `intent`.
Without the variable `reach` is one dictionary look-up; nothing else in the daemon knows of it.
"""

from __future__ import annotations

import os
import signal
from typing import Final

FAILPOINTS: Final = ("accept", "commit", "decide", "intent", "act", "outcome")
"""accept: before an event is written; commit: after its commit, before its ack; decide: before a
verdict's commit; intent: after an intent's commit; act: after the actuator ran; outcome: after the
outcome's commit."""

_armed: dict[str, int] = {}
_name, _, _count = os.environ.get("KAIROS_FAILPOINT", "").partition(":")
if _name:
    _armed[_name] = int(_count or "1")


def reach(name: str) -> None:
    """Note that `name` was reached; end the process if it was armed for this time."""
    left = _armed.get(name)
    if left is None:
        return
    _armed[name] = left - 1
    if left == 1:
        os.kill(os.getpid(), signal.SIGKILL)
