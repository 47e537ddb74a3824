"""The `actions` table: every ACTION from proposal to outcome. All methods run on the writer thread."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any, Final

import msgspec

from kairos.act.states import CARRIED_OUT, OPEN, SAID, ActionState

SCHEMA: Final = """
CREATE TABLE actions(
    n INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL,
    actuator TEXT NOT NULL,
    what TEXT NOT NULL,
    source TEXT NOT NULL,
    template TEXT NOT NULL,
    event TEXT NOT NULL,
    depth INTEGER NOT NULL,
    key TEXT NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    updated REAL NOT NULL
);
CREATE INDEX actions_open ON actions(n) WHERE state IN ('proposed', 'approved', 'intent');
CREATE INDEX actions_said ON actions(actuator, source, template, updated);
CREATE INDEX actions_when ON actions(updated)
"""
_COLUMNS: Final = "n, receipt, actuator, what, source, template, event, depth, key, at, state, detail, updated"
_HOUR_S: Final = 3600.0


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    n: int
    receipt: int
    actuator: str
    what: str
    source: str
    template: str
    event: str
    depth: int
    key: str
    at: float
    state: ActionState
    detail: str
    updated: float


def _action(row: tuple[Any, ...]) -> Action:
    return msgspec.convert(dict(zip(_COLUMNS.split(", "), row, strict=True)), Action)


def _in(states: tuple[ActionState, ...]) -> str:
    return ",".join(f"'{state.value}'" for state in states)


class Actions:
    """Reads and writes of actions."""

    def propose(
        self, connection: sqlite3.Connection, *, receipt: int, actuator: str, what: str, source: str,
        template: str, event: str, depth: int, now: float,
    ) -> int:  # fmt: skip
        """A new action of the verdict `receipt`; its idempotency key follows from that alone."""
        key = hashlib.blake2b(f"{receipt}:{actuator}:{what}".encode(), digest_size=12).hexdigest()
        row = connection.execute(
            """INSERT INTO actions(receipt, actuator, what, source, template, event, depth, key, at, state, updated)
            VALUES(?,?,?,?,?,?,?,?,?,?,?) RETURNING n""",
            (receipt, actuator, what, source, template, event, depth, key, now, ActionState.PROPOSED.value, now),
        ).fetchone()
        return row[0]

    def since_same(self, connection: sqlite3.Connection, *, actuator: str, source: str, template: str, now: float) -> float | None:
        """Seconds since `actuator` was carried out for this group; None if never."""
        (last,) = connection.execute(
            f"""SELECT MAX(updated) FROM actions WHERE actuator=? AND source=? AND template=?
            AND state IN ({_in(SAID)})""",  # noqa: S608 - our own constants
            (actuator, source, template),
        ).fetchone()
        return None if last is None else max(0.0, now - last)

    def last_hour(self, connection: sqlite3.Connection, now: float) -> int:
        """Actions carried out in the last hour."""
        (count,) = connection.execute(
            f"SELECT COUNT(*) FROM actions WHERE updated>? AND state IN ({_in(CARRIED_OUT)})",  # noqa: S608
            (now - _HOUR_S,),
        ).fetchone()
        return count

    def open(self, connection: sqlite3.Connection) -> list[Action]:
        """Actions that want something done: proposed, approved, or left at intent by a crash."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM actions WHERE state IN ({_in(OPEN)}) ORDER BY n"  # noqa: S608
        )
        return [_action(row) for row in rows]

    def list(self, connection: sqlite3.Connection, *, limit: int, state: ActionState | None = None) -> list[Action]:
        """The newest actions, newest first."""
        where = "" if state is None else f"WHERE state='{state.value}'"
        rows = connection.execute(f"SELECT {_COLUMNS} FROM actions {where} ORDER BY n DESC LIMIT ?", (limit,))  # noqa: S608
        return [_action(row) for row in rows]

    def move(self, connection: sqlite3.Connection, n: int, state: ActionState, *, detail: str, now: float) -> None:
        """Put action `n` into `state`."""
        connection.execute("UPDATE actions SET state=?, detail=?, updated=? WHERE n=?", (state.value, detail, now, n))

    def answer(self, connection: sqlite3.Connection, n: int, state: ActionState, now: float) -> bool:
        """A person's word on an awaiting action; False if it does not wait (any more)."""
        return (
            connection.execute("UPDATE actions SET state=?, updated=? WHERE n=? AND state='awaiting'", (state.value, now, n)).rowcount == 1
        )
