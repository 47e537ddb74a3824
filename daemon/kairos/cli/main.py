"""Assemble `kairos` from the commands that are installed, ours and plugins' alike."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from kairos import __version__
from kairos.cli.context import Instance
from kairos.cli.installed import installed
from kairos.errors import KairosError

_FIRST: Final = ("run", "send", "tail", "status", "replay", "actions", "plugins", "doctor", "gate", "bench")


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's callback
    if asked:
        typer.echo(f"kairos {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    state_dir: Annotated[Path | None, typer.Option(help="The instance's state directory.", envvar="KAIROS_STATE_DIR")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).", envvar="KAIROS_CONFIG")] = None,
    assign: Annotated[list[str] | None, typer.Option("--set", help="One setting, e.g. heartbeat.interval_s=5.")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    """A daemon that keeps one language model resident on your own machine, and keeps it in time."""
    del version
    context.obj = Instance(state_dir=state_dir, config=config, assignments=tuple(assign or ()))


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.callback()(_options)
    points = installed("kairos.commands")
    order = [*(name for name in _FIRST if name in points), *sorted(points.keys() - set(_FIRST))]
    for name in order:
        command: Any = points[name].load()
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """The console script: an error of ours is one sentence, never a stack trace."""
    try:
        build()()
    except* KairosError as group:
        for message in dict.fromkeys(str(error) for error in _leaves(group)):
            typer.secho(f"kairos: {message}", fg="red", err=True)
        sys.exit(1)
    except* ModuleNotFoundError as group:
        missing = ", ".join(sorted({str(getattr(error, "name", error)) for error in _leaves(group)}))
        typer.secho(
            f"kairos: {missing} is not installed; this command needs a whole daemon: pip install 'kairosd[mind]'", fg="red", err=True
        )
        sys.exit(1)
    except* KeyboardInterrupt:
        sys.exit(130)
    except* BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    """The errors themselves: task groups wrap them, once for every level."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
