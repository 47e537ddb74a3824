"""Three seconds of a microphone's level, so that somebody can see whether it hears them."""

from __future__ import annotations

import time
from typing import Final

import typer

from kairos.ports import Microphone

_SECONDS: Final = 3.0
_BAR: Final = 40
_QUIET_DB: Final = -60.0


def meter(microphone: Microphone, device: str) -> float:
    """Draw the level while it is measured; returns the loudest, in dB of full scale. Raises `MicrophoneUnavailable`."""
    import numpy as np

    listening = microphone.open(device)
    loudest, end = _QUIET_DB, time.monotonic() + _SECONDS
    try:
        while time.monotonic() < end:
            samples = listening.read(1.0)
            if samples is None or not len(samples):
                continue
            level = 20 * float(np.log10(max(1.0, float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))) / 32768))
            loudest = max(loudest, level)
            filled = round(_BAR * (1 - max(_QUIET_DB, level) / _QUIET_DB))
            typer.echo(f"\r     level     {'#' * filled:{_BAR}} {level:6.1f} dBFS", nl=False)
    finally:
        listening.close()
        typer.echo()
    return loudest
