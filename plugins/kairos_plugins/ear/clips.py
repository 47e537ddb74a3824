"""The last seconds of sound, kept only where the owner asked for it: a WAV file for each event told, the oldest let go.

A file is named by its event, so `kairos explain NAME` gives the receipt it led to.
"""

from __future__ import annotations

import wave
from collections import deque
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import get_logger
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME

_SECONDS: Final = 10

log = get_logger("ear")


class Clips:
    """A folder of at most `count` clips; with 0, no sound is held, not even in memory."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._frames: deque[NDArray[np.int16]] = deque(maxlen=_SECONDS * RATE // FRAME if count else 0)
        self._failed = False

    def feed(self, samples: NDArray[np.int16]) -> None:
        """One frame."""
        self._frames.append(samples)

    def forget(self) -> None:
        """What was heard before a pause is not part of what comes after."""
        self._frames.clear()

    def keep(self, event: str) -> None:
        """Write what was heard up to now; a full disk is said once and costs only the clip."""
        if not self._count or not self._frames:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._folder / f"{event}.part"
            part.touch(mode=0o600)
            with part.open("wb") as raw, wave.open(raw, "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(np.concatenate(self._frames).astype("<i2").tobytes())
            part.replace(part.with_suffix(".wav"))
            for old in sorted(self._folder.glob("*.wav"), key=lambda path: path.stat().st_mtime)[: -self._count]:
                old.unlink(missing_ok=True)
        except OSError as error:
            if not self._failed:
                log.warning("ear.clip_lost", folder=str(self._folder), reason=error.strerror or str(error))
            self._failed = True
            return
        self._failed = False
        log.info("ear.clip_kept", clip=event, seconds=len(self._frames) * FRAME / RATE)
