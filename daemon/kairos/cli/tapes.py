"""Tapes: JSON lines `{t, source, kind, body, expect}`, played through the real socket.

`t` is seconds from the start, `body` the text or the metrics, `expect` (optional) the verdict a
person would want, used by gates. The same format is documented in docs/gates.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec

from kairos.config.places import Places
from kairos.errors import DaemonUnreachable, KairosError
from kairos.logs import get_logger

log = get_logger("tape")


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a tape."""

    t: float
    source: str
    kind: str = "text"
    body: str | dict[str, float]
    expect: str | list[str] | None = None


class TapeError(KairosError):
    """A line of a tape is not what docs/gates.md says."""


def read(path: Path) -> Iterator[Line]:
    """The lines of a tape, in order; raises `TapeError` naming file and line."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise TapeError(f"cannot read the tape {path}: {error.strerror}") from error
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.strip():
            try:
                yield msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError as error:
                raise TapeError(f"{path}:{number}: {error}") from error


def event_fields(line: Line) -> dict[str, Any]:
    """The line as arguments of a client's `send`."""
    body = {"metrics": line.body} if isinstance(line.body, dict) else {"text": line.body}
    return {**body, "source": line.source}


async def play(path: Path, where: Places) -> None:
    """Send every line at its time."""
    from kairos.client import AsyncClient

    started = anyio.current_time()
    async with AsyncClient(where) as client:
        for line in read(path):
            await anyio.sleep_until(started + line.t)
            try:
                await client.send(**event_fields(line))
            except DaemonUnreachable as error:  # it is stopping, or far behind: a tape is no reason to end it
                log.warning("tape.ended", reason=str(error))
                return
