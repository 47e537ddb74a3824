"""Features of what was said, from a little before its onset until it is over: what the projector is handed instead of sound."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BEFORE: Final = 15
"""Frames kept from before an onset: 0.6 s."""
_LONGEST: Final = 300
"""12 s; who speaks on is heard in pieces."""
Features = NDArray[np.int16]


class Utterances:
    """Those of one listening."""

    def __init__(self) -> None:
        self._before: deque[Features] = deque(maxlen=_BEFORE)
        self._said: list[Features] = []

    def feed(self, features: Features, *, speaking: bool) -> Features | None:
        """One frame [320]: a whole utterance [T, 320] once it is over, else None."""
        if speaking:
            if not self._said:
                self._said = list(self._before)
            self._said.append(features)
            return self._whole() if len(self._said) >= _LONGEST else None
        self._before.append(features)
        return self.rest()

    def rest(self) -> Features | None:
        """What was said so far, nothing more being heard; None if nothing was."""
        return self._whole() if self._said else None

    def _whole(self) -> Features:
        found, self._said = np.stack(self._said), []
        self._before.clear()
        return found
