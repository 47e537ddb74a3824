"""The inbox itself: accept, group, decide. Accepted means on disk; decided happens once.

Methods that take a connection run inside somebody's transaction on the writer thread.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from kairos.config import InboxSettings
from kairos.database import Database
from kairos.errors import StoreError
from kairos.events import Event, Group, Priority
from kairos.faults import reach
from kairos.inbox import overload, series
from kairos.inbox.grouping import Grouper
from kairos.inbox.schema import DECIDED, WAITING

_decode = msgspec.msgpack.Decoder(Event).decode
_encode = msgspec.msgpack.Encoder().encode
_DAY_S: Final = 86400.0
_FOLD_STEP: Final = 4096


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one offered event."""

    seq: int
    duplicate: bool
    receipt: int | None = None
    """Of a duplicate that was already decided."""


class InboxStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters since the start, and what waits now."""

    accepted: int
    duplicates: int
    decided: int
    folded: int
    waiting: dict[str, int]


class Inbox:
    """Durable events over one `Database`."""

    def __init__(
        self,
        database: Database,
        settings: InboxSettings,
        *,
        receipt: Callable[[sqlite3.Connection, str, dict[str, Any]], int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`receipt` appends to the ledger; it is called when events are folded."""
        self._database = database
        self._settings = settings
        self._receipt = receipt
        self._clock = clock
        self._grouper = Grouper()
        self._waiting: Counter[int] = Counter()
        self._next = 1
        self._accepted = self._duplicates = self._decided = self._folded = 0

    async def open(self) -> None:
        """Learn what an earlier life left waiting."""

        def job(connection: sqlite3.Connection) -> tuple[int, dict[int, int]]:
            (last,) = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()
            rows = connection.execute("SELECT priority, COUNT(*) FROM events WHERE state=0 GROUP BY priority")
            return last, dict(rows.fetchall())

        last, waiting = await self._database.read(job)
        self._next, self._waiting = last + 1, Counter(waiting)

    @property
    def waiting(self) -> int:
        """Events not yet decided."""
        return self._waiting.total()

    def refuse_when_full(self, priority: Priority) -> None:
        """Raise `Busy` if an event of `priority` cannot be taken now."""
        overload.refuse_when_full(self._settings, self.waiting, priority)

    async def accept(self, events: Sequence[Event]) -> list[Accepted]:
        """Commit `events`; returns one row for each, in order. Raises `StoreUnavailable`, then none is kept."""
        reach("accept")
        rows = await self._database.write(lambda connection: self.insert(connection, events))
        for event, row in zip(events, rows, strict=True):
            if row.duplicate:
                self._duplicates += 1
            else:
                self._accepted += 1
                self._waiting[event.priority] += 1
        reach("commit")
        if self.waiting > self._settings.fold_above and self._waiting[Priority.BULK]:
            await self._fold()
        return rows

    def insert(self, connection: sqlite3.Connection, events: Sequence[Event]) -> list[Accepted]:
        """Write new events and find known ones; the counters are the caller's business."""
        marks = ",".join("?" * len(events))
        known: dict[str, Accepted] = {
            id_: Accepted(seq=seq, duplicate=True, receipt=receipt)
            for id_, seq, receipt in connection.execute(
                f"SELECT id, seq, receipt FROM events WHERE id IN ({marks})",  # noqa: S608 - only marks
                [event.id for event in events],
            )
        }
        now, found = self._clock(), list[Accepted]()
        rows: list[tuple[Any, ...]] = []
        payloads: list[tuple[int, bytes, bytes]] = []
        (last,) = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()
        for event in events:
            if event.id in known:
                found.append(known[event.id])
                continue
            last += 1
            salt, body = os.urandom(16), _encode(event)
            rows.append((last, event.id, event.source, event.kind, event.priority, event.depth, event.at, now, salted(salt, body)))
            payloads.append((last, salt, body))
            known[event.id] = Accepted(seq=last, duplicate=True)
            found.append(Accepted(seq=last, duplicate=False))
        connection.executemany(
            "INSERT INTO events(seq, id, source, kind, priority, depth, at, received, digest) VALUES(?,?,?,?,?,?,?,?,?)",
            rows,
        )
        connection.executemany("INSERT INTO payloads(seq, salt, body) VALUES(?,?,?)", payloads)
        return found

    async def due(self, limit: int, *, least: Priority = Priority.BULK) -> list[Group]:
        """The next groups, most urgent and oldest first; none below the priority `least`."""
        if not self.waiting:
            return []
        return await self._database.write(lambda connection: self._due(connection, limit, least))

    def decide(self, connection: sqlite3.Connection, group: Group, receipt: int) -> list[int]:
        """Give every event of `group` its verdict's receipt; returns their numbers. Once only."""
        source, template = group.source, group.key
        bounds = (source, template, group.seqs[-1])
        rows = connection.execute(
            "SELECT seq, at, digest FROM events WHERE state=0 AND source=? AND template=? AND seq<=? ORDER BY seq", bounds
        ).fetchall()
        if not rows:
            raise StoreError(f"the group {group.key} of {group.source} was decided before")
        connection.execute(
            "UPDATE events SET state=?, receipt=? WHERE state=0 AND source=? AND template=? AND seq<=?",
            (DECIDED, receipt, *bounds),
        )
        if group.kind != "latent":
            ats = [row[1] for row in rows]
            series.record(
                connection, source, template,
                count=len(rows), first=min(ats), last=max(ats), window_s=self._settings.series_window_s,
            )  # fmt: skip
        return [row[0] for row in rows]

    def digests(self, connection: sqlite3.Connection, group: Group) -> str:
        """One hash over the salted hashes of the group's events: what the receipt says it is about."""
        state = hashlib.blake2b(digest_size=16)
        rows = connection.execute(
            "SELECT digest FROM events WHERE state=0 AND source=? AND template=? AND seq<=? ORDER BY seq",
            (group.source, group.key, group.seqs[-1]),
        )
        for (digest,) in rows:
            state.update(digest)
        return state.hexdigest()

    def note_decided(self, count: int, priorities: dict[int, int]) -> None:
        """Count what a committed decision took out of the inbox."""
        self._decided += count
        self._waiting.subtract(priorities)

    def priorities(self, connection: sqlite3.Connection, group: Group) -> dict[int, int]:
        """How many waiting events of `group` there are of each priority."""
        rows = connection.execute(
            "SELECT priority, COUNT(*) FROM events WHERE state=0 AND source=? AND template=? AND seq<=? GROUP BY priority",
            (group.source, group.key, group.seqs[-1]),
        )
        return dict(rows.fetchall())

    async def last_heard(self) -> dict[str, float]:
        """When each source last spoke."""
        return await self._database.read(lambda c: dict(c.execute("SELECT source, MAX(received) FROM events GROUP BY source").fetchall()))

    async def forget(self) -> int:
        """Delete payloads of events decided more than `keep_days` ago; returns how many."""
        horizon = self._clock() - self._settings.keep_days * _DAY_S
        return await self._database.write(
            lambda c: (
                c.execute(
                    "DELETE FROM payloads WHERE seq IN (SELECT seq FROM events WHERE state!=? AND received<?)",
                    (WAITING, horizon),
                ).rowcount
            )
        )

    def statistics(self) -> InboxStatistics:
        """Counters; cheap."""
        return InboxStatistics(
            accepted=self._accepted,
            duplicates=self._duplicates,
            decided=self._decided,
            folded=self._folded,
            waiting={p.name: self._waiting[p] for p in Priority},
        )

    def _due(self, connection: sqlite3.Connection, limit: int, least: Priority) -> list[Group]:
        self._assign_templates(connection, self._settings.look_ahead)
        heads = connection.execute(
            """SELECT source, template, MIN(priority), MIN(seq), MAX(seq), COUNT(*), MIN(at), MAX(at) FROM events
            WHERE state=0 AND template IS NOT NULL AND priority<=?
            GROUP BY source, template ORDER BY MIN(priority), MIN(seq) LIMIT ?""",
            (least, limit),
        ).fetchall()
        return [self._group(connection, head) for head in heads]

    def _group(self, connection: sqlite3.Connection, head: tuple[Any, ...]) -> Group:
        source, template, _priority, first, last, count, first_at, last_at = head
        (body,) = connection.execute("SELECT body FROM payloads WHERE seq=?", (last,)).fetchone()
        newest = _decode(body)
        seen = series.peek(
            connection, source, template,
            count=count, first=first_at, last=last_at, window_s=self._settings.series_window_s,
        )  # fmt: skip
        return Group(key=template, source=source, kind=newest.kind, seqs=(first, last), newest=newest, count=count, series=seen)

    def _assign_templates(self, connection: sqlite3.Connection, most: int) -> int:
        rows = connection.execute(
            """SELECT seq, body FROM events JOIN payloads USING(seq)
            WHERE state=0 AND template IS NULL ORDER BY priority, seq LIMIT ?""",
            (most,),
        ).fetchall()
        named = [(self._grouper.template(connection, _decode(body)), seq) for seq, body in rows]
        connection.executemany("UPDATE events SET template=? WHERE seq=?", named)
        return len(named)

    async def _fold(self) -> None:
        def job(connection: sqlite3.Connection) -> overload.Folded:
            self._assign_templates(connection, _FOLD_STEP)
            receipt = self._receipt(connection, "fold", {"reason": "overload", "waiting": self.waiting})
            return overload.fold(connection, receipt, window_s=self._settings.series_window_s)

        folded = await self._database.write(job)
        self._folded += folded.events
        self._waiting[Priority.BULK] -= folded.events


def salted(salt: bytes, body: bytes) -> bytes:
    """The 16-byte hash of a payload that its receipt may keep after the payload is forgotten."""
    return hashlib.blake2b(body, digest_size=16, salt=salt).digest()
