"""Recordings of any rate, width and number of channels, as the ear hears them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from kairos.api import KairosError
from kairos_plugins.ear.filters import RATE


def pcm(path: Path) -> NDArray[np.int16]:
    """16 kHz mono samples; raises `KairosError` for what is no sound file."""
    try:
        found, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise KairosError(f"{path} is no sound file that can be read: {error}") from error
    mono = np.asarray(found).mean(axis=1)
    mono = mono if rate == RATE else soxr.resample(mono, rate, RATE)
    return np.round(np.clip(mono, -1, 1) * 32767).astype(np.int16)
