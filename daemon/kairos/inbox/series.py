"""How often a group's like was seen: `40 like this in 12 min`.

A series ends after `series_window_s` of silence; then it counts from one again.
"""

from __future__ import annotations

import sqlite3
from typing import Final

_MINUTE_S: Final = 60.0


def describe(count: int, span_s: float) -> str | None:
    """The words a frame carries; None for the first of its kind."""
    if count <= 1:
        return None
    return f"{count} like this in {max(1, round(span_s / _MINUTE_S))} min"


def peek(
    connection: sqlite3.Connection, source: str, template: str, *, count: int, first: float, last: float, window_s: float
) -> str | None:
    """The series as it stands with `count` more events between `first` and `last`."""
    row = connection.execute("SELECT count, first_at, last_at FROM series WHERE source=? AND template=?", (source, template)).fetchone()
    if row and first - row[2] <= window_s:
        return describe(row[0] + count, last - row[1])
    return describe(count, last - first)


def record(connection: sqlite3.Connection, source: str, template: str, *, count: int, first: float, last: float, window_s: float) -> None:
    """Add `count` decided events to the series."""
    connection.execute(
        """INSERT INTO series(source, template, count, first_at, last_at) VALUES(?1,?2,?3,?4,?5)
        ON CONFLICT DO UPDATE SET
            count = CASE WHEN ?4 - last_at > ?6 THEN ?3 ELSE count + ?3 END,
            first_at = CASE WHEN ?4 - last_at > ?6 THEN ?4 ELSE first_at END,
            last_at = MAX(last_at, ?5)""",
        (source, template, count, first, last, window_s),
    )
