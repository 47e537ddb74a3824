"""The frames Ring 1 is made of, so that it can be lived again after any stop.

Ring 1 is derived: the retained frames, in order, each re-prefilled as its own chunk, give it back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from kairos.events import Frame

_decode = msgspec.msgpack.Decoder(Frame).decode


class RetainedFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One ACTION as Ring 1 holds it."""

    receipt: int
    frame: Frame
    answer: str
    """`<actuator> <sentence>`."""


class Retained:
    """Reads and writes of the `retained` table; every method runs on the writer thread."""

    def keep(self, connection: sqlite3.Connection, item: RetainedFrame) -> None:
        """Note that Ring 1 holds `item` from now on."""
        connection.execute(
            "INSERT INTO retained(receipt, frame, answer) VALUES(?,?,?)",
            (item.receipt, msgspec.msgpack.encode(item.frame), item.answer),
        )

    def drop(self, connection: sqlite3.Connection, receipts: Sequence[int], by: int) -> None:
        """Note that a trim, receipted as `by`, let these go."""
        connection.executemany("UPDATE retained SET dropped_by=? WHERE receipt=?", [(by, n) for n in receipts])

    def alive(self, connection: sqlite3.Connection) -> list[RetainedFrame]:
        """What Ring 1 holds, oldest first."""
        rows = connection.execute("SELECT receipt, frame, answer FROM retained WHERE dropped_by IS NULL ORDER BY receipt").fetchall()
        return [RetainedFrame(receipt=n, frame=_decode(frame), answer=answer) for n, frame, answer in rows]
