"""What sounds now: an alarm by its rhythm, or some other beeper by its tone.

Alarms are asked for once a second, by loudness (`rhythm`). Any other beeper is one whose tone, which the network
hears, has come and gone for a while without an alarm having been found in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.filters import HOPS
from kairos_plugins.ear.rhythm import RHYTHMS, STEPS, Matcher, View

Kind = Literal["smoke", "carbon_monoxide", "beeper"]
CELLS: Final = 100
"""Cells a second."""
_ASKED: Final = CELLS
"""Cells from one question for alarms to the next."""
_EVEN: Final = 0.5
_ON: Final = 0.4
_OFF: Final = 0.2
_SHORTEST: Final = 3
_HOLE: Final = 2
"""Cells of a pulse: how many it has, how many may be lost within it."""
_WHOLE: Final = 0.8
"""Share of a pulse its tone must have been heard in."""
_MANY: Final = 5
_RECENT: Final = 6 * CELLS
_LASTING: Final = 20 * CELLS
"""An alarm is found before that; what is none by then is some other beeper."""
_FORGOTTEN: Final = 8 * CELLS
"""Without a sign for so long, it has ended: more than any pause, and two of three cycles in view are a sign."""


class Heard(NamedTuple):
    """A pattern: since which cell, and how sure."""

    kind: Kind
    start: int
    probability: float


class Patterns:
    """What one listening comes to."""

    def __init__(self) -> None:
        self._matchers = [Matcher(rhythm) for rhythm in RHYTHMS]
        self._view = View(max(matcher.needed for matcher in self._matchers))
        self._beeps = _Beeps()
        self._now = self._sign = 0
        self._sounding: Heard | None = None

    @property
    def sounding(self) -> Heard | None:
        """The pattern that goes on now."""
        return self._sounding

    def feed(self, tone: Sequence[float], bands: NDArray[np.int16]) -> Heard | None:
        """One frame, probabilities of a tone [HOPS] and loudness [HOPS, BANDS]: a pattern that has just become certain, else None."""
        self._view.feed(bands)
        for probability in tone:
            self._beeps.step(self._now, probability)
            self._now += 1
        found = self._alarm() if self._now % _ASKED < HOPS else None
        found = found or self._beeper()
        if found is not None:
            self._sounding = found
        elif self._sounding is not None and self._now - self._sign > _FORGOTTEN:
            self._sounding = None
        return found

    def _alarm(self) -> Heard | None:
        """The likeliest alarm, if it is news."""
        before, found = self._sounding, None
        for matcher in self._matchers:
            probability, since = matcher.match(self._view.last(matcher.needed))
            if probability < _EVEN or (found is not None and probability <= found.probability):
                continue
            found = Heard(matcher.rhythm.kind, max(0, self._now - since * CELLS // STEPS), probability)
        if found is None:
            return None
        self._sign = self._now
        if before is not None and before.kind == found.kind:
            self._sounding = before._replace(probability=max(before.probability, found.probability))
            return None
        return found

    def _beeper(self) -> Heard | None:
        """Beeps that go on, if no alarm was found in them and that is news."""
        heard = self._beeps.lasting(self._now)
        if heard is None or (self._sounding is not None and self._sounding.kind != "beeper"):
            return None
        self._sign = self._now
        return None if self._sounding is not None else heard


class _Beeps:
    """Pulses of a tone: short holes filled, what is too short or mostly holes left out."""

    def __init__(self) -> None:
        self._found: deque[tuple[int, float]] = deque(maxlen=_MANY)
        self._open: list[float] = []
        self._began = self._last_on = self._first = 0

    def step(self, now: int, probability: float) -> None:
        """One cell."""
        if probability >= (_OFF if self._open else _ON):
            if not self._open:
                self._began = now
            self._open.append(probability)
            self._last_on = now
        elif self._open and now - self._last_on > _HOLE:
            self._close()

    def lasting(self, now: int) -> Heard | None:
        """Beeps that have gone on for long and still do."""
        many = len(self._found) == _MANY and now - self._found[0][0] < _RECENT
        if not many or now - self._first < _LASTING:
            return None
        return Heard("beeper", self._first, sum(probability for _, probability in self._found) / _MANY)

    def _close(self) -> None:
        length = self._last_on + 1 - self._began
        if length >= _SHORTEST and len(self._open) >= _WHOLE * length:
            if not self._found or self._began - self._found[-1][0] > _RECENT:
                self._first = self._began
            self._found.append((self._began, sum(self._open) / len(self._open)))
        self._open = []
