"""A tick already known: the verdict of a frame at an anchor, looked up instead of worked out. No torch here.

A rewind restores the ring exactly, so a frame's margin is a pure function of (model, anchor, frame), and
the idle frame of a quiet night is the same frame at the same anchor. What is kept is the margin alone;
the threshold is applied after, so a changed setting takes effect, and an ACTION is always worked out,
since it has words to say.

Purity is a claim about the machine too, so it is checked for as long as the table lives: an entry starts
with little confidence and a short life, both grow with every recomputation that agrees; at least one
known tick in `_SHADOW` is recomputed; whatever the table says, a real forward runs at least every
`real_s` seconds, so that liveness is never a table's. A divergence forgets the entry, is counted, and
makes every other entry prove itself again.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from kairos.errors import StoreUnavailable
from kairos.events import Frame
from kairos.mind.sealed import fits, keep, seal

_LABEL: Final = "memo"
_SHADOW: Final = 64
_LIFE_S: Final = 600.0
_LONGEST_S: Final = 86400.0
_TOLERANCE: Final = 1e-3
"""A margin recomputed in the same shapes is equal to the bit; this allows for a restart on another build."""


class Known(msgspec.Struct, kw_only=True):
    """One frame's margin at the anchor, and how well it is proven."""

    margin: float
    agreed: int = 0
    """Recomputations that agreed since the last divergence of any entry."""
    until: float = 0.0
    """When it must prove itself again; seconds of the wall clock."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    made_by: dict[str, str]
    anchor: str
    table: dict[str, Known]


class Statistics(msgspec.Struct, kw_only=True):
    """Counts since the start."""

    hits: int = 0
    misses: int = 0
    checks: int = 0
    divergences: int = 0


def frame_key(frame: Frame) -> str:
    """The identity of a frame's content, 32 hex characters."""
    return hashlib.blake2b(msgspec.msgpack.encode(frame), digest_size=16).hexdigest()


class Memo:
    """A bounded table for one anchor; `move` empties it."""

    def __init__(
        self, *, size: int = 4096, real_s: float = 300.0, clock: Callable[[], float] = time.time, seed: int | None = None
    ) -> None:  # fmt: skip
        """`size` entries at most, the least recently used go first."""
        self._table: OrderedDict[str, Known] = OrderedDict()
        self._size = size
        self._real_s = real_s
        self._clock = clock
        self._rng = Random(seed)  # noqa: S311 - which hits are checked, no secret
        self._anchor = ""
        self._last_real = float("-inf")
        self.statistics = Statistics()

    def move(self, anchor: str) -> None:
        """The ring stands at another anchor: nothing is known there."""
        if anchor != self._anchor:
            self._anchor = anchor
            self._table.clear()

    def look(self, key: str) -> float | None:
        """The margin of frame `key`, or None if it must be worked out; then say what it was with `learn`."""
        known, now = self._table.get(key), self._clock()
        due = self._last_real + self._real_s <= now or now < self._last_real
        if known is None or due or known.until <= now or self._rng.randrange(_SHADOW) < self._checked_share(known):
            self.statistics.misses += 1
            return None
        self._table.move_to_end(key)
        self.statistics.hits += 1
        return known.margin

    def learn(self, key: str, margin: float) -> bool:
        """Frame `key` was worked out; False if the table knew it otherwise."""
        now = self._last_real = self._clock()
        known = self._table.get(key)
        if known is None:
            self._table[key] = Known(margin=margin, until=now + _LIFE_S)
            if len(self._table) > self._size:
                self._table.popitem(last=False)
            return True
        self.statistics.checks += 1
        if abs(known.margin - margin) > _TOLERANCE:
            self.statistics.divergences += 1
            del self._table[key]
            for other in self._table.values():
                other.agreed, other.until = 0, now
            return False
        known.agreed += 1
        known.until = now + min(_LONGEST_S, _LIFE_S * 2**known.agreed)
        self._table.move_to_end(key)
        return True

    def write(self, path: Path, *, key: bytes, made_by: Mapping[str, str]) -> None:
        """Keep the table for the next start. Raises `StoreUnavailable`."""
        body = msgspec.json.encode(_Kept(made_by=dict(made_by), anchor=self._anchor, table=dict(self._table)), order="sorted")
        scratch = path.with_suffix(".part")
        try:
            scratch.write_bytes(seal(key, _LABEL, body).encode() + b"\n" + body)
            keep(scratch, path)
        except OSError as error:
            raise StoreUnavailable(path, error.strerror or str(error)) from error

    def read(self, path: Path, *, key: bytes, made_by: Mapping[str, str]) -> int:
        """Know again what was kept, if we sealed it, of the same makers and at the same anchor; returns how many frames."""
        try:
            found, _, body = path.read_bytes().partition(b"\n")
        except OSError:
            return 0
        if not fits(found.decode("ascii", "replace"), key, _LABEL, body):
            return 0
        kept = msgspec.json.decode(body, type=_Kept)
        if kept.made_by != dict(made_by) or kept.anchor != self._anchor:
            return 0
        self._table = OrderedDict(list(kept.table.items())[-self._size :])
        return len(self._table)

    def _checked_share(self, known: Known) -> int:
        """Of `_SHADOW` hits, how many are recomputed: a quarter while unproven, one at the least."""
        return max(1, (_SHADOW // 4) >> known.agreed)
