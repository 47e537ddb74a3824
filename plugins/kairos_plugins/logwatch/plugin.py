"""`logwatch`: lines of log files and of the journal as text events.

Each line's event id follows from file, inode and offset, so a line read twice after a crash is still
one event: together with saved positions that makes reading exactly-once.
"""

from __future__ import annotations

import glob
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import anyio

from kairos.api import Event, PluginContext, Priority, get_logger, hookimpl
from kairos_plugins.logwatch.config import LogwatchSettings
from kairos_plugins.logwatch.follow import Follower, Position
from kairos_plugins.logwatch.positions import Positions

log = get_logger("logwatch")


class Logwatch:
    """The plugin."""

    @hookimpl
    async def kairos_run(self, context: PluginContext) -> None:
        """Follow everything until cancelled."""
        settings: LogwatchSettings = context.settings(LogwatchSettings)
        positions = Positions(context.state_dir / "positions.json")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_files, context, settings, positions, name="log files")
            if settings.journal:
                tasks.start_soon(_journal, context, name="journal")


async def _files(context: PluginContext, settings: LogwatchSettings, positions: Positions) -> None:
    followers: dict[str, Follower] = {}
    first_look = True
    while True:
        for path in _paths(settings.files):
            if path not in followers:
                known = positions.known.get(path)
                # a file that appears while we watch is new, so it is read from its start
                start = settings.from_start or not first_look
                followers[path] = Follower(Path(path), known, from_start=start, max_line=settings.max_line)
        first_look = False
        context.status(f"follows {len(followers)} files")
        for follower in followers.values():
            await _read(context, follower, positions)
        await anyio.sleep(settings.poll_s)


def _paths(patterns: Sequence[str]) -> list[str]:
    return sorted({path for pattern in patterns for path in glob.glob(str(Path(pattern).expanduser()))})


async def _read(context: PluginContext, follower: Follower, positions: Positions) -> None:
    before = follower.position
    try:
        lines, position = await anyio.to_thread.run_sync(follower.read)
    except OSError as error:
        log.info("logwatch.unreadable", file=str(follower.path), reason=error.strerror)
        return
    if lines:
        await context.emit(*_events(follower.path, lines, before))
    if position is not None:
        follower.position = position
        positions.save(str(follower.path), position)


def _events(path: Path, lines: list[str], before: Position | None) -> list[Event]:
    now = time.time()
    place = f"{before.inode}:{before.offset}" if before else f"new:{now}"
    found: list[Event] = []
    for number, line in enumerate(lines):
        digest = hashlib.blake2b(f"{path}:{place}:{number}:{line}".encode(), digest_size=12).hexdigest()
        found.append(Event(id=f"log-{digest}", source=path.name, kind="text", priority=Priority.BACKGROUND, at=now, text=line))
    return found


async def _journal(context: PluginContext) -> None:
    journal = context.drivers.journal
    if journal is None or not journal.available():
        log.info("logwatch.no_journal", remedy="log files are followed; nothing to do if this machine has no systemd journal")
        return
    saved = context.state_dir / "cursor"
    cursor = saved.read_text("utf-8") if saved.exists() else None
    async for place, source, line in journal.follow(cursor):
        digest = hashlib.blake2b(place.encode(), digest_size=12).hexdigest()
        await context.emit(Event(id=f"jnl-{digest}", source=source, kind="text", priority=Priority.BACKGROUND, at=time.time(), text=line))
        saved.write_text(place, "utf-8")
