"""`kairos bench decide`: verdicts a second on the resident mind, and what a backlog does to an interrupt.

A BULK backlog of distinct groups is put in; while the daemon works through it, interactive events
come one after another and are timed from the send to their verdict, in milliseconds and in beats.
"""

from __future__ import annotations

import time
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed, quantile
from kairos.client import Client
from kairos.judging.living import real_daemon, scratch

_BACKLOG: Final = 10_000
_IN_FLIGHT: Final = 64
_PATIENCE_S: Final = 120.0
_THINGS: Final = [
    "disk",
    "fan",
    "link",
    "job",
    "unit",
    "queue",
    "door",
    "lamp",
    "pump",
    "relay",
    "sensor",
    "cache",
    "token",
    "batch",
    "route",
]


def run(trial: Trial) -> Findings:
    """Fill the inbox, then interrupt."""
    seconds = 30.0 if trial.quick else 180.0
    backlog = _BACKLOG
    rng = Random(trial.seed)
    with scratch("de") as folder:
        living = real_daemon(folder, "plugins.only=['telemetry']", "heartbeat.interval_s=5", "act.dry_run=true", "log.file=false")
        living.start(timeout_s=300)
        try:
            with living.client(timeout_s=_PATIENCE_S) as client:
                client.ask("pause")
                _fill(client, backlog, rng)
                client.ask("resume")
                return _interrupt(client, seconds, backlog, trial)
        finally:
            living.stop()


def _fill(client: Client, count: int, rng: Random) -> None:
    """Distinct words, so that groups are many."""
    sent = acked = 0
    while acked < count:
        while sent < count and sent - acked < _IN_FLIGHT:
            words = " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(rng.randint(2, 6)))
            text = f"{rng.choice(_THINGS)} {words} done"
            client.post({"id": f"bulk-{sent}", "source": f"bulk-{sent % 50}", "priority": "bulk", "text": text})
            sent += 1
        client.next_answer(time.monotonic() + _PATIENCE_S)
        acked += 1


def _interrupt(client: Client, seconds: float, backlog: int, trial: Trial) -> Findings:
    before = _gauges(client)
    started = time.monotonic()
    ms: list[float] = []
    ticks: list[float] = []
    while (now := time.monotonic() - started) < seconds:
        trial.progress(int(now), int(seconds))
        tick = _gauges(client)["ticks"]
        sent = time.monotonic()
        client.send(
            f"user {len(ms)} asks for page {len(ms) % 7}", source="person", priority="interactive", wait=True, timeout_s=_PATIENCE_S
        )
        ms.append((time.monotonic() - sent) * 1000)
        ticks.append(_gauges(client)["ticks"] - tick)
        time.sleep(0.3)
    after = _gauges(client)
    spent = time.monotonic() - started
    left = after["waiting_bulk"]
    figures = {
        "backlog": backlog,
        "backlog_left": int(left),
        "groups_per_s": round((after["verdicts"] - before["verdicts"]) / spent, 2),
        "interactive_n": len(ms),
        "interactive_p50_ms": round(quantile(ms, 0.5) or 0.0, 1),
        "interactive_p99_ms": round(quantile(ms, 0.99) or 0.0, 1),
        "interactive_p99_ticks": quantile(ticks, 0.99),
    }
    reasons = {} if left else {"backlog_left": "the backlog was gone before the end; the last interrupts met none"}
    config = {"mind": "default", "frames_per_tick": 4, "seconds": seconds}
    bars = missed(figures, {"interactive_p99_ticks": ("<=", 2)})
    return Findings(figures=figures, failed=bars, reasons=reasons, config=config, data={"n": backlog, "seed": trial.seed, "digest": None})


def _gauges(client: Client) -> dict[str, Any]:
    return client.ask("status")["gauges"]


BENCH: Final = Check(kind="bench", name="decide", summary="verdicts a second, and an interrupt's wait under a bulk backlog", run=run)
