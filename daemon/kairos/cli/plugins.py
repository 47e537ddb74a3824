"""`kairos plugins`: every plugin and how it stands."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from kairos.cli.context import Instance


def plugins(context: typer.Context) -> None:
    """List plugins with their status."""
    instance: Instance = context.obj
    with instance.client() as client:
        rows = client.ask("plugins")["plugins"]
    table = Table("plugin", "version", "status", "events", "calls", "failures", "what it says", box=None)
    for row in rows:
        table.add_row(
            row["name"], row["version"], row["status"], str(row["events"]), str(row["calls"]),
            str(row["failures"]), row["detail"],
        )  # fmt: skip
    Console().print(table)
