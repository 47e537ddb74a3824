"""`python -m kairos.testing.child`: a daemon with a fake mind as a process of its own, made to be killed.

It brings two actuators that write each order's key to a file and fsync it: `once` may not be
repeated, `many` may. What such files say after a crash is what really happened.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import anyio

from kairos import logs
from kairos.boot import Daemon
from kairos.config import MindSettings, Overrides, Places, load
from kairos.hooks import hookimpl
from kairos.ports import Actuator, Mind, Order, PluginContext
from kairos.testing.fakes import FakeMind
from kairos.testing.harness import QUIET, scratch_places


class WrittenActuator:
    """Writes keys to `<folder>/<name>.did`."""

    def __init__(self, name: str, folder: Path, *, idempotent: bool) -> None:
        self.name = name
        self.idempotent = idempotent
        self._path = folder / f"{name}.did"

    async def act(self, order: Order) -> str:
        """One line, on disk before it returns."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{order.key}\n".encode())
        os.fsync(descriptor)
        os.close(descriptor)
        return "written"


class Actuators:
    """The plugin that brings them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @hookimpl
    def kairos_actuators(self, context: PluginContext) -> list[Actuator]:
        """Both."""
        del context
        return [
            WrittenActuator("once", self._folder, idempotent=False),
            WrittenActuator("many", self._folder, idempotent=True),
        ]


async def _open_mind(stack: AsyncExitStack, settings: MindSettings, where: Places, actuators: Sequence[str]) -> Mind:
    del stack, settings, where, actuators
    return FakeMind()


async def _serve(folder: Path, assignments: Sequence[str], *, found: bool) -> None:
    """With `found`, the plugins are those that are installed; else the two actuators above."""
    allowed = 'act.allow=["log", "once", "many"]'
    settings = (*QUIET, allowed, "act.cool_down_s=0", "act.per_hour=1000000", *assignments)
    loaded = load(None, Overrides(assignments=settings, environment={}))
    plugins = None if found else {"written": Actuators(folder)}
    daemon = Daemon(loaded, scratch_places(folder), open_mind=_open_mind, plugins=plugins)
    await daemon.serve()


def main() -> None:
    """Run until a signal or a failpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    parser.add_argument("--discover", action="store_true", help="load the installed plugins")
    arguments = parser.parse_args()
    logs.set_up(level="error")
    serve = partial(_serve, arguments.folder, arguments.assignments, found=arguments.discover)
    anyio.run(serve, backend="asyncio")


if __name__ == "__main__":
    main()
