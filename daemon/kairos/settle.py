"""One transaction that makes a verdict true: events decided, receipt written, frame kept, action proposed.

Either all of it is on disk or none; the mind's cache moves only after. Without this file inbox and
ledger would have to know each other.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from kairos.config import ActSettings
from kairos.database import Database
from kairos.events import Decision, Frame, Group, Judgement, Verdict
from kairos.faults import reach
from kairos.ports import Settling


class InboxPart(Protocol):
    """What settling asks of the inbox."""

    def decide(self, connection: sqlite3.Connection, group: Group, receipt: int) -> list[int]:
        """Give the group's events their receipt; returns their numbers."""
        ...

    def digests(self, connection: sqlite3.Connection, group: Group) -> str:
        """One hash over what the group's events were."""
        ...

    def priorities(self, connection: sqlite3.Connection, group: Group) -> dict[int, int]:
        """How many there are of each priority."""
        ...

    def note_decided(self, count: int, priorities: dict[int, int]) -> None:
        """The decision is on disk."""
        ...


class LedgerPart(Protocol):
    """What settling asks of the ledger."""

    def append(self, connection: sqlite3.Connection, kind: str, body: dict[str, Any]) -> int:
        """Write a receipt; returns its number."""
        ...


class RetainedPart(Protocol):
    """What settling asks of the retained frames."""

    def keep(self, connection: sqlite3.Connection, item: Any) -> None:
        """Ring 1 holds it from now on."""
        ...

    def drop(self, connection: sqlite3.Connection, receipts: Sequence[int], by: int) -> None:
        """Ring 1 let them go."""
        ...

    def alive(self, connection: sqlite3.Connection) -> list[Any]:
        """What Ring 1 holds."""
        ...


class ActionsPart(Protocol):
    """What settling asks of the actions."""

    def propose(
        self, connection: sqlite3.Connection, *, receipt: int, actuator: str, what: str, source: str,
        template: str, event: str, depth: int, now: float,
    ) -> int:  # fmt: skip
        """A new action; returns its number."""
        ...

    def since_same(self, connection: sqlite3.Connection, *, actuator: str, source: str, template: str, now: float) -> float | None:
        """Seconds since the same was carried out for the same group."""
        ...

    def over(self, connection: sqlite3.Connection, *, receipt: int, source: str, template: str, event: str, depth: int, now: float) -> None:
        """These metrics are fine: propose to say so, if they were said not to be."""
        ...


class Settler(Settling):
    """Settles verdicts over one `Database`; `decided(seqs, decision)` is called after each commit."""

    def __init__(
        self, database: Database, *, inbox: InboxPart, ledger: LedgerPart, retained: RetainedPart, actions: ActionsPart,
        keep: Callable[..., Any], hygiene: Callable[[], ActSettings],
        decided: Callable[[list[int], Decision], None], clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`keep` makes a retained-frame record; `hygiene` is asked anew each time, since settings reload."""
        self._database = database
        self._inbox = inbox
        self._ledger = ledger
        self._retained = retained
        self._actions = actions
        self._keep = keep
        self._hygiene = hygiene
        self._decided = decided
        self._clock = clock

    async def settle(self, group: Group | None, frame: Frame, judgement: Judgement) -> Decision:
        """Commit the verdict on `frame`; `group` is None for an idle beat that came to an ACTION."""

        def job(connection: sqlite3.Connection) -> tuple[Decision, list[int], dict[int, int]]:
            repeat = self._is_repeat(connection, group, frame, judgement)
            receipt = self._ledger.append(connection, "verdict", self._body(connection, group, frame, judgement, repeat=repeat))
            priorities = self._inbox.priorities(connection, group) if group else {}
            seqs = self._inbox.decide(connection, group, receipt) if group else []
            decision = Decision(
                receipt=receipt, verdict=judgement.verdict, margin=judgement.margin,
                source=frame.source, text=frame.text, count=len(seqs),
                actuator=judgement.actuator, what=judgement.what,
                retained=judgement.verdict is Verdict.ACTION and not repeat, ms=judgement.ms,
            )  # fmt: skip
            if judgement.verdict is Verdict.ACTION:
                self._act(connection, group, frame, decision)
            elif group is not None and group.kind == "metric" and self._hygiene().recovery:
                self._actions.over(
                    connection, receipt=receipt, source=group.source, template=group.key,
                    event=group.newest.id, depth=group.newest.depth, now=self._clock(),
                )  # fmt: skip
            reach("decide")
            return decision, seqs, priorities

        decision, seqs, priorities = await self._database.write(job)
        if group is not None:
            self._inbox.note_decided(len(seqs), priorities)
        self._decided(seqs, decision)
        return decision

    async def trimmed(self, count: int) -> None:
        """Receipt a trim: the `count` oldest retained frames are no longer part of Ring 1."""

        def job(connection: sqlite3.Connection) -> None:
            gone = [item.receipt for item in self._retained.alive(connection)[:count]]
            receipt = self._ledger.append(connection, "trim", {"dropped": gone})
            self._retained.drop(connection, gone, receipt)

        await self._database.write(job)

    def _is_repeat(self, connection: sqlite3.Connection, group: Group | None, frame: Frame, judgement: Judgement) -> bool:
        """Whether the same was carried out within the cool-down: then Ring 1 need not hold it twice."""
        if group is None or judgement.verdict is not Verdict.ACTION:
            return False
        since = self._actions.since_same(
            connection, actuator=judgement.actuator, source=group.source, template=_alike(group, frame), now=self._clock()
        )
        return since is not None and since < self._hygiene().cool_down_s

    def _body(
        self, connection: sqlite3.Connection, group: Group | None, frame: Frame, judgement: Judgement, *, repeat: bool
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "verdict": judgement.verdict.value,
            "margin": round(judgement.margin, 4),
            "threshold": round(judgement.threshold, 4) if math.isfinite(judgement.threshold) else None,
            "probability": round(judgement.probability, 4),
            "positions": judgement.positions,
            "ms": round(judgement.ms, 1),
        }
        if judgement.reason:
            body["reason"] = judgement.reason
        if judgement.rule:
            body["rule"] = judgement.rule
        if judgement.known:
            body["known"] = True
        if frame.rows is not None:
            body |= {"lane": "latent", "rows": frame.rows.shape[0], "read": judgement.read}
            if judgement.distance is not None:
                body["distance"] = round(judgement.distance, 4)
        if group is not None:
            body |= {"source": group.source, "template": group.key, "first": group.seqs[0], "last": group.seqs[1],
                     "count": group.count, "series": group.series, "events": self._inbox.digests(connection, group)}  # fmt: skip
        if judgement.verdict is Verdict.ACTION:
            body |= {"actuator": judgement.actuator, "retained": not repeat}
        return body

    def _act(self, connection: sqlite3.Connection, group: Group | None, frame: Frame, decision: Decision) -> None:
        self._actions.propose(
            connection, receipt=decision.receipt, actuator=decision.actuator, what=decision.what, source=frame.source,
            template=_alike(group, frame), event=group.newest.id if group else "",
            depth=group.newest.depth if group else 0, now=self._clock(),
        )  # fmt: skip
        if decision.retained:
            answer = f"{decision.actuator} {decision.what}"
            self._retained.keep(connection, self._keep(receipt=decision.receipt, frame=frame, answer=answer))


def _alike(group: Group | None, frame: Frame) -> str:
    """What makes an action of this group the same as another: its template, or what its rows read as."""
    if group is None:
        return ""
    return f"latent:{frame.text}" if frame.kind == "latent" else group.key
