"""Looking at the ledger from outside, with a reading connection."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the chain."""

    n: int
    kind: str
    at: float
    body: dict[str, Any]


def _receipts(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[Receipt]:
    rows = connection.execute(f"SELECT n, kind, at, body FROM receipts WHERE {where}", tuple(values))  # noqa: S608 - our own conditions
    return [Receipt(n=n, kind=kind, at=at, body=msgspec.json.decode(body)) for n, kind, at, body in rows]


def read(connection: sqlite3.Connection, n: int) -> Receipt | None:
    """Receipt `n`; None if it is not there, or was pruned."""
    return next(iter(_receipts(connection, "n=?", [n])), None)


def last_before(connection: sqlite3.Connection, kind: str, n: int) -> Receipt | None:
    """The newest receipt of `kind` before `n`."""
    return next(iter(_receipts(connection, "kind=? AND n<? ORDER BY n DESC LIMIT 1", [kind, n])), None)


def of_kind(connection: sqlite3.Connection, kind: str, *, since: float = 0.0) -> list[Receipt]:
    """Every receipt of `kind` since a time, oldest first."""
    return _receipts(connection, "kind=? AND at>=? ORDER BY n", [kind, since])


def verdicts(connection: sqlite3.Connection, since: float) -> Counter[str]:
    """Groups decided since a time, by verdict."""
    return Counter(row.body["verdict"] for row in of_kind(connection, "verdict", since=since))


def retained_before(connection: sqlite3.Connection, n: int) -> int:
    """Actions Ring 1 held when receipt `n` was written."""
    query = "SELECT COUNT(*) FROM retained WHERE receipt<? AND (dropped_by IS NULL OR dropped_by>?)"
    return int(connection.execute(query, (n, n)).fetchone()[0])
