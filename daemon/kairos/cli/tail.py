"""`kairos tail`: what the daemon does, as it does it."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from kairos.cli.context import Instance


def tail(
    context: typer.Context,
    topic: Annotated[list[str] | None, typer.Option(help="Only these topics, e.g. action.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002
    count: Annotated[int, typer.Option(help="Stop after so many messages; 0 never.")] = 0,
) -> None:
    """Follow the feed: ticks, actions, outcomes, notices."""
    from kairos.client import subscribe

    instance: Instance = context.obj
    topics = tuple(topic) if topic else ("tick", "action", "outcome", "notice", "said", "state")
    where = instance.places if instance.state_dir else None
    for number, message in enumerate(subscribe(where, topics=topics), 1):
        if message.missed:
            typer.secho(f"({message.missed} messages of {message.topic} were missed)", fg="yellow", err=True)
        typer.echo(json.dumps(message.body) if as_json else _line(message.topic, message.body))
        if number == count:
            break


def _line(topic: str, body: dict[str, Any]) -> str:
    stamp = time.strftime("%H:%M:%S", time.localtime(body["at"]))
    if topic == "tick":
        verdicts = [d["verdict"] for d in body["decisions"]]
        said = f"{verdicts.count('ACTION')} ACTION, {verdicts.count('NO_OP')} NO_OP" if verdicts else "idle"
        return f"{stamp} tick {body['number']} ({body['cause']}): {said}; {body['waiting']} waiting, {body['ms']:.0f} ms"
    if topic == "action":
        return f"{stamp} ACTION {body['actuator']}: {body['what']} [{body['source']}] margin {body['margin']:+.2f}"
    rest = " ".join(f"{key}={value}" for key, value in body.items() if key not in ("v", "topic", "n", "at"))
    return f"{stamp} {topic} {rest}"
