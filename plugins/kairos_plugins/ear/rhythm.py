"""Alarms by their rhythm, band by band: a matched filter over three cycles of a published pattern.

A pattern that comes back in its own time is looked for in each band's loudness, not in the sum of all: music or a
siren elsewhere in the spectrum does not hide it, and nothing need be cut into pulses first. A band whose
loudness does not repeat at all (its autocorrelation says so) is not looked at further, so a quiet hour costs nothing.
The score is the correlation of a band, folded on its period, with the pattern, over three cycles as they were, and by how
much the pattern explains them better than any even beat does: a reversing lorry fits three pulses of four.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.filters import BANDS, HOPS, OCTAVE

Alarm = Literal["smoke", "carbon_monoxide"]
STEPS: Final = 50
"""Values of a band a second: each is the mean of two of the ear's."""
_CYCLES: Final = 3
_DEEP: Final = 8 * OCTAVE
"""24 dB under a band's loud part is silence: how silent does not matter."""
REPEATS: Final = 0.35
"""Autocorrelation a band must have at a cycle's length to be looked at."""
_LOOKED_AT: Final = 5
"""Bands at a time: an alarm has a few overtones."""
_CERTAIN: Final = 30.0
_HOPELESS: Final = 0.2
"""Under an even score by so much, another cycle would not help."""
_TIES: Final = 1e-3
_STRETCH: Final = np.array([0.92, 1.0, 1.08])
_WAYS: Final = len(_STRETCH) ** 2
Bands = NDArray[np.float32]


class Found(NamedTuple):
    """How well the newest sound fits a rhythm: probability, and steps since its first pulse in view."""

    probability: float
    since: int


class Rhythm(NamedTuple):
    """Pulses of one length, a space between, a pause after the last; in seconds, each of them 10 % off at most."""

    kind: Alarm
    pulses: int
    on: float
    off: float
    pause: float
    evens: tuple[float, ...]
    """Scores over three cycles, over four, at which it is as likely as not: halfway between it and anything else we could make."""
    asked_s: int
    """Seconds from one question for it to the next: a long cycle need not be asked for as often."""
    slope: float = 0.03


RHYTHMS: Final = (
    Rhythm("smoke", 3, 0.5, 0.5, 1.5, evens=(0.83,), asked_s=1),
    Rhythm("carbon_monoxide", 4, 0.1, 0.1, 5.0, evens=(0.60, 0.52), asked_s=2),
)


class Matcher:
    """One rhythm and all its tempos."""

    def __init__(self, rhythm: Rhythm) -> None:
        self.rhythm = rhythm
        cycle = rhythm.pulses * rhythm.on + (rhythm.pulses - 1) * rhythm.off + rhythm.pause
        self._shortest, self._longest = round(0.9 * cycle * STEPS), round(1.1 * cycle * STEPS)
        self._loud_share = rhythm.pulses * rhythm.on / cycle
        self._three = _CYCLES * self._longest

    @property
    def needed(self) -> int:
        """Steps it looks back."""
        return (_CYCLES + len(self.rhythm.evens) - 1) * self._longest

    def match(self, bands: Bands) -> Found:
        """Loudness [needed, BANDS], in the ear's steps, newest last."""
        heard, best = flattened(bands[-self._three :], self._loud_share), Found(0.0, 0)
        for band, period in self._candidates(heard):
            for cycles, even in enumerate(self.rhythm.evens, start=_CYCLES):
                alone = heard if cycles == _CYCLES else flattened(bands[-cycles * self._longest :, [band]], self._loud_share)
                window = alone[band if cycles == _CYCLES else 0, -cycles * period :]
                score, shift = self._fit(window, period)
                best = max(best, Found(likely(score, even, self.rhythm.slope), len(window) - shift))
                if score < even - _HOPELESS:
                    break
        return best

    def _candidates(self, heard: Bands) -> Iterator[tuple[int, int]]:
        """Bands that repeat, with the lengths of cycle they repeat at best."""
        found = repetition(heard, self._shortest, self._longest)
        peaks = found.max(axis=1)
        for band in np.argsort(-peaks, kind="stable")[:_LOOKED_AT]:
            if peaks[band] < REPEATS:
                return
            yield int(band), self._shortest + int(found[band].argmax())

    def _fit(self, window: Bands, period: int) -> tuple[float, int]:
        """The score of this period, and where in the window its first pulse begins."""
        fold = np.fft.rfft(window.reshape(-1, period).mean(axis=0))
        found = np.fft.irfft(fold * self._patterns[period], period, axis=1) / max(float(window.std()), _TIES)
        ours, beats = found[:_WAYS], found[_WAYS:]
        _, shift = np.unravel_index(int(ours.argmax()), ours.shape)
        return 2 * float(ours.max()) - float(beats.max()), int(shift)

    @cached_property
    def _patterns(self) -> dict[int, NDArray[np.complex128]]:
        """By period: spectra to correlate with, of each way to fill it with our pulses, then of what else might fill it."""
        return {
            period: _spectra([*self._filled(period), *_beats(period), *self._oftener(period)])
            for period in range(self._shortest, self._longest + 1)
        }

    def _filled(self, period: int) -> Iterator[NDArray[np.float64]]:
        rhythm = self.rhythm
        for on, off in product(_STRETCH * np.array(rhythm.on), _STRETCH * np.array(rhythm.off)):
            mask = np.zeros(period)
            for pulse in range(rhythm.pulses):
                start = pulse * (on + off) * STEPS
                mask[round(start) : round(start + on * STEPS)] = 1.0
            yield mask

    def _oftener(self, period: int) -> Iterator[NDArray[np.float64]]:
        """Groups of pulses like ours that come twice to six times in a cycle, as kitchen timers' do."""
        on, apart = self.rhythm.on * STEPS, (self.rhythm.on + self.rhythm.off) * STEPS
        for pulses, groups in product(range(2, 6), range(2, 7)):
            if groups * (pulses * apart) >= period:
                continue
            place = np.arange(period) % (period / groups)
            yield ((place < pulses * apart) & (place % apart < on)).astype(np.float64)


