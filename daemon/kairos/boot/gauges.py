"""The daemon's own numbers, gathered from every part's statistics; nothing here measures by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

try:
    import resource
except ImportError:  # Windows
    resource = None

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
        stored, door, base = d.inbox.statistics(), d.doorman.statistics(), d.database.statistics()
        gauges = {
            "uptime_s": time.monotonic() - self._born, "cpu_s": time.process_time(), "rss_peak_kib": _peak_kib(),
            "ticks": d.heartbeat.number if d.awake else 0, "verdicts": d.heartbeat.verdicts if d.awake else 0,
            "anchor": d.mind.anchor if d.awake else 0, "warm_frames": d.warm,
            "events_accepted": stored.accepted, "events_duplicate": stored.duplicates,
            "events_decided": stored.decided, "events_folded": stored.folded,
            "messages_received": door.received, "messages_refused": sum(door.refused.values()),
            "commits": base.commits, "commits_failed": base.failed_commits, "feed_dropped": d.feed.dropped,
        }  # fmt: skip
        known = getattr(d.mind, "known", {}) if d.awake else {}
        gauges |= {f"memo_{name}": float(count) for name, count in known.items()}
        return gauges | {f"waiting_{name.lower()}": float(count) for name, count in stored.waiting.items()}

    async def tell(self) -> None:
        """To the plugins."""
        self._daemon.host.gauges(self.read())

    def status(self) -> dict[str, Any]:
        """The answer to `kairos status`."""
        d = self._daemon
        mind = "waking" if not d.awake else "stalled" if d.watchdog.stalled else "awake"
        return {
            "pid": d.endpoints.pid, "model": d.settings.mind.model, "mind": mind,
            "paused": d.awake and d.heartbeat.paused, "interval_s": d.settings.heartbeat.interval_s,
            "store": "ok" if d.database.statistics().healthy else "unavailable",
            "refused": d.doorman.statistics().refused, "plugins_broken": [r.name for r in d.host.records if r.broken],
            "digests": getattr(d.mind, "digests", {}) if d.awake else {}, "gauges": self.read(),
        }  # fmt: skip


def _peak_kib() -> float:
    """The most memory ever resident; NaN (null on the feed) where the system does not say."""
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) if resource else float("nan")
