"""`kairos run`: be the daemon, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kairos.cli.context import Instance

if TYPE_CHECKING:
    from anyio.abc import TaskStatus

    from kairos.boot import Daemon


def run(
    context: typer.Context,
    tape: Annotated[Path | None, typer.Option(help="Play this tape through the socket once awake.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Print one line per ACTION and per stretch of quiet.")] = False,  # noqa: FBT002
) -> None:
    """Run the daemon until Ctrl-C or SIGTERM."""
    import anyio

    from kairos import logs
    from kairos.boot import Daemon

    instance: Instance = context.obj
    loaded = instance.load()
    settings, where = loaded.settings, instance.places
    to_file = settings.log.file and not logs.under_journal()
    logs.set_up(
        level=settings.log.level,
        quiet=watch,
        form=settings.log.format, file=where.log_file if to_file else None,
        file_bytes=settings.log.file_bytes, file_count=settings.log.file_count,
    )  # fmt: skip
    daemon = Daemon(loaded, where, config=instance.config_file, overrides=instance.overrides)
    anyio.run(_serve, daemon, tape, watch, backend="asyncio")


async def _serve(daemon: Daemon, tape: Path | None, watch: bool) -> None:  # noqa: FBT001
    import anyio

    from kairos.cli.screen import Screen
    from kairos.cli.tapes import play

    screen = Screen(daemon) if watch else None
    async with anyio.create_task_group() as tasks:

        async def live(*, task_status: TaskStatus[Daemon]) -> None:
            await daemon.serve(task_status=task_status)
            tasks.cancel_scope.cancel()  # a tape that still plays has nobody to play to

        if screen is not None:
            screen.waking()
            daemon.listeners.append(screen.tick)
        await tasks.start(live, name="daemon")
        if screen is not None:
            screen.awake()
        if tape is not None:
            tasks.start_soon(play, tape, daemon.places, name="tape")
    if screen is not None:
        screen.stopped()
