"""`kairos bench idle`: what a quiet daemon costs: memory, processor, disk. Shipped settings, real mind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import psutil

from kairos.checks import Check, Findings, Trial
from kairos.judging.living import Living, real_daemon, scratch

_WARM_S: Final = 10.0
_HOUR_S: Final = 3600.0


def run(trial: Trial) -> Findings:
    """Let it beat, and look."""
    seconds = 40.0 if trial.quick else 1200.0
    with scratch("id") as folder:
        living = real_daemon(folder)
        living.start(timeout_s=300)
        try:
            process = psutil.Process(living.pid)
            time.sleep(_WARM_S)
            cpu, disk, ticks = sum(process.cpu_times()[:2]), _written(living.pid), _ticks(living)
            for second in range(int(seconds)):
                time.sleep(1)
                trial.progress(second, int(seconds))
            spent = sum(process.cpu_times()[:2]) - cpu
            wrote = _written(living.pid)
            figures = {
                "rss_mib": round(process.memory_info().rss / 2**20, 1),
                "cpu_percent": round(100 * spent / seconds, 2),
                "disk_bytes_per_hour": None if wrote is None or disk is None else round((wrote - disk) * _HOUR_S / seconds),
                "ticks": _ticks(living) - ticks,
                "threads": process.num_threads(),
            }
        finally:
            living.stop()
    reasons = {"disk_bytes_per_hour": "this system does not say"} if figures["disk_bytes_per_hour"] is None else {}
    config = {"mind": "default", "interval_s": 30, "seconds": seconds, "plugins": "shipped"}
    return Findings(figures=figures, reasons=reasons, config=config, data={"n": 1, "seed": None, "digest": None})


def _ticks(living: Living) -> int:
    with living.client() as client:
        return int(client.ask("status")["gauges"]["ticks"])


def _written(pid: int) -> int | None:
    """Bytes the process sent to the disk, from /proc; None elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
    except OSError:
        return None
    return int(next(line.split()[1] for line in lines if line.startswith("write_bytes")))


BENCH: Final = Check(kind="bench", name="idle", summary="memory, processor and disk of a quiet daemon", run=run)
