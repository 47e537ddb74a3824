"""Another speaker out of one: pitch, formants and tempo moved independently, so that few voices become many.

A phase vocoder (Flanagan and Golden 1966) stretches time, resampling turns part of the stretch into pitch, and the
spectral envelope, found by cepstral liftering, is moved by itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.noises import Sound

_SIZE: Final = 512
_HOP: Final = 128
_LIFTER: Final = 28
_FLOOR: Final = 1e-5


def disguised(sound: Sound, *, pitch: float, formants: float, tempo: float) -> Sound:
    """`sound` with its pitch and its formants multiplied, and lasting `tempo` times as long."""
    window = np.hanning(_SIZE + 1)[:-1]
    padded = np.pad(sound, _SIZE)
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP] * window, axis=1)
    moved = _stretched(_reshaped(spectra, pitch / formants), tempo * pitch)
    frames = np.fft.irfft(moved, _SIZE, axis=1) * window
    found, weight = np.zeros((len(frames) - 1) * _HOP + _SIZE), np.full((len(frames) - 1) * _HOP + _SIZE, _FLOOR)
    for number, frame in enumerate(frames):
        found[number * _HOP : number * _HOP + _SIZE] += frame
        weight[number * _HOP : number * _HOP + _SIZE] += window**2
    start = round(_SIZE * tempo * pitch)
    stretched = (found / weight)[start : start + round(len(sound) * tempo * pitch)]
    return soxr.resample(stretched, RATE * pitch, RATE) if pitch != 1.0 else stretched


def _reshaped(spectra: NDArray[np.complex128], factor: float) -> NDArray[np.complex128]:
    """Each frame's envelope at `factor` times the frequency, its fine structure left."""
    logs = np.log(np.abs(spectra) + _FLOOR)
    cepstra = np.fft.irfft(logs, _SIZE, axis=1)
    cepstra[:, _LIFTER : _SIZE - _LIFTER + 1] = 0.0
    envelope = np.fft.rfft(cepstra, axis=1).real
    place = np.minimum(np.arange(spectra.shape[1]) * factor, spectra.shape[1] - 1.001)
    low = place.astype(int)
    share = place - low
    return spectra * np.exp(envelope[:, low] * (1 - share) + envelope[:, low + 1] * share - envelope)


def _stretched(spectra: NDArray[np.complex128], factor: float) -> NDArray[np.complex128]:
    """`factor` times as many frames, each partial's phase going on at its own pace."""
    place = np.arange(0, len(spectra) - 1, 1 / factor)
    low = place.astype(int)
    share = (place - low)[:, None]
    size, phase = np.abs(spectra), np.angle(spectra)
    expected = 2 * np.pi * _HOP * np.arange(spectra.shape[1]) / _SIZE
    drift = np.diff(phase, axis=0) - expected
    advance = expected + drift - 2 * np.pi * np.round(drift / (2 * np.pi))
    phases = phase[0] + np.concatenate([np.zeros((1, spectra.shape[1])), np.cumsum(advance[low[:-1]], axis=0)])
    return (size[low] * (1 - share) + size[low + 1] * share) * np.exp(1j * phases)
