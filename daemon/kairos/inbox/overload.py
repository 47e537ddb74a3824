"""What happens when more comes in than the mind can judge.

Above `fold_above`, waiting BULK events of one source and template are folded: the newest stands for
all, their number goes into its series and a receipt says so. Above `busy_above`, senders of low
priority are asked to come again. INTERACTIVE and REALTIME have a quarter more room, since they are
why the daemon exists.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from kairos.config import InboxSettings
from kairos.errors import Busy
from kairos.events import Priority
from kairos.inbox import series
from kairos.inbox.schema import FOLDED

_URGENT_ROOM: Final = 1.25


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """What one folding did; the body of its receipt."""

    groups: int
    events: int


def refuse_when_full(settings: InboxSettings, waiting: int, priority: Priority) -> None:
    """Raise `Busy` if one more event of `priority` is more than the bound allows."""
    bound = settings.busy_above
    if priority <= Priority.INTERACTIVE:
        bound = int(bound * _URGENT_ROOM)
    if waiting >= bound:
        raise Busy(waiting, bound)


def fold(connection: sqlite3.Connection, receipt: int, *, window_s: float) -> Folded:
    """Fold waiting, grouped BULK events into the newest of their group, under `receipt`."""
    rows = connection.execute(
        """SELECT source, template, MAX(seq), COUNT(*), MIN(at), MAX(at) FROM events
        WHERE state=0 AND priority=? AND template IS NOT NULL
        GROUP BY source, template HAVING COUNT(*) > 1""",
        (Priority.BULK,),
    ).fetchall()
    events = 0
    for source, template, newest, count, first, last in rows:
        series.record(connection, source, template, count=count - 1, first=first, last=last, window_s=window_s)
        events += connection.execute(
            """UPDATE events SET state=?, receipt=?
            WHERE state=0 AND priority=? AND source=? AND template=? AND seq<?""",
            (FOLDED, receipt, Priority.BULK, source, template, newest),
        ).rowcount
    return Folded(groups=len(rows), events=events)
