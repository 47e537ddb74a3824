"""Looking at the inbox from outside, with a reading connection: what an event was, and how many there were."""

from __future__ import annotations

import sqlite3

import msgspec

from kairos.events import Event
from kairos.inbox.schema import WAITING

_decode = msgspec.msgpack.Decoder(Event).decode


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is kept."""

    id: str
    source: str
    at: float
    receipt: int | None
    text: str | None
    """What it said; None once forgotten."""


def find(connection: sqlite3.Connection, name: str) -> Found | None:
    """The event of this id; for a number that is no id, the newest event of that receipt."""
    columns = "SELECT seq, id, source, at, receipt FROM events"
    row = connection.execute(f"{columns} WHERE id=?", (name,)).fetchone()
    if row is None and name.isdecimal():
        row = connection.execute(f"{columns} WHERE receipt=? ORDER BY seq DESC LIMIT 1", (int(name),)).fetchone()
    if row is None:
        return None
    kept = connection.execute("SELECT body FROM payloads WHERE seq=?", (row[0],)).fetchone()
    return Found(id=row[1], source=row[2], at=row[3], receipt=row[4], text=_text(_decode(kept[0])) if kept else None)


def counted(connection: sqlite3.Connection, since: float) -> dict[str, int]:
    """Events received since, by source, most first."""
    rows = connection.execute("SELECT source, COUNT(*) FROM events WHERE received>=? GROUP BY source ORDER BY 2 DESC", (since,))
    return dict(rows.fetchall())


def waiting(connection: sqlite3.Connection) -> int:
    """Events without a verdict."""
    return int(connection.execute("SELECT COUNT(*) FROM events WHERE state=?", (WAITING,)).fetchone()[0])


def _text(event: Event) -> str:
    if event.kind == "metric":
        return " ".join(f"{name}={value:g}" for name, value in event.metrics.items())
    return event.text or f"({event.kind})"
