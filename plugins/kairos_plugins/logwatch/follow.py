"""Follow one file across appends, truncation and rotation, from a saved position.

A position is (device, inode, offset, fingerprint of the first bytes): after a restart the file is
recognised even if it was renamed, and a new file of the same name and inode is not mistaken for it.
Blocking calls; run in a thread.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

_CHUNK: Final = 1 << 16
_PRINT: Final = 256


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where reading of a file stands."""

    device: int
    inode: int
    offset: int
    head: str
    """Hash of the first bytes, as many as there were (at most 256)."""
    head_bytes: int


class Follower:
    """One path. `read` returns new whole lines; `position` is what to save once they are safe."""

    def __init__(self, path: Path, position: Position | None, *, from_start: bool, max_line: int) -> None:
        self.path: Final = path
        self.position = position
        self._from_start = from_start
        self._max_line = max_line

    def read(self) -> tuple[list[str], Position | None]:
        """New lines and the position behind them; nothing while the file is missing."""
        lines: list[str] = []
        rest = self._rotated_rest()
        lines += rest
        try:
            with self.path.open("rb") as file:
                facts = os.fstat(file.fileno())
                start = self._start(file, facts)
                file.seek(start)
                data = file.read(_CHUNK)
                end = data.rfind(b"\n") + 1
                if not end and len(data) == _CHUNK:
                    end = len(data)  # one endless line: handed in as it is
                lines += self._split(data[:end])
                file.seek(0)
                head = file.read(min(_PRINT, start + end))
        except FileNotFoundError:
            return lines, self.position
        position = Position(
            device=facts.st_dev, inode=facts.st_ino, offset=start + end,
            head=hashlib.blake2b(head, digest_size=8).hexdigest(), head_bytes=len(head),
        )  # fmt: skip
        return lines, position

    def _start(self, file: object, facts: os.stat_result) -> int:
        """Where to read from: the saved offset, or 0 of a file that is new or was truncated."""
        known = self.position
        if known is None:
            return 0 if self._from_start else facts.st_size
        same = (known.device, known.inode) == (facts.st_dev, facts.st_ino)
        if same and known.offset <= facts.st_size and self._print(file, known.head_bytes) == known.head:
            return known.offset
        return 0

    def _print(self, file: object, count: int) -> str:
        file.seek(0)  # type: ignore[attr-defined]
        return hashlib.blake2b(file.read(count), digest_size=8).hexdigest()  # type: ignore[attr-defined]

    def _rotated_rest(self) -> list[str]:
        """Lines written to the old file between our last look and its renaming."""
        known = self.position
        if known is None:
            return []
        try:
            now = self.path.stat()
            if (now.st_dev, now.st_ino) == (known.device, known.inode):
                return []
        except FileNotFoundError:
            pass
        for sibling in sorted(self.path.parent.glob(f"{self.path.name}*")):
            try:
                facts = sibling.stat()
                if (facts.st_dev, facts.st_ino) != (known.device, known.inode) or sibling == self.path:
                    continue
                with sibling.open("rb") as file:
                    if self._print(file, known.head_bytes) != known.head:
                        continue
                    file.seek(known.offset)
                    data = file.read()
            except OSError:
                continue
            self.position = None if not self.path.exists() else msgspec.structs.replace(known, inode=0, offset=0)
            return self._split(data)
        return []

    def _split(self, data: bytes) -> list[str]:
        """Whole lines, readable whatever the bytes: what is not UTF-8 becomes `\\xNN`."""
        lines: list[str] = []
        for raw in data.split(b"\n"):
            text = raw.decode("utf-8", "backslashreplace").rstrip("\r")
            text = "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)
            if text.strip():
                lines.append(text if len(text) <= self._max_line else text[: self._max_line - 1] + "…")
        return lines
