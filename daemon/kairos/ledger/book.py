"""Append to the ledger, close segments, sum up idle beats, forget what is old.

Methods that take a connection run inside somebody's transaction on the writer thread; the others
are called from the event loop.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from kairos.config import LedgerSettings
from kairos.database import Database
from kairos.ledger.chain import GENESIS, Head, link, sign

_DAY_S: Final = 86400.0


class _Idle:
    """Idle beats since the last flush."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.lowest = float("inf")
        self.highest = float("-inf")

    def add(self, margin: float) -> None:
        self.count += 1
        self.total += margin
        self.lowest = min(self.lowest, margin)
        self.highest = max(self.highest, margin)

    def body(self) -> dict[str, Any]:
        return {
            "beats": self.count,
            "margin_mean": round(self.total / self.count, 4),
            "margin_min": round(self.lowest, 4),
            "margin_max": round(self.highest, 4),
        }


class Ledger:
    """The book of receipts over one `Database`."""

    def __init__(self, database: Database, settings: LedgerSettings, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._settings = settings
        self._key = key
        self._clock = clock
        self._idle = _Idle()

    def append(self, connection: sqlite3.Connection, kind: str, body: dict[str, Any]) -> int:
        """Write one receipt and return its number; closes the segment when it is full."""
        n, previous = tail(connection)
        at = self._clock()
        text = msgspec.json.encode(body, order="sorted").decode()
        n += 1
        connection.execute(
            "INSERT INTO receipts(n, kind, at, body, hash) VALUES(?,?,?,?,?)",
            (n, kind, at, text, link(previous, n, kind, at, text)),
        )
        if n % self._settings.segment_receipts == 0:
            self._close_segment(connection, n)
        return n

    def idle_beat(self, margin: float) -> None:
        """Count an idle beat; it is written with the next flush."""
        self._idle.add(margin)

    async def flush(self) -> Head:
        """Write the summary of idle beats, if there were any, and return the head."""
        idle, self._idle = self._idle, _Idle()

        def job(connection: sqlite3.Connection) -> Head:
            if idle.count:
                self.append(connection, "idle", idle.body())
            n, head = tail(connection)
            return Head(n=n, hash=head.hex())

        try:
            return await self._database.write(job)
        except BaseException:
            if idle.count and not self._idle.count:
                self._idle = idle
            raise

    async def prune(self) -> int:
        """Delete receipts of closed segments older than `ledger.keep_days`; heads stay. Returns how many."""
        horizon = self._clock() - self._settings.keep_days * _DAY_S

        def job(connection: sqlite3.Connection) -> int:
            rows = connection.execute("SELECT no, first, last FROM segments WHERE pruned=0 AND at<? ORDER BY no", (horizon,)).fetchall()
            gone = 0
            for no, first, last in rows:
                gone += connection.execute("DELETE FROM receipts WHERE n BETWEEN ? AND ?", (first, last)).rowcount
                connection.execute("UPDATE segments SET pruned=1 WHERE no=?", (no,))
            return gone

        return await self._database.write(job)

    def _close_segment(self, connection: sqlite3.Connection, last: int) -> None:
        row = connection.execute("SELECT no, last FROM segments ORDER BY no DESC LIMIT 1").fetchone()
        no, first = (row[0] + 1, row[1] + 1) if row else (1, 1)
        _, head = tail(connection)
        connection.execute(
            "INSERT INTO segments(no, first, last, head, at, signature) VALUES(?,?,?,?,?,?)",
            (no, first, last, head, self._clock(), sign(self._key, no, first, last, head)),
        )


def tail(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the last receipt, `(0, GENESIS)` before the first."""
    row = connection.execute("SELECT n, hash FROM receipts ORDER BY n DESC LIMIT 1").fetchone()
    if row:
        return row[0], row[1]
    row = connection.execute("SELECT last, head FROM segments ORDER BY no DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)
