"""From sound to features: 40 ms of 16-bit samples in, 320 numbers out, the same whether streamed or taken whole.

Each 25 ms window is shifted to the full width of its 16 bits before the filter bank, and the shift given
back afterwards: so a whisper at -60 dBFS keeps its detail and a shout does not clip. Beside the spectrum,
each band is told against its own floor, which falls fast and rises slowly (minimum statistics, Martin
2001), and against the floor of all bands: neither changes with the microphone's gain.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import IntegerNetwork
from kairos_plugins.ear.filters import BANDS, HOPS, OCTAVE, RATE, WINDOW

FRAME: Final = 640
"""Samples of one frame."""
FRAMES_A_SECOND: Final = RATE // FRAME
CELLS_A_SECOND: Final = FRAMES_A_SECOND * HOPS
FEATURES: Final = 2 * BANDS * HOPS
UNIT: Final = 2 * OCTAVE
"""Steps of a feature for 6 dB."""
Samples = NDArray[np.int16]
Features = NDArray[np.int16]
_HOP: Final = FRAME // HOPS
_BEFORE: Final = WINDOW - _HOP
_FALL: Final = 2
_RISE: Final = 7
_QUIET: Final = -10 * OCTAVE
"""Below what the last bit of the samples makes, so that silence of any kind is one silence."""
_DITHER: Final = 4
"""Steps of a whisper added to every sample, about -82 dBFS: a null sink or a gated microphone hands over exact zeros, which no room has."""
_DITHER_FRAMES: Final = 25
_EMPHASIS: Final = (31, 5)
"""y = x - 31/32 of the sample before."""


@cache
def _whisper() -> NDArray[np.int32]:
    """[25 frames] The same few quiet numbers for ever, by a linear congruence (Numerical Recipes' constants)."""
    found, state = np.zeros(_DITHER_FRAMES * FRAME, np.int32), 1
    for place in range(len(found)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        found[place] = (state >> 16) % (2 * _DITHER + 1) - _DITHER
    return found


_PLACES: Final = np.arange(WINDOW) + _HOP * np.arange(HOPS)[:, None]
"""Samples of each window of a frame."""


class Frontend:
    """One listening."""

    def __init__(self, bank: IntegerNetwork) -> None:
        self._bank = bank.stream()
        self._tail = np.zeros(_BEFORE + 1, np.int32)
        self._whisper, self._count = _whisper(), 0
        self._floor = Floor()

    def frame(self, samples: Samples) -> Features:
        """int16 [640] to int16 [320]: by hop, each band over its floor, then each band over the floor of all."""
        place = self._count % _DITHER_FRAMES * FRAME
        heard = np.concatenate([self._tail, samples + self._whisper[place : place + FRAME]])
        self._count += 1
        self._tail = heard[-_BEFORE - 1 :]
        windows, shifts = _levelled(_emphasised(heard)[_PLACES])
        return self._floor.features(_spectrum(self._bank.step(windows.reshape(-1))["power"], shifts))


def whole(bank: IntegerNetwork, samples: Samples) -> Features:
    """A recording at once, [T, 320]: what `Frontend` makes of its frames; what is left over at the end is not heard."""
    count = len(samples) // FRAME
    whisper = np.resize(_whisper(), count * FRAME)
    heard = np.concatenate([np.zeros(_BEFORE + 1, np.int32), samples[: count * FRAME] + whisper])
    windows, shifts = _levelled(np.lib.stride_tricks.sliding_window_view(_emphasised(heard), WINDOW)[::_HOP])
    outputs, _ = bank.clip(windows.reshape(count, HOPS * WINDOW))
    floor, spectra = Floor(), _spectrum(outputs["power"], shifts)
    return np.stack([floor.features(each) for each in spectra]) if count else np.zeros((0, FEATURES), np.int16)


def over_floors(features: Features) -> NDArray[np.int16]:
    """Each band over its own floor, [.., HOPS, BANDS], out of features [.., 320]."""
    return features.reshape(*features.shape[:-1], HOPS, 2 * BANDS)[..., :BANDS]


def floors(features: Features) -> NDArray[np.int32]:
    """Each band's own floor over that of all, [.., BANDS], out of features [.., 320]."""
    first = features.reshape(*features.shape[:-1], HOPS, 2, BANDS)[..., 0, :, :].astype(np.int32)
    return first[..., 1, :] - first[..., 0, :]


class Floor:
    """What each band was like while nothing happened."""

    def __init__(self) -> None:
        self._floor: NDArray[np.int32] | None = None

    def features(self, spectrum: NDArray[np.int32]) -> Features:
        """int32 [HOPS, BANDS] to int16 [320]; moves the floor."""
        now = spectrum.sum(axis=0) >> 2
        floor = now if self._floor is None else self._floor
        level = int(floor.sum()) // BANDS
        found = np.concatenate([spectrum - floor, spectrum - level], axis=1)
        step = now - floor
        self._floor = floor + np.minimum(step >> _FALL, step >> _RISE)  # the former is the lesser where it falls
        return np.minimum(np.maximum(found, -32768), 32767).astype(np.int16).reshape(-1)


def _emphasised(heard: NDArray[np.int32]) -> NDArray[np.int32]:
    factor, shift = _EMPHASIS
    return heard[1:] - ((heard[:-1] * factor) >> shift)


def _levelled(windows: NDArray[np.int32]) -> tuple[Samples, NDArray[np.int32]]:
    """Each window [n, 400] without its mean, shifted to fill 16 bits, and its shift [n]; to the right where it had more."""
    windows = windows - windows.sum(axis=1, keepdims=True) // WINDOW
    peak = np.maximum(np.abs(windows).max(axis=1), 1)
    shifts = 15 - np.frexp(peak)[1].astype(np.int32)  # frexp's exponent is the bit length
    if shifts.min() >= 0:
        return (windows << shifts[:, None]).astype(np.int16), shifts
    windows = windows >> np.maximum(-shifts, 0)[:, None]  # louder than 16 bits, which emphasis can make it
    return (windows << np.maximum(shifts, 0)[:, None]).astype(np.int16), shifts


def _spectrum(power: Any, shifts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Log power [.., HOPS, BANDS] with the shifts taken back."""
    bands = power.astype(np.int32).reshape(*power.shape[:-1], HOPS, BANDS)
    return np.maximum(bands - UNIT * shifts.reshape(*power.shape[:-1], HOPS, 1), _QUIET)
