"""When somebody speaks: onset and offset from log-odds of speech, with the patience a person would have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

_ON: Final = 0.5
_OFF: Final = 0.35
_SURE: Final = 2
"""Cells in a row before an onset counts: 20 ms."""
_PATIENCE: Final = 50
"""Cells of silence before speech is over: half a second, a pause for breath."""


class Utterance(NamedTuple):
    """One stretch of speech, in cells of 10 ms; `end` is None while it lasts."""

    start: int
    end: int | None
    probability: float


class Voice:
    """Speech of one listening."""

    def __init__(self) -> None:
        self._now = 0
        self._run = self._silence = 0
        self._start: int | None = None
        self._heard: list[float] = []

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._start is not None

    def feed(self, probabilities: Sequence[float]) -> Utterance | None:
        """Probabilities of speech for the next cells: an onset or an offset, if one was among them."""
        found: Utterance | None = None
        for probability in probabilities:
            found = self._step(probability) or found
            self._now += 1
        return found

    def _step(self, probability: float) -> Utterance | None:
        if self._start is None:
            self._run = self._run + 1 if probability >= _ON else 0
            if self._run < _SURE:
                return None
            self._start, self._silence, self._heard = self._now + 1 - _SURE, 0, []
            return Utterance(self._start, None, probability)
        if probability >= _OFF:
            self._silence = 0
            self._heard.append(probability)
            return None
        self._silence += 1
        if self._silence < _PATIENCE:
            return None
        ended = Utterance(self._start, self._now + 1 - _PATIENCE, sum(self._heard) / max(1, len(self._heard)))
        self._start, self._run = None, 0
        return ended
