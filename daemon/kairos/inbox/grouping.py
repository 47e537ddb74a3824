"""Which events are alike: log templates by Drain (He et al., ICWS 2017), one miner per source.

The miner is fed its own stored templates at start, so a line keeps its group across restarts.
drain3's own persistence is not used: it pickles through JSON.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any, Final

from drain3.drain import Drain

from kairos.events import Event

_MASKS: Final = re.compile(
    r"(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b)"
    r"|(?P<hex>\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{8,}\b)"
    r"|(?P<clock>\b\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?\b)"
    r"|(?P<number>(?<![A-Za-z])\d+(?:\.\d+)?)"
)
_SOURCES: Final = 256
_CLUSTERS: Final = 1000
_SIMILAR: Final = 0.5
_LONGEST: Final = 600


class Grouper:
    """Names the template of an event; remembers new ones in the `templates` table."""

    def __init__(self) -> None:
        self._miners: dict[str, Any] = {}

    def template(self, connection: sqlite3.Connection, event: Event) -> str:
        """A name, stable for this source: events of equal source and name are one group."""
        if event.kind == "latent":
            return f"latent:{event.id}"  # what it says is not known here, so it is like no other
        if event.kind == "metric":
            return "metric:" + ",".join(sorted(event.metrics))[:_LONGEST]
        cluster, change = self._miner(connection, event.source).add_log_message(mask(event.text))
        name = f"t{cluster.cluster_id}"
        if change != "none":
            connection.execute(
                "INSERT OR REPLACE INTO templates(source, name, text) VALUES(?,?,?)",
                (event.source, name, cluster.get_template()),
            )
        return name

    def _miner(self, connection: sqlite3.Connection, source: str) -> Any:
        miner = self._miners.get(source)
        if miner is None:
            if len(self._miners) >= _SOURCES:
                self._miners.pop(next(iter(self._miners)))
            miner = self._miners[source] = Drain(sim_th=_SIMILAR, max_clusters=_CLUSTERS)
            rows = connection.execute(
                "SELECT text FROM templates WHERE source=? ORDER BY CAST(substr(name, 2) AS INTEGER)", (source,)
            ).fetchall()
            for (text,) in rows[-_CLUSTERS:]:
                miner.add_log_message(text)
        return miner


def mask(text: str) -> str:
    """`text` with addresses, numbers and times replaced by `<*>`, one line, bounded."""
    return _MASKS.sub("<*>", text[:_LONGEST].replace("\n", " "))
