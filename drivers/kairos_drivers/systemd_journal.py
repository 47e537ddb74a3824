"""The systemd journal by `journalctl`. Driver `journal`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from subprocess import DEVNULL, PIPE
from typing import Any

import anyio
import msgspec
from anyio.streams.text import TextReceiveStream

_OURS = "kairosd"


class Journalctl:
    """`Journal` over a child `journalctl --follow`, which ends with us."""

    def available(self) -> bool:
        """Whether there is a journal with at least one line we may read."""
        program = shutil.which("journalctl")
        if program is None:
            return False
        done = subprocess.run([program, "--quiet", "--lines=1", "--output=json"], stdin=DEVNULL, capture_output=True, check=False)
        return done.returncode == 0 and bool(done.stdout.strip())

    async def follow(self, cursor: str | None) -> AsyncIterator[tuple[str, str, str]]:
        """Endless `(cursor, identifier, line)`; our own lines are left out."""
        after = [f"--after-cursor={cursor}"] if cursor else ["--lines=0"]
        argv = ["journalctl", "--quiet", "--follow", "--output=json", *after]
        async with await anyio.open_process(argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL) as process:
            assert process.stdout is not None
            rest = ""
            async for chunk in TextReceiveStream(process.stdout, errors="replace"):
                *lines, rest = (rest + chunk).split("\n")
                for line in lines:
                    if entry := _entry(line):
                        yield entry


def _entry(line: str) -> tuple[str, str, str] | None:
    try:
        fields: dict[str, Any] = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    message = fields.get("MESSAGE")
    if isinstance(message, list):  # bytes that are not UTF-8 come as numbers
        numbers: list[int] = message  # pyright: ignore[reportUnknownVariableType]
        message = bytes(numbers).decode("utf-8", "backslashreplace")
    source = str(fields.get("SYSLOG_IDENTIFIER") or fields.get("_SYSTEMD_UNIT") or "journal")
    if not isinstance(message, str) or not message.strip() or source == _OURS:
        return None
    return str(fields["__CURSOR"]), source, message.strip()[:2000]
