"""The ledger's tables. Payloads are not here: receipts hold salted hashes, so forgetting is possible."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
CREATE TABLE receipts(
    n INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
);
CREATE TABLE segments(
    no INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    head BLOB NOT NULL,
    at REAL NOT NULL,
    signature BLOB NOT NULL,
    pruned INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE retained(
    receipt INTEGER PRIMARY KEY,
    frame BLOB NOT NULL,
    answer TEXT NOT NULL,
    dropped_by INTEGER
)
"""
