"""Beepers told by their rhythm: smoke (T3), carbon monoxide (T4), and any other, from when the tone was on.

A network says when a tone sounds; what the tone means is a matter of published timings, and those are
compared here, in cells of 10 ms. T3 and T4 are named only once a whole pattern came back in its own time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

Kind = Literal["smoke", "carbon_monoxide", "beeper"]
_ON: Final = 0.5
_OFF: Final = 0.35
_GAP: Final = 2
"""Cells a pulse may be lost for and still be one."""
_SHORTEST: Final = 3
_KEPT: Final = 24
_FORGOTTEN: Final = 1200
"""Cells without a pulse after which a pattern has ended: 12 s, more than the longest pause."""
_MANY: Final = 5


class Pulse(NamedTuple):
    """One tone, in cells since the start."""

    start: int
    end: int
    probability: float


class Heard(NamedTuple):
    """A pattern: since when, and how sure."""

    kind: Kind
    start: int
    probability: float


class Rhythm(NamedTuple):
    """Intervals between starts, again and again, and how long a pulse may be; in cells."""

    kind: Kind
    intervals: tuple[int, ...]
    on: tuple[int, int]
    seen: int
    """Intervals in a row that make it certain."""
    slack: float = 0.2


RHYTHMS: Final = (
    Rhythm("smoke", (100, 100, 200), (30, 75), seen=5, slack=0.17),
    Rhythm("carbon_monoxide", (20, 20, 20, 510), (5, 20), seen=5),
)


class Patterns:
    """What pulses of one listening come to."""

    def __init__(self) -> None:
        self._pulses: deque[Pulse] = deque(maxlen=_KEPT)
        self._now = 0
        self._open: list[float] = []
        self._began = self._last_on = 0
        self._sounding: Heard | None = None

    @property
    def sounding(self) -> Heard | None:
        """The pattern that goes on now."""
        return self._sounding

    def feed(self, probabilities: Sequence[float]) -> Heard | None:
        """Probabilities of a tone for the next cells: a pattern that has just become certain, else None."""
        found: Heard | None = None
        for probability in probabilities:
            if self._step(probability):
                found = self._name() or found
            self._now += 1
        if self._sounding is not None and not self._open and self._now - self._last_on > _FORGOTTEN:
            self._sounding = None
            self._pulses.clear()
        return found

    def _step(self, probability: float) -> bool:
        """Move one cell on; returns whether a pulse ended."""
        if probability >= (_OFF if self._open else _ON):
            if not self._open:
                self._began = self._now
            self._open.append(probability)
            self._last_on = self._now
            return False
        if not self._open or self._now - self._last_on <= _GAP:
            return False
        pulse = Pulse(self._began, self._last_on + 1, sum(self._open) / len(self._open))
        self._open = []
        if pulse.end - pulse.start < _SHORTEST:
            return False
        self._pulses.append(pulse)
        return True

    def _name(self) -> Heard | None:
        """The pattern the newest pulses make, if it is news."""
        for rhythm in RHYTHMS:
            recent = list(self._pulses)[-rhythm.seen - 1 :]
            if len(recent) > rhythm.seen and _fits(recent, rhythm):
                return self._told(rhythm.kind, recent)
        recent = [pulse for pulse in self._pulses if self._now - pulse.start < _FORGOTTEN // 2]
        if len(recent) >= _MANY and self._sounding is None and not any(_begins(recent, rhythm) for rhythm in RHYTHMS):
            return self._told("beeper", recent)
        return None

    def _told(self, kind: Kind, pulses: Sequence[Pulse]) -> Heard | None:
        before = self._sounding
        if before is not None and kind in (before.kind, "beeper"):
            return None
        probability = sum(pulse.probability for pulse in pulses) / len(pulses)
        self._sounding = Heard(kind, pulses[0].start, probability)
        return self._sounding


def _fits(pulses: Sequence[Pulse], rhythm: Rhythm) -> bool:
    """Whether intervals and lengths are those of the rhythm, wherever in it they begin."""
    if not all(rhythm.on[0] <= pulse.end - pulse.start <= rhythm.on[1] for pulse in pulses):
        return False
    found = [after.start - before.start for before, after in pairwise(pulses)]
    count = len(rhythm.intervals)
    turns = ([rhythm.intervals[(turn + place) % count] for place in range(len(found))] for turn in range(count))
    return any(all(abs(one - want) <= rhythm.slack * want for one, want in zip(found, turn, strict=True)) for turn in turns)


def _begins(pulses: Sequence[Pulse], rhythm: Rhythm) -> bool:
    """Whether the newest pulses may yet become the rhythm."""
    return _fits(pulses[-rhythm.seen :], rhythm)
