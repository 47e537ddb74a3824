"""`kairos digest --since 24h`: what happened, what was done, what is left."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kairos.cli.context import Instance
from kairos.errors import WireError

if TYPE_CHECKING:
    from kairos.boot.history import Digest

_UNITS: Final = {"m": 60.0, "h": 3600.0, "d": 86400.0}
_SOURCES: Final = 8


def digest(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far back: 30m, 24h, 7d.")] = "24h",
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Sum up a while: what happened, what was done, what is left."""
    import msgspec

    from kairos.boot.history import digest as sum_up

    instance: Instance = context.obj
    back = seconds(since)
    with instance.store() as connection:
        found = sum_up(connection, time.time() - back)
    typer.echo(json.dumps(msgspec.to_builtins(found)) if as_json else page(found, since))


def seconds(span: str) -> float:
    """`24h` in seconds; raises `WireError`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", span)
    if match is None:
        raise WireError("range", "--since", f"is {span!r}, must be a number and m, h or d, e.g. 24h")
    return float(match[1]) * _UNITS[match[2]]


def page(found: Digest, since: str) -> str:
    """Three short paragraphs."""
    total = sum(found.events.values())
    some = ", ".join(f"{count} from {source}" for source, count in list(found.events.items())[:_SOURCES])
    lines = [
        f"The last {since}: {total} events{f' ({some})' if some else ''}, {found.idle_beats} quiet beats.",
        f"{found.verdicts.get('NO_OP', 0)} groups needed nobody, {found.verdicts.get('ACTION', 0)} did.",
        "",
        "Done:",
    ]
    said = Counter(f"{action.actuator}: {action.what}  [{action.source}]" for action in found.said)
    lines += [f"  {f'{count}x ' if count > 1 else ''}{what}" for what, count in said.items()] or ["  nothing"]
    if found.hushed:
        lines += ["", "Not said:", *(f"  {count}x {why}" for why, count in found.hushed.items())]
    left = [f"  action {action.n} waits for your word: {action.actuator}: {action.what}" for action in found.awaiting]
    left += [f"  action {action.n} {action.state.value}: {action.actuator}: {action.what} ({action.detail})" for action in found.failed]
    left += [f"  {found.waiting} events wait for their verdict"] if found.waiting else []
    return "\n".join([*lines, "", "Left:", *(left or ["  nothing"])])
