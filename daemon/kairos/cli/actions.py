"""`kairos actions list | approve | deny`: what it did, and what waits for your word."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kairos.cli.context import Instance

app = typer.Typer(help="What was done, and what waits for your word.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    state: Annotated[str | None, typer.Option(help="Only these, e.g. awaiting.")] = None,
) -> None:
    """The newest actions."""
    instance: Instance = context.obj
    with instance.client() as client:
        rows = client.ask("actions", limit=limit, **({"state": state} if state else {}))["actions"]
    table = Table("n", "when", "state", "actuator", "what", "detail", box=None)
    for row in rows:
        stamp = time.strftime("%m-%d %H:%M:%S", time.localtime(row["at"]))
        table.add_row(str(row["n"]), stamp, row["state"], row["actuator"], row["what"], row["detail"])
    Console().print(table if rows else "no actions yet")


@app.command()
def approve(context: typer.Context, action: Annotated[int, typer.Argument(help="The action's number.")]) -> None:
    """Let an awaiting action run."""
    _answer(context, "approve", action)


@app.command()
def deny(context: typer.Context, action: Annotated[int, typer.Argument(help="The action's number.")]) -> None:
    """Drop an awaiting action."""
    _answer(context, "deny", action)


def _answer(context: typer.Context, op: str, action: int) -> None:
    instance: Instance = context.obj
    with instance.client() as client:
        done = client.ask(op, action=action)["done"]
    typer.echo(f"action {action}: {'done' if done else 'does not wait for your word'}")
    if not done:
        raise typer.Exit(1)
