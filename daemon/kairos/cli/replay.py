"""`kairos replay`: feed a recorded log to a mind of its own and report what it would have said.

A private daemon in a temporary directory does the judging, with dry-run actuators, so neither your
Ring 1 nor your notices are touched. Lines travel through the real socket.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kairos.cli.context import Instance
from kairos.errors import KairosError

if TYPE_CHECKING:
    from kairos.boot import Daemon

_WINDOW: Final = 64
_LONGEST: Final = 2000


def replay(
    context: typer.Context,
    log: Annotated[Path, typer.Option(help="The log file, one event a line.")],
    speed: Annotated[float, typer.Option(help="Lines a second; 0 is as fast as verdicts come.")] = 0.0,
    limit: Annotated[int, typer.Option(help="Stop after so many lines; 0 is all.")] = 0,
    source: Annotated[str | None, typer.Option(help="The source the events bear; the file's name otherwise.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Judge a log line by line and report lines, groups, and every ACTION with its margin."""
    import anyio

    from kairos import logs

    logs.set_up(level="error")
    instance: Instance = context.obj
    report = anyio.run(_replay, instance, log, speed, limit, source or log.name, backend="asyncio")
    typer.echo(json.dumps(report) if as_json else _page(report))


async def _replay(instance: Instance, log: Path, speed: float, limit: int, source: str) -> dict[str, Any]:
    import anyio

    from kairos.boot import Daemon
    from kairos.config import Places

    lines = _read(log, limit)
    changes = ("act.dry_run=true", "plugins.only=['telemetry']", "heartbeat.catch_up_s=0", "heartbeat.interval_s=3600", "log.file=false")
    loaded = Instance(config=instance.config, assignments=(*instance.assignments, *changes)).load()
    with tempfile.TemporaryDirectory(prefix="kairos-replay-") as scratch:
        where = Places(state=Path(scratch), runtime=Path(scratch) / "run")
        (where.state / "models").symlink_to(_shared_models(instance))
        report: dict[str, Any] = {}
        async with anyio.create_task_group() as tasks:
            daemon: Daemon = await tasks.start(Daemon(loaded, where, signals=False).serve, name="daemon")
            report = await _feed(daemon, lines, speed, source)
            daemon.stop()
    return {"log": str(log), **report}


def _shared_models(instance: Instance) -> Path:
    """Converted models are the instance's own, so a replay does not convert again."""
    models = instance.places.models
    models.mkdir(parents=True, exist_ok=True)
    return models


def _read(log: Path, limit: int) -> list[str]:
    try:
        text = log.read_text("utf-8", "backslashreplace")
    except OSError as error:
        raise KairosError(f"cannot read the log {log}: {error.strerror}; --log takes a text file") from error
    lines = [line.strip()[:_LONGEST] for line in text.splitlines() if line.strip()]
    return lines[:limit] if limit else lines


async def _feed(daemon: Daemon, lines: list[str], speed: float, source: str) -> dict[str, Any]:
    """Send in windows: the next lines go when the last ones have their verdicts."""
    import anyio

    from kairos.client import AsyncClient

    verdicts: dict[int, Any] = {}
    started = time.monotonic()

    async def one(client: AsyncClient, number: int) -> None:
        verdicts[number] = await client.send(lines[number], source=source, wait=True)

    async with AsyncClient(daemon.places, timeout_s=600) as client:
        window = 1 if speed else _WINDOW
        for first in range(0, len(lines), window):
            async with anyio.create_task_group() as tasks:
                for number in range(first, min(first + window, len(lines))):
                    tasks.start_soon(one, client, number)
            if speed:
                await anyio.sleep(1 / speed)
    return _report(lines, verdicts, time.monotonic() - started)


def _report(lines: list[str], verdicts: dict[int, Any], seconds: float) -> dict[str, Any]:
    receipts = {answer.receipt: (number, answer) for number, answer in sorted(verdicts.items())}
    actions = [
        {"line": number + 1, "text": lines[number], "lines": answer.count, "margin": answer.margin,
         "actuator": answer.actuator, "what": answer.what}
        for number, answer in receipts.values() if answer.verdict == "ACTION"
    ]  # fmt: skip
    counted = Counter(answer.verdict for _, answer in receipts.values())
    return {
        "lines": len(lines), "groups": len(receipts), "action_groups": counted["ACTION"], "no_op_groups": counted["NO_OP"],
        "seconds": round(seconds, 1), "lines_per_s": round(len(lines) / seconds, 1) if seconds else None, "actions": actions,
    }  # fmt: skip


def _page(report: dict[str, Any]) -> str:
    rows = [
        f"{report['log']}: {report['lines']} lines in {report['groups']} groups, {report['seconds']} s ({report['lines_per_s']} lines/s)",
        f"{report['action_groups']} ACTION, {report['no_op_groups']} NO_OP",
    ]
    for action in report["actions"]:
        rows.append(f"  line {action['line']} (+{action['lines'] - 1} alike), margin {action['margin']:+.2f}: {action['text'][:110]}")
        rows.append(f"      -> {action['actuator']}: {action['what']}")
    return "\n".join(rows)
