"""The verdict of an event decided before, for a sender who asks again with the same id."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec


def known_verdict(connection: sqlite3.Connection, receipt: int) -> dict[str, Any] | None:
    """The answer `receipt` gave; None if that receipt was pruned."""
    row = connection.execute("SELECT kind, body FROM receipts WHERE n=?", (receipt,)).fetchone()
    if row is None:
        return None
    body = msgspec.json.decode(row[1])
    answer = {"type": "verdict", "verdict": body.get("verdict", "NO_OP"), "margin": body.get("margin"), "receipt": receipt}
    if row[0] == "fold":
        answer["folded"] = True
    said = connection.execute("SELECT actuator, what FROM actions WHERE receipt=?", (receipt,)).fetchone()
    return answer | ({"actuator": said[0], "what": said[1]} if said else {})
