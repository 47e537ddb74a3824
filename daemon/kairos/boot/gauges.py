"""The daemon's own numbers, gathered from every part's statistics; nothing here measures by itself."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kairos.boot.daemon import Daemon


class Gauges:
    """Reads a living daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._born = time.monotonic()

    def read(self) -> dict[str, float]:
        """All gauges, flat."""
        d = self._daemon
        usage = resource.getrusage(resource.RUSAGE_SELF)
        stored, door, base = d.inbox.statistics(), d.doorman.statistics(), d.database.statistics()
        gauges = {
            "uptime_s": time.monotonic() - self._born, "ticks": d.heartbeat.number,
            "verdicts": d.heartbeat.verdicts, "anchor": d.mind.anchor,
            "rss_peak_kib": usage.ru_maxrss, "cpu_s": usage.ru_utime + usage.ru_stime,
            "events_accepted": stored.accepted, "events_duplicate": stored.duplicates,
            "events_decided": stored.decided, "events_folded": stored.folded,
            "messages_received": door.received, "messages_refused": sum(door.refused.values()),
            "commits": base.commits, "commits_failed": base.failed_commits, "feed_dropped": d.feed.dropped,
        }  # fmt: skip
        return gauges | {f"waiting_{name.lower()}": float(count) for name, count in stored.waiting.items()}

    async def tell(self) -> None:
        """To the plugins."""
        self._daemon.host.gauges(self.read())

    def status(self) -> dict[str, Any]:
        """The answer to `kairos status`."""
        d = self._daemon
        return {
            "pid": d.endpoints.pid, "model": d.settings.mind.model, "paused": d.heartbeat.paused,
            "interval_s": d.settings.heartbeat.interval_s, "store": "ok" if d.database.statistics().healthy else "unavailable",
            "mind": "stalled" if d.watchdog.stalled else "awake", "refused": d.doorman.statistics().refused,
            "digests": getattr(d.mind, "digests", {}), "gauges": self.read(),
        }  # fmt: skip
