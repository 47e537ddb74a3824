"""A whole daemon in a test: real stores, real sockets, a fake mind, in a scratch directory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from kairos.boot import Daemon
from kairos.client import AsyncClient
from kairos.config import MindSettings, Overrides, Places, load
from kairos.ports import Mind
from kairos.testing.fakes import FakeMind

QUIET = ("heartbeat.interval_s=3600", "heartbeat.catch_up_s=0", "log.file=false")


@dataclass(frozen=True, kw_only=True)
class LivingDaemon:
    """What a story needs."""

    daemon: Daemon
    client: AsyncClient
    mind: FakeMind
    places: Places


def scratch_places(folder: Path) -> Places:
    """Short paths, since a socket's name has 107 characters."""
    return Places(state=folder / "state", runtime=folder / "run")


@asynccontextmanager
async def living_daemon(
    folder: Path, *assignments: str, mind: FakeMind | None = None, plugins: Mapping[str, object] | None = None
) -> AsyncGenerator[LivingDaemon]:
    """Start it, connect a client, stop it cleanly at the end. `assignments` are `key=value` settings."""
    fake = mind or FakeMind()

    async def open_mind(stack: AsyncExitStack, settings: MindSettings, where: Places, actuators: Sequence[str]) -> Mind:
        del stack, settings, where, actuators
        return fake

    where = scratch_places(folder)
    loaded = load(None, Overrides(assignments=(*QUIET, *assignments), environment={}))
    daemon = Daemon(loaded, where, open_mind=open_mind, signals=False, plugins=plugins or {})
    async with anyio.create_task_group() as tasks:
        await tasks.start(daemon.serve, name="daemon under test")
        try:
            async with AsyncClient(where) as client:
                yield LivingDaemon(daemon=daemon, client=client, mind=fake, places=where)
        finally:
            daemon.stop()