def _beats(period: int) -> Iterator[NDArray[np.float64]]:
    """One to eight even pulses."""
    for count, share in product(range(1, 9), (0.15, 0.3, 0.5, 0.7, 0.85)):
        yield (np.arange(period) * count / period % 1 < share).astype(np.float64)


def _spectra(masks: list[NDArray[np.float64]]) -> NDArray[np.complex128]:
    """Conjugate spectra, scaled so that a product with a fold's spectrum is its covariance with a mask of deviation 1."""
    found = np.stack(masks)
    found = found - found.mean(axis=1, keepdims=True)
    return np.conj(np.fft.rfft(found / (found.std(axis=1, keepdims=True) * found.shape[1]), axis=1))


class View:
    """The last seconds of loudness, by band, or of whatever else is told four times a frame."""

    def __init__(self, steps: int, width: int = BANDS, *, a_frame: int = HOPS // 2) -> None:
        """Of `steps`, so many `a_frame`, each the mean of what is told in it."""
        self._kept = np.zeros((2 * steps, width), np.float32)
        self._steps, self._end, self._a_frame = steps, steps, a_frame

    def feed(self, frame: NDArray[Any]) -> None:
        """One frame, [HOPS, width]."""
        if self._end + self._a_frame > len(self._kept):
            self._kept[: self._steps] = self._kept[self._end - self._steps : self._end]
            self._end = self._steps
        self._kept[self._end : self._end + self._a_frame] = frame.reshape(self._a_frame, HOPS // self._a_frame, -1).mean(axis=1)
        self._end += self._a_frame

    def last(self, steps: int) -> Bands:
        """[steps, width]; before the first frame there was silence."""
        return self._kept[self._end - steps : self._end]


def repetition(heard: Bands, shortest: int, longest: int) -> Bands:
    """[BANDS, steps] to [BANDS, 1 + longest - shortest]: unbiased autocorrelation at each period, 1 for what repeats exactly."""
    steps = heard.shape[1]
    spectrum = np.fft.rfft(heard - heard.mean(axis=1, keepdims=True), fast_length(steps + longest + 1), axis=1)
    lags = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)
    unbiased = (steps / (steps - np.arange(shortest, longest + 1))).astype(np.float32)
    return lags[:, shortest : longest + 1] / np.maximum(lags[:, :1], _TIES) * unbiased


def likely(score: float, even: float, slope: float) -> float:
    """The probability of a score: a half at `even`."""
    return float(1 / (1 + np.exp(np.clip((even - score) / slope, -_CERTAIN, _CERTAIN))))


def fast_length(length: int) -> int:
    """The least length from `length` on that a Fourier transform likes."""
    return min(odd << (-(-length // odd) - 1).bit_length() for odd in (1, 3, 5))


def flattened(bands: Bands, share: float) -> Bands:
    """[BANDS, steps] with the quiet parts at one level: `_DEEP` under what is loud for half of `share` of the time."""
    heard = np.ascontiguousarray(bands.T)
    place = round(len(bands) * (1 - share / 2))
    return np.maximum(heard, np.partition(heard, place, axis=1)[:, place, None] - _DEEP)
