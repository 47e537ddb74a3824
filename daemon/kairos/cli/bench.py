"""`kairos bench NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kairos.cli.checks import run_check


def bench(
    name: Annotated[str | None, typer.Argument(help="Which; without it, the list.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Under a minute, fewer trials.")] = False,  # noqa: FBT002
    data: Annotated[Path | None, typer.Option(help="Your own data, in the format of docs/gates.md.")] = None,
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 11,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")] = False,  # noqa: FBT002
) -> None:
    """Measure what something costs on this machine."""
    run_check("kairos.benches", name, quick=quick, data=data, seed=seed, as_json=as_json)
