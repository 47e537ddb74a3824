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
_ON: Final = 0.4
_OFF: Final = 0.2
_KEPT: Final = 24
_FORGOTTEN: Final = 1200
"""Cells without a pulse after which a pattern has ended: 12 s, more than the longest pause."""
_MANY: Final = 5
_WHOLE: Final = 0.8
"""Share of a pulse its tone must have been heard in."""
_LEAST: Final = 3
"""Pulses in an alarm's rhythm after which it is waited for, not called a beeper."""


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
    gap: int
    """Cells a pulse may be lost for and still be one."""
    seen: int = 5
    """Intervals in a row that make it certain."""
    slack: float = 0.2


RHYTHMS: Final = (
    Rhythm("smoke", (100, 100, 200), (38, 80), gap=10, seen=6, slack=0.17),
    Rhythm("carbon_monoxide", (20, 20, 20, 510), (4, 22), gap=2),
)
_ANY: Final = Rhythm("beeper", (), (3, 600), gap=2)


class _Pulses:
    """Pulses of one listening, as one rhythm would have them: short holes filled, what is too short or mostly holes dropped."""

    def __init__(self, rhythm: Rhythm) -> None:
        self.rhythm = rhythm
        self.found: deque[Pulse] = deque(maxlen=_KEPT)
        self._open: list[float] = []
        self._began = self._last_on = 0

    @property
    def silent_since(self) -> int | None:
        """The cell the last tone was in; None while one sounds."""
        return None if self._open else self._last_on

    def step(self, now: int, probability: float) -> bool:
        """One cell; returns whether a pulse that counts ended."""
        if probability >= (_OFF if self._open else _ON):
            if not self._open:
                self._began = now
            self._open.append(probability)
            self._last_on = now
            return False
        if not self._open or now - self._last_on <= self.rhythm.gap:
            return False
        pulse = Pulse(self._began, self._last_on + 1, sum(self._open) / len(self._open))
        heard, length = len(self._open), pulse.end - pulse.start
        self._open = []
        if length < self.rhythm.on[0] or heard < _WHOLE * length:
            return False
        self.found.append(pulse)
        return True


class Patterns:
    """What pulses of one listening come to."""

    def __init__(self) -> None:
        self._alarms = [_Pulses(rhythm) for rhythm in RHYTHMS]
        self._any = _Pulses(_ANY)
        self._now = 0
        self._sounding: Heard | None = None

    @property
    def sounding(self) -> Heard | None:
        """The pattern that goes on now."""
        return self._sounding

    def feed(self, probabilities: Sequence[float]) -> Heard | None:
        """Probabilities of a tone for the next cells: a pattern that has just become certain, else None."""
        found: Heard | None = None
        for probability in probabilities:
            for pulses in (*self._alarms, self._any):
                if pulses.step(self._now, probability):
                    found = self._name(pulses) or found
            self._now += 1
        silent = self._any.silent_since
        if self._sounding is not None and silent is not None and self._now - silent > _FORGOTTEN:
            self._sounding = None
            for pulses in (*self._alarms, self._any):
                pulses.found.clear()
        return found

    def _name(self, pulses: _Pulses) -> Heard | None:
        """The pattern the newest pulses make, if it is news."""
        rhythm = pulses.rhythm
        if rhythm is not _ANY:
            recent = list(pulses.found)[-rhythm.seen - 1 :]
            return self._told(rhythm.kind, recent) if len(recent) > rhythm.seen and _fits(recent, rhythm) else None
        recent = [pulse for pulse in pulses.found if self._now - pulse.start < _FORGOTTEN // 2]
        promising = any(_fits(list(alarm.found)[-_LEAST:], alarm.rhythm) for alarm in self._alarms if len(alarm.found) >= _LEAST)
        return self._told("beeper", recent) if len(recent) >= _MANY and not promising else None

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
