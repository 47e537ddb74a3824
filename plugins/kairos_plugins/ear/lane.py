"""Sound that clients send over the bus, in place of a microphone: a phone, another room's machine, a file."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import KairosError
from kairos_plugins.ear.filters import RATE

_WAITING: Final = 4 * RATE
"""Samples that may wait; what does not fit is lost and counted."""


class Lane:
    """One writer, the event loop, and one reader, the ear's thread."""

    name = "the bus"

    def __init__(self) -> None:
        self._pieces: deque[NDArray[np.int16]] = deque()
        self._arrived = threading.Condition()
        self._waiting = 0
        self.lost = 0
        """Samples that found no room."""

    def offer(self, pcm: Any) -> int:
        """Take 16-bit little-endian samples, 16 kHz mono; returns how many wait now. Raises `KairosError` for anything else."""
        if not isinstance(pcm, bytes) or len(pcm) % 2:
            raise KairosError("`pcm` must be whole 16-bit little-endian samples, 16 kHz mono, as msgpack bytes or base64")
        samples = np.frombuffer(pcm, "<i2").astype(np.int16)
        with self._arrived:
            taken = samples[: max(0, _WAITING - self._waiting)]
            self.lost += len(samples) - len(taken)
            self._waiting += len(taken)
            self._pieces.append(taken)
            self._arrived.notify()
            return self._waiting

    def read(self, timeout_s: float) -> NDArray[np.int16]:
        """All that came since the last call; nothing, if none comes for `timeout_s`: a client may pause."""
        with self._arrived:
            if not self._pieces:
                self._arrived.wait(timeout_s)
            found = list(self._pieces)
            self._pieces.clear()
            self._waiting = 0
        return np.concatenate(found) if found else np.zeros(0, np.int16)

    def close(self) -> None:
        """Forget what waits."""
        with self._arrived:
            self._pieces.clear()
            self._waiting = 0


class Lanes:
    """A `Microphone` whose only device is the lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def devices(self) -> list[Any]:
        """None of this machine."""
        return []

    def open(self, device: str) -> Lane:
        """The lane, whatever `device` says."""
        del device
        return self._lane
