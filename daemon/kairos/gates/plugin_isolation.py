"""`kairos gate plugin-isolation`: six kinds of bad plugin at once, and not one missed beat.

The plugins are real installed ones: a folder with a module and its entry points on the path, found
by the same door as any. They raise at import, raise in a hook, are slow, hang in a coroutine, hang in
a thread, and flood. The beats are counted on the feed.
"""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.client import subscribe
from kairos.judging.living import Living, fake_daemon, scratch

_INTERVAL_S: Final = 1.0
_MISSED_AFTER: Final = 2.0
_RAISES_AT_IMPORT: Final = "raise RuntimeError('bad at import')\n"
_MODULE: Final = """
import asyncio, threading, time
from kairos.api import Event, Priority, hookimpl, new_id

class Raises:
    @hookimpl
    def kairos_tick(self, tick):
        raise RuntimeError("bad in a hook")

class Slow:
    @hookimpl
    def kairos_tick(self, tick):
        time.sleep(3)

class HangsAsync:
    @hookimpl
    async def kairos_tick(self, tick):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

class HangsThread:
    @hookimpl
    def kairos_tick(self, tick):
        threading.Event().wait()

    @hookimpl
    def kairos_run(self, context):
        threading.Event().wait()

class Floods:
    @hookimpl
    async def kairos_run(self, context):
        while True:
            await context.emit(*(Event(id=new_id(), source="flood", kind="text", priority=Priority.BULK,
                                       at=time.time(), text=f"flood {n}") for n in range(50)))
"""
_KINDS: Final = {
    "bad-import": "bad_at_import:Anything", "bad-raise": "bad_plugins:Raises", "bad-slow": "bad_plugins:Slow",
    "bad-async": "bad_plugins:HangsAsync", "bad-thread": "bad_plugins:HangsThread", "bad-flood": "bad_plugins:Floods",
}  # fmt: skip


def run(trial: Trial) -> Findings:
    """Install the six, beat, count."""
    seconds = 30.0 if trial.quick else 300.0
    with scratch("pi") as folder:
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, [str(_install(folder / "bad")), os.environ.get("PYTHONPATH")]))}
        settings = (
            f"heartbeat.interval_s={_INTERVAL_S}",
            "plugins.hook_timeout_s=1",
            "plugins.park_s=5",
            "plugins.disable=['logwatch', 'sysmon']",
        )
        living = fake_daemon(folder, *settings, flags=("--discover",), environment=environment)
        living.start()
        try:
            figures, reasons = _watch(living, seconds, trial)
        finally:
            living.stop(timeout_s=10)
    bars = missed(
        figures, {"missed_beats": ("==", 0), "kinds_contained": ("==", len(_KINDS)), "beats": (">=", int(seconds / _INTERVAL_S) - 2)}
    )
    config = {"interval_s": _INTERVAL_S, "missed_after_intervals": _MISSED_AFTER, "kinds": sorted(_KINDS)}
    data = {"n": figures["beats"], "seed": None, "digest": None}
    return Findings(figures=figures, failed=bars, reasons=reasons, config=config, data=data)


def _install(target: Path) -> Path:
    """What pip would leave of a distribution with six plugins."""
    info = target / "bad_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (target / "bad_at_import.py").write_text(_RAISES_AT_IMPORT)
    (target / "bad_plugins.py").write_text(_MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugins\nVersion: 1.0\n")
    rows = "\n".join(f"{name} = {where}" for name, where in _KINDS.items())
    (info / "entry_points.txt").write_text(f"[kairos.plugins]\n{rows}\n")
    return target


def _watch(living: Living, seconds: float, trial: Trial) -> tuple[dict[str, Any], dict[str, str]]:
    beats: list[float] = []
    deadline = time.monotonic() + seconds
    for message in subscribe(living.places, topics=("tick",), timeout_s=_INTERVAL_S * 10):
        beats.append(message.body["at"])
        trial.progress(len(beats), int(seconds / _INTERVAL_S))
        if time.monotonic() >= deadline:
            break
    gaps = [after - before for before, after in pairwise(beats)]
    with living.client() as client:
        rows = {row["name"]: row for row in client.ask("plugins")["plugins"]}
    contained = [
        name for name in _KINDS if name in rows and (rows[name]["status"] != "loaded" or rows[name]["events"] or rows[name]["failures"])
    ]
    figures = {
        "beats": len(beats),
        "missed_beats": sum(int(gap / _INTERVAL_S) - 1 for gap in gaps if gap >= _MISSED_AFTER * _INTERVAL_S),
        "longest_gap_s": round(max(gaps, default=0.0), 3),
        "kinds_contained": len(contained),
        "flood_events_per_s": round(rows.get("bad-flood", {}).get("events", 0) / seconds, 1),
    }
    return figures, {name: f"{row['status']}: {row['detail']}" for name, row in rows.items() if name in _KINDS}


GATE: Final = Check(kind="gate", name="plugin-isolation", summary="six kinds of bad plugin at once, no missed beat", run=run)
