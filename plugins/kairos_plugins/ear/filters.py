"""The filter bank as layers of fixed point: complex Gabor filters, their power, and its logarithm.

A band's window is as short as its width allows, so that bands of high pitch answer fast and cover the
whole spectrum (a constant-Q bank with a floor, as in Brown 1991); centres lie evenly on the mel scale.
Filters have no response to a constant.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import Layer

RATE: Final = 16_000
WINDOW: Final = 400
"""Samples one value is made of: 25 ms."""
HOPS: Final = 4
"""Values a band has in one frame of 40 ms."""
BANDS: Final = 40
OCTAVE: Final = 512
"""Steps of a feature for twice the power."""
_LOWEST_HZ: Final = 90.0
_HIGHEST_HZ: Final = 7400.0
_CYCLES: Final = 2.2
_FULL: Final = 32768
_SQUARABLE: Final = 23_170
"""Two squares of this still fit into int32."""


def layers() -> list[Layer]:
    """From `HOPS` windows laid end to end to `OCTAVE` * log2(power), the band fastest."""
    cosine, sine = filters()
    scale = _SQUARABLE / _FULL
    return [
        Layer(name="cosine", kind="conv1d", weights=cosine, stride=WINDOW, activation="identity", scale=scale),
        Layer(name="sine", kind="conv1d", weights=sine, stride=WINDOW, activation="identity", scale=scale),
        Layer(name="sine_power", kind="square", taps=(("sine", 0),)),
        Layer(name="power", kind="square", taps=(("cosine", 0),), adds="sine_power", activation="log2", scale=float(OCTAVE)),
    ]


def filters() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Real and imaginary parts [BANDS, WINDOW], each filter's absolute values summing to 1 at most."""
    hertz = _edges()
    cosine, sine = np.zeros((BANDS, WINDOW)), np.zeros((BANDS, WINDOW))
    for band, (low, centre, high) in enumerate(zip(hertz, hertz[1:], hertz[2:], strict=False)):
        length = min(WINDOW, round(_CYCLES * RATE / (high - low)) * 2)
        time = np.arange(length) - (length - 1) / 2
        hann = 0.5 + 0.5 * np.cos(2 * np.pi * time / length)
        start = (WINDOW - length) // 2
        for out, wave in ((cosine, np.cos), (sine, np.sin)):
            part = hann * wave(2 * np.pi * centre / RATE * time)
            part -= hann * part.sum() / hann.sum()
            out[band, start : start + length] = part
        largest = max(np.abs(cosine[band]).sum(), np.abs(sine[band]).sum())
        cosine[band] /= largest
        sine[band] /= largest
    return cosine, sine


def centres() -> NDArray[np.float64]:
    """[BANDS] hertz."""
    return _edges()[1:-1]


def _edges() -> NDArray[np.float64]:
    """[BANDS + 2] hertz: each band reaches from the centre below its own to the one above."""
    mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    return 700.0 * (10 ** (mel / 2595.0) - 1)


def _mel(hertz: float) -> float:
    return 2595.0 * np.log10(1 + hertz / 700.0)
