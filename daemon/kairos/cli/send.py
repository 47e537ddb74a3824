"""`kairos send`: hand in events from the shell."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from kairos.cli.context import Instance
from kairos.errors import WireError


def send(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="The text; name=value pairs with --kind metric; - for lines of stdin.")],
    kind: Annotated[str, typer.Option(help="text or metric.")] = "text",
    source: Annotated[str, typer.Option(help="Who says it.")] = "cli",
    priority: Annotated[str, typer.Option(help="realtime, interactive, background or bulk.")] = "interactive",
    wait: Annotated[bool, typer.Option("--wait", help="Print the verdict instead of the ack.")] = False,  # noqa: FBT002
    id: Annotated[str | None, typer.Option(help="The event's id; the same id again is the same event.")] = None,  # noqa: A002
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the answer.")] = 60.0,
) -> None:
    """Hand in an event; it is on disk when this returns."""
    instance: Instance = context.obj
    lines = (line.strip() for line in sys.stdin) if words == ["-"] else [" ".join(words)]
    if kind not in ("text", "metric"):
        raise WireError("kind", "--kind", f"is {kind!r}; known are text, metric")
    with instance.client(timeout_s=timeout) as client:
        for line in lines:
            if line:
                body: dict[str, Any] = {"text": line} if kind == "text" else {"metrics": _pairs(line.split())}
                answer = client.send(**body, source=source, priority=priority, wait=wait, id=id)
                typer.echo(_say(answer) if wait else f"kept as event {answer.event}" + (" (known before)" if answer.duplicate else ""))


def _pairs(words: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in words:
        name, equals, value = word.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise WireError("type", "metrics", f"has {word!r}, must be name=number")
    return found


def _say(answer: Any) -> str:
    said = f"{answer.actuator}: {answer.what}  " if answer.actuator else ""
    return f"{answer.verdict}  {said}(margin {answer.margin:+.2f}, receipt {answer.receipt}, {answer.count or 1} events)"
