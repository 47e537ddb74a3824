"""`kairos soak`: hours of randomised events at a living daemon, and whether anything grows."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kairos.cli.context import Instance
from kairos.errors import KairosError

if TYPE_CHECKING:
    from kairos.client import Client

_WATCHED: Final = ("rss_kib", "threads", "open_files", "anchor", "waiting")
_WARM_SHARE: Final = 0.2
_FEWEST: Final = 5


def soak(
    context: typer.Context,
    minutes: Annotated[float, typer.Option(help="How long.")] = 10.0,
    every: Annotated[float, typer.Option(help="Mean seconds between events.")] = 2.0,
    seed: Annotated[int, typer.Option(help="The seed of the tape.")] = 11,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")] = False,  # noqa: FBT002
) -> None:
    """Send a randomised tape to the living daemon and report slopes per hour, with 95 % intervals."""
    import psutil

    instance: Instance = context.obj
    rng = random.Random(seed)  # noqa: S311 - a tape needs chance, not secrecy
    samples: list[tuple[float, dict[str, float]]] = []
    with instance.client(timeout_s=60) as client:
        process = psutil.Process(client.endpoints.pid)
        started = time.monotonic()
        sent = 0
        while (now := time.monotonic() - started) < minutes * 60:
            _send(client, rng, sent)
            sent += 1
            samples.append((now, _sample(client, process)))
            time.sleep(min(rng.expovariate(1 / every), 60.0))
        status = client.ask("status")
    report = {"minutes": minutes, "events": sent, "seed": seed, "ticks": status["gauges"]["ticks"], "slopes_per_hour": slopes(samples)}
    typer.echo(json.dumps(report) if as_json else _page(report))


def _send(client: Client, rng: random.Random, number: int) -> None:
    """An event nobody has seen: a verb, a thing, numbers."""
    thing = rng.choice(["disk", "job", "door", "fan", "queue", "unit", "backup", "link"])
    verb = rng.choice(["finished", "started", "failed", "is at", "was opened", "answered after", "restarted"])
    text = f"{thing} {rng.randint(1, 40)} {verb} {rng.randint(1, 100)}"
    client.send(text, source=f"soak-{number % 7}", priority=rng.choice(["interactive", "background", "bulk"]))


def _sample(client: Client, process: Any) -> dict[str, float]:
    gauges = client.ask("status")["gauges"]
    waiting = sum(value for name, value in gauges.items() if name.startswith("waiting_"))
    with process.oneshot():
        return {
            "rss_kib": process.memory_info().rss / 1024, "threads": process.num_threads(),
            "open_files": process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
            "anchor": gauges["anchor"], "waiting": waiting,
        }  # fmt: skip


def slopes(samples: list[tuple[float, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Least-squares slope per hour and the half-width of its 95 % interval, warm-up left out."""
    kept = samples[int(len(samples) * _WARM_SHARE) :]
    if len(kept) < _FEWEST:
        raise KairosError(f"only {len(kept)} samples after the warm-up; soak longer")
    return {name: _slope([t / 3600 for t, _ in kept], [row[name] for _, row in kept]) for name in _WATCHED}


def _slope(xs: list[float], ys: list[float]) -> dict[str, float]:
    n = len(xs)
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    error = (left / max(1, n - 2) / spread) ** 0.5
    return {"slope": round(slope, 3), "half_width_95": round(1.96 * error, 3)}


def _page(report: dict[str, Any]) -> str:
    rows = [f"{report['events']} events in {report['minutes']:g} min, {report['ticks']:.0f} ticks; per hour, after warm-up:"]
    rows += [f"  {name:12} {s['slope']:+.1f} ± {s['half_width_95']:.1f}" for name, s in report["slopes_per_hour"].items()]
    return "\n".join(rows)
