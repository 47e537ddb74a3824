"""The inbox's tables. `events` is narrow and stays; `payloads` is what forgetting removes.

state: 0 waiting, 1 decided, 2 folded into another event's group (decided with it).
"""

from __future__ import annotations

from typing import Final

WAITING: Final = 0
DECIDED: Final = 1
FOLDED: Final = 2

SCHEMA: Final = """
CREATE TABLE events(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    priority INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    at REAL NOT NULL,
    received REAL NOT NULL,
    digest BLOB NOT NULL,
    template TEXT,
    state INTEGER NOT NULL DEFAULT 0,
    receipt INTEGER
);
CREATE INDEX events_waiting ON events(priority, seq) WHERE state=0;
CREATE INDEX events_grouped ON events(source, template, priority, seq) WHERE state=0;
CREATE INDEX events_decided ON events(receipt) WHERE receipt IS NOT NULL;
CREATE TABLE payloads(
    seq INTEGER PRIMARY KEY,
    salt BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE series(
    source TEXT NOT NULL,
    template TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL,
    PRIMARY KEY(source, template)
) WITHOUT ROWID;
CREATE TABLE templates(
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY(source, name)
) WITHOUT ROWID
"""
