"""Events in, durable; out exactly once, as groups. Memory of what was silent lives here, not in Ring 1."""

from __future__ import annotations

from kairos.inbox.read import Found, counted, find, waiting
from kairos.inbox.schema import SCHEMA
from kairos.inbox.store import Accepted, Inbox, InboxStatistics

__all__ = ["SCHEMA", "Accepted", "Found", "Inbox", "InboxStatistics", "counted", "find", "waiting"]
