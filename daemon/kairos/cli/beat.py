"""`kairos tick | pause | resume | reload`: a person's hand on the heartbeat."""

from __future__ import annotations

import typer

from kairos.cli.context import Instance


def _ask(context: typer.Context, op: str, said: str) -> None:
    instance: Instance = context.obj
    with instance.client() as client:
        client.ask(op)
    typer.echo(said)


def tick(context: typer.Context) -> None:
    """Beat now."""
    _ask(context, "tick", "a beat was asked for")


def pause(context: typer.Context) -> None:
    """Stop judging; events are still kept."""
    _ask(context, "pause", "paused; events are kept, `kairos resume` goes on")


def resume(context: typer.Context) -> None:
    """Judge again."""
    _ask(context, "resume", "resumed")


def reload(context: typer.Context) -> None:
    """Read the settings again, as SIGHUP does."""
    _ask(context, "reload", "read again; `kairos logs` says what changed")
