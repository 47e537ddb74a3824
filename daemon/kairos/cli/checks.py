"""Run one gate or bench and say what came out: a table for people, one line of JSON for machines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kairos.cli.installed import chosen, installed
from kairos.errors import KairosError


def run_check(group: str, name: str | None, *, quick: bool, data: Path | None, seed: int, as_json: bool) -> None:
    """Find `name` under the entry points of `group`, run it, print it, exit 0 only when passed."""
    from kairos.checks import Check, Trial, report
    from kairos.judging.minds import resident

    if name is None:
        for known, point in installed(group).items():
            check: Check = point.load()
            typer.echo(f"{known:18} {check.summary}")
        return
    check = chosen(group, name).load()
    if data is not None and not check.takes_data:
        raise KairosError(f"{name} makes its own data from --seed; it takes no --data")
    console = Console(stderr=True)
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=as_json or not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        trial = Trial(
            quick=quick, data=data, seed=seed, mind=resident, progress=lambda done, of: bar.update(task, completed=done, total=of)
        )
        findings = check.run(trial)
    result = report(check, findings)
    if as_json:
        typer.echo(json.dumps(result))
    else:
        _table(result)
    raise typer.Exit(0 if result["passed"] else 1)


def _table(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("figure", "value", box=None)
    for name, value in result["figures"].items():
        table.add_row(name, "not measured" if value is None else f"{value:g}" if isinstance(value, float) else str(value))
    console.print(table)
    for name, reason in result["reasons"].items():
        console.print(f"{name}: {reason}", style="yellow", markup=False)
    console.print("passed" if result["passed"] else "FAILED", style="green" if result["passed"] else "bold red")
