"""`kairos status`: how the living daemon is."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from kairos.cli.context import Instance


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Show whether it beats, what waits, and what it costs."""
    instance: Instance = context.obj
    with instance.client() as client:
        answer = client.ask("status")
    typer.echo(json.dumps(answer) if as_json else _page(answer))


def _page(answer: dict[str, Any]) -> str:
    gauges = answer["gauges"]
    waiting = ", ".join(f"{int(gauges[f'waiting_{p}'])} {p}" for p in ("realtime", "interactive", "background", "bulk"))
    refused = ", ".join(f"{count} {code}" for code, count in answer["refused"].items()) or "none"
    return "\n".join(
        [
            f"kairos {answer['version']}, process {answer['pid']}, up {gauges['uptime_s'] / 60:.0f} min{', PAUSED' if answer['paused'] else ''}",
            f"mind     {answer['model']}, {answer['mind']}, anchor {int(gauges['anchor'])}",
            f"beats    {int(gauges['ticks'])}, every {answer['interval_s']:g} s",
            f"events   {int(gauges['events_accepted'])} kept, {int(gauges['events_decided'])} decided, {int(gauges['events_folded'])} folded; waiting: {waiting}",
            f"refused  {refused}",
            f"store    {answer['store']}, {int(gauges['commits'])} commits",
            f"cost     {gauges['cpu_s']:.1f} s of processor, {gauges['rss_peak_kib'] / 1024:.0f} MiB at most",
        ]
    )
