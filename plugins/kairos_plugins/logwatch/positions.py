"""Saved positions, one small file, replaced whole: a line is handed in again rather than lost."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from kairos_plugins.logwatch.follow import Position

_Positions = dict[str, Position]


class Positions:
    """Positions by path."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        try:
            self.known = msgspec.json.decode(path.read_bytes(), type=_Positions)
        except (OSError, msgspec.DecodeError):
            self.known = _Positions()

    def save(self, key: str, position: Position) -> None:
        """Keep `position`; a disk that refuses only costs repeated lines after a restart."""
        if self.known.get(key) == position:
            return
        self.known[key] = position
        scratch = self._path.with_suffix(".part")
        try:
            scratch.write_bytes(msgspec.json.encode(self.known))
            scratch.replace(self._path)
        except OSError:
            return
