"""`kairos bench ingest`: durable events a second through the real socket, from four client processes.

Real sockets, real sqlite with `synchronous=FULL`, one event a message, at most 64 in flight a client;
the mind is a fake, since no event is judged while they come in.
"""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed, quantile
from kairos.judging.living import Living, fake_daemon, scratch

_CLIENTS: Final = 4
_IN_FLIGHT: Final = 64
_EVENTS: Final = 100_000
_QUICK: Final = 20_000
_PATIENCE_S: Final = 60.0


def run(trial: Trial) -> Findings:
    """Send them all, count what is on disk."""
    total = _QUICK if trial.quick else _EVENTS
    with scratch("in") as folder:
        living = fake_daemon(folder)
        living.start()
        try:
            return _measure(living, folder, total, trial)
        finally:
            living.stop()


def _measure(living: Living, folder: Path, total: int, trial: Trial) -> Findings:
    context = multiprocessing.get_context("spawn")
    share = total // _CLIENTS
    with context.Pool(_CLIENTS) as pool:
        ready = context.Manager().Barrier(_CLIENTS)
        results = [pool.apply_async(_client, (str(folder), n, share, ready)) for n in range(_CLIENTS)]
        rows = [result.get(timeout=600) for result in results]
        trial.progress(total, total)
    began, ended = min(row["began"] for row in rows), max(row["ended"] for row in rows)
    latencies = [ms for row in rows for ms in row["ms"]]
    with living.client() as client:
        status = client.ask("status")["gauges"]
    figures = {
        "events": total,
        "lost": total - int(status["events_accepted"]),
        "events_per_s": round(total / (ended - began), 1),
        "ack_p50_ms": round(quantile(latencies, 0.5) or 0.0, 2),
        "ack_p99_ms": round(quantile(latencies, 0.99) or 0.0, 2),
        "commits": int(status["commits"]),
        "events_per_commit": round(total / max(1.0, status["commits"]), 1),
    }
    config = {"clients": _CLIENTS, "in_flight": _IN_FLIGHT, "synchronous": "FULL", "encoding": "json", "mind": "fake"}
    bars = missed(figures, {"lost": ("==", 0), "events_per_s": (">=", 5000)})
    return Findings(figures=figures, failed=bars, config=config, data={"n": total, "seed": None, "digest": None})


def _client(folder: str, number: int, count: int, ready: Any) -> dict[str, Any]:
    """One client process: keep 64 in flight, note when each ack came."""
    from kairos.client import Client
    from kairos.config import Places

    where = Places(state=Path(folder) / "state", runtime=Path(folder) / "run")
    sent_at: dict[str, float] = {}
    latencies: list[float] = []
    with Client(where) as client:
        ready.wait()
        began = time.monotonic()
        sent = 0
        while len(latencies) < count:
            while sent < count and len(sent_at) < _IN_FLIGHT:
                marker = f"{number}-{sent}"
                sent_at[marker] = time.monotonic()
                client.post({"id": marker, "source": f"client{number}", "text": f"request {sent} took {sent % 97} ms"})
                sent += 1
            answer = client.next_answer(time.monotonic() + _PATIENCE_S)
            latencies.append((time.monotonic() - sent_at.pop(answer["id"])) * 1000)
            if answer["type"] != "ack":
                raise RuntimeError(f"refused: {answer}")
        return {"began": began, "ended": time.monotonic(), "ms": latencies}


BENCH: Final = Check(kind="bench", name="ingest", summary="durable events a second through the socket, four clients", run=run)
