"""`kairos settings`: every setting there is, or what is in force here."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from kairos.cli.context import Instance


def settings(
    context: typer.Context,
    in_force: Annotated[bool, typer.Option("--in-force", help="What this instance uses, as JSON.")] = False,  # noqa: FBT002
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/settings.md.")] = False,  # noqa: FBT002
) -> None:
    """Print all settings with their meaning, as a file to start from."""
    import msgspec

    from kairos.config import describe

    instance: Instance = context.obj
    if in_force:
        typer.echo(json.dumps(msgspec.to_builtins(instance.load().settings), indent=2))
    else:
        typer.echo(describe.markdown() if markdown else describe.toml(), nl=False)
