"""Where a position lies in a sliding layer's buffer, and how far back a rewind may go. No torch here.

A layer with window W sees, from position p, the keys of [p-W+1, p]. To rewind by up to `slack`
positions after the window has wrapped, the ring keeps size = W - 1 + slack positions; position p lies
in slot p % size, and once more at slot + size, so that any run of up to `size` positions is one
contiguous slice, in order, without copying:

    size = 6, length = 9            slots   0  1  2  3  4  5 | 6  7  8  9 10 11
    holds positions 3..8                    6  7  8  3  4  5 | 6  7  8  3  4  5
    the run [4, 9) is slots [4, 9)                      ^--------------^

`oldest` only ever grows: what a later write has covered is gone, also after a rewind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kairos.errors import FrameTooLong, RewindError


class Write(NamedTuple):
    """Copy `some` new positions, from `start` of the chunk, to `slot` of the buffer."""

    slot: int
    start: int
    some: int


@dataclass
class WindowRing:
    """The arithmetic of one sliding layer; `length` is the absolute position the next key gets."""

    window: int
    slack: int
    length: int = 0
    oldest: int = 0

    def __post_init__(self) -> None:
        assert self.window > 1
        assert self.slack > 0

    @property
    def size(self) -> int:
        """Positions the ring keeps."""
        return self.window - 1 + self.slack

    def run(self, count: int) -> tuple[int, int]:
        """The positions a chunk of `count` must see: the last W - 1, and itself."""
        return self.least_at(self.length), self.length + count

    def least_at(self, pos: int) -> int:
        """The oldest position a query at `pos` sees."""
        return max(0, pos - self.window + 1)

    def slots(self, first: int, end: int) -> tuple[int, int]:
        """The contiguous slice of the doubled buffer that holds positions [first, end)."""
        assert first >= self.oldest or first == end
        assert end - first <= self.size
        start = first % self.size
        return start, start + end - first

    def writes(self, count: int) -> Iterator[Write]:
        """The copies that put `count` new positions in place, twins included. Call `advance` after."""
        slot = self.length % self.size
        before_wrap = min(count, self.size - slot)
        for place in (slot, slot + self.size):
            yield Write(place, 0, before_wrap)
        if count > before_wrap:
            for place in (0, self.size):
                yield Write(place, before_wrap, count - before_wrap)

    def check_room(self, count: int) -> None:
        """Raise `FrameTooLong` if a chunk of `count` would cover what it must itself see."""
        if count > self.slack:
            raise FrameTooLong(count, self.slack)

    def advance(self, count: int, *, written: int = 0) -> None:
        """`count` positions were lived; `written` were written, if padding followed them."""
        self.oldest = max(self.oldest, self.length + max(count, written) - self.size)
        self.length += count

    def begin(self, oldest: int, length: int) -> None:
        """Hold [oldest, length) and nothing else."""
        self.oldest, self.length = oldest, length

    @property
    def oldest_rewind(self) -> int:
        """The least position a rewind can go to: there its whole window must still be held."""
        return self.oldest + self.window - 1 if self.oldest else 0

    def check_rewind(self, to: int) -> None:
        """Raise `RewindError` if the window before `to` is no longer whole."""
        if not self.oldest_rewind <= to <= self.length:
            raise RewindError(to, self.oldest_rewind)

    def rewind(self, to: int) -> None:
        """Take back every position from `to` on; check first."""
        self.check_rewind(to)
        self.length = to
