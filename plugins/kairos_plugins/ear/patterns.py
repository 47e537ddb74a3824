"""What sounds now: an alarm by its rhythm, or some other beeper by its beat and its tone.

Alarms are asked for every second or two, by loudness (`rhythm`), any other beeper (`beats`) every other. A beeper is
told only when no alarm was found in it for as long as finding one takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.beats import NEEDED, Beats
from kairos_plugins.ear.filters import HOPS
from kairos_plugins.ear.frontend import CELLS_A_SECOND
from kairos_plugins.ear.rhythm import RHYTHMS, STEPS, Matcher, View

Kind = Literal["smoke", "carbon_monoxide", "beeper"]
_BEATS_ASKED_S: Final = 2
_EVEN: Final = 0.5
_LASTING: Final = 20 * CELLS_A_SECOND
"""A beeper has gone on for so long when enough questions say so; an alarm is found before."""
_FORGOTTEN: Final = 8 * CELLS_A_SECOND
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
        self._bands = View(max(NEEDED, *(matcher.needed for matcher in self._matchers)))
        self._tone = View(NEEDED, width=1)
        self._beats = Beats()
        self._now = self._sign = 0
        self._sounding: Heard | None = None

    @property
    def sounding(self) -> Heard | None:
        """The pattern that goes on now."""
        return self._sounding

    def feed(self, tone: Sequence[float], bands: NDArray[np.int16]) -> Heard | None:
        """One frame, probabilities of a tone [HOPS] and loudness [HOPS, BANDS]: a pattern that has just become certain, else None."""
        self._bands.feed(bands)
        self._tone.feed(np.asarray(tone))
        self._now += HOPS
        beeper = self._beeper() if self._asked(_BEATS_ASKED_S) else None
        found = self._alarm() or beeper
        if found is not None:
            self._sounding = found
        elif self._sounding is not None and self._now - self._sign > _FORGOTTEN:
            self._sounding = None
        return found

    def _alarm(self) -> Heard | None:
        """The likeliest alarm, if it is news."""
        before, found = self._sounding, None
        for matcher in self._matchers:
            if not self._asked(matcher.rhythm.asked_s):
                continue
            probability, since = matcher.match(self._bands.last(matcher.needed))
            if probability < _EVEN or (found is not None and probability <= found.probability):
                continue
            found = Heard(matcher.rhythm.kind, max(0, self._now - since * CELLS_A_SECOND // STEPS), probability)
        return self._news(found) if found is not None and (before is None or before.kind != found.kind) else self._goes_on(found)

    def _beeper(self) -> Heard | None:
        """Beeps that go on, if no alarm was found in them and that is news."""
        probability = self._beats.ask(self._bands.last(NEEDED), self._tone.last(NEEDED)[:, 0])
        if probability < _EVEN or (self._sounding is not None and self._sounding.kind != "beeper"):
            return None
        found = Heard("beeper", max(0, self._now - _LASTING), probability)
        return self._news(found) if self._sounding is None else self._goes_on(found)

    def _asked(self, seconds: int) -> bool:
        """Whether this is the frame for what is asked so often."""
        return self._now % (seconds * CELLS_A_SECOND) < HOPS

    def _news(self, found: Heard) -> Heard:
        self._sign = self._now
        return found

    def _goes_on(self, found: Heard | None) -> None:
        """A sign of what sounds already, or none."""
        if found is not None and self._sounding is not None:
            self._sign = self._now
            self._sounding = self._sounding._replace(probability=max(self._sounding.probability, found.probability))
