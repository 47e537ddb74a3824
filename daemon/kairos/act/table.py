"""The `actions` table: every ACTION from proposal to outcome. All methods run on the writer thread."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any, Final

import msgspec

from kairos.act.hygiene import Said
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
_MINUTE_S: Final = 60.0
_LOOKED_AT: Final = 50
OVER: Final = "over: "
"""How a recovery notice begins."""
ALIVE: Final = "kairos.alive"
"""Source of the sign of life."""


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

    def recent(self, connection: sqlite3.Connection, *, within_s: float, now: float) -> list[Said]:
        """What was carried out lately, newest first."""
        rows = connection.execute(
            f"SELECT n, source, what, updated FROM actions WHERE updated>=? AND state IN ({_in(SAID)}) ORDER BY n DESC",  # noqa: S608
            (now - within_s,),
        )
        return [Said(action=n, source=source, what=what, age_s=max(0.0, now - updated)) for n, source, what, updated in rows]

    def over(self, connection: sqlite3.Connection, *, receipt: int, source: str, template: str, event: str, depth: int, now: float) -> None:
        """This group is fine again: propose to say so, once, the way it was said that it was not."""
        alarm = self._standing(connection, source, template)
        if alarm is not None:
            what = f"{OVER}{alarm.what.partition(';')[0].rstrip('.')} (after {max(1, round((now - alarm.at) / _MINUTE_S))} min)."
            self.propose(
                connection, receipt=receipt, actuator=alarm.actuator, what=what, source=source,
                template=template, event=event, depth=depth, now=now,
            )  # fmt: skip

    def _standing(self, connection: sqlite3.Connection, source: str, template: str) -> Action | None:
        """What was last said of this group and has not been said to be over."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM actions WHERE source=? AND template=? ORDER BY n DESC LIMIT ?",  # noqa: S608
            (source, template, _LOOKED_AT),
        )
        for action in map(_action, rows):
            if action.what.startswith(OVER):
                return None
            if action.state in SAID:
                return action
        return None

    def of_receipt(self, connection: sqlite3.Connection, receipt: int) -> list[Action]:
        """The actions of one verdict, oldest first."""
        return [_action(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM actions WHERE receipt=? ORDER BY n", (receipt,))]  # noqa: S608

    def since(self, connection: sqlite3.Connection, at: float) -> list[Action]:
        """Every action proposed since, oldest first."""
        return [_action(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM actions WHERE at>=? ORDER BY n", (at,))]  # noqa: S608

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
