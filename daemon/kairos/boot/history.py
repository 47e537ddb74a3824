"""What happened, read back for people from a store that may be living: one event explained, a while summed up.

It reads with a connection of its own and writes nothing, so it works beside a daemon and without one.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

import msgspec

from kairos import act, inbox, ledger
from kairos.errors import NoSuchEvent


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one event."""

    event: str
    source: str
    at: float
    text: str | None
    """None once its payload was forgotten."""
    receipt: ledger.Receipt | None
    """None while it waits."""
    opened: ledger.Receipt | None
    """What the mind was when it judged."""
    retained: int
    """Actions Ring 1 held then."""
    actions: list[act.Action]
    feedback: list[ledger.Receipt]


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since a time."""

    since: float
    events: dict[str, int]
    """By source, most first."""
    verdicts: dict[str, int]
    said: list[act.Action]
    """Carried out, oldest first."""
    hushed: dict[str, int]
    """What was not said, by reason."""
    failed: list[act.Action]
    awaiting: list[act.Action]
    waiting: int
    """Events without a verdict yet."""
    idle_beats: int


def explain(connection: sqlite3.Connection, name: str) -> Explanation:
    """The event of this id or, for a number, the newest of that receipt. Raises `NoSuchEvent`."""
    found = inbox.find(connection, name)
    if found is None:
        raise NoSuchEvent(name)
    number = found.receipt or 0  # receipts count from 1: nothing lies at 0 or before it
    return Explanation(
        event=found.id, source=found.source, at=found.at, text=found.text, receipt=ledger.read(connection, number),
        opened=ledger.last_before(connection, "awake", number), retained=ledger.retained_before(connection, number),
        actions=act.Actions().of_receipt(connection, number),
        feedback=[row for row in ledger.of_kind(connection, "feedback") if row.body["event"] == found.id],
    )  # fmt: skip


def digest(connection: sqlite3.Connection, since: float) -> Digest:
    """Everything received, decided and done from `since` on, and what is left now."""
    actions, states = act.Actions(), act.ActionState
    done = actions.since(connection, since)
    hushed = Counter(
        f"{action.state.value}: {action.detail}" for action in done if action.state in (states.SUPPRESSED, states.REFUSED, states.STALE)
    )
    idle = ledger.of_kind(connection, "idle", since=since)
    return Digest(
        since=since, events=inbox.counted(connection, since), verdicts=dict(ledger.verdicts(connection, since)),
        said=[action for action in done if action.state in (states.DONE, states.DRY_RUN)],
        hushed=dict(hushed.most_common()),
        failed=[action for action in done if action.state in (states.FAILED, states.UNKNOWN)],
        awaiting=actions.list(connection, limit=1000, state=states.AWAITING),
        waiting=inbox.waiting(connection), idle_beats=sum(int(row.body["beats"]) for row in idle),
    )  # fmt: skip
