"""The ear itself: samples in, and out of each frame of 40 ms what was heard, with nothing kept of the sound.

The models beside this file are our own (see `weights/README.md`).
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos.api import FixedPoint, KairosError
from kairos_plugins.ear.filters import BANDS, HOPS
from kairos_plugins.ear.frontend import FRAME, Frontend, Samples, over_floors, whole

WEIGHTS: Final = Path(__file__).parent / "weights"
BANK: Final = "bank.safetensors"
EAR: Final = "ear.safetensors"


def engine() -> FixedPoint:
    """The installed fixed-point driver, for whoever has no daemon to hand it out; raises `KairosError`."""
    for point in entry_points(group="kairos.drivers", name="fixed_point"):
        return point.load()()
    raise KairosError("there is no driver `fixed_point`: pip install 'kairosd[ear]'")


class Frame(NamedTuple):
    """One frame of 40 ms."""

    speech: NDArray[np.float64]
    """[4] probabilities, one each 10 ms."""
    tone: NDArray[np.float64]
    """[4] of a beeper's tone."""
    bands: NDArray[np.int16]
    """[4, 40] loudness of each band over its floor, in `filters.OCTAVE`s."""
    features: NDArray[np.int16]
    """[320] all that the networks are given."""


class Recording(NamedTuple):
    """What is heard in a recording: as in `Frame`, frames one after the other."""

    speech: NDArray[np.float64]
    tone: NDArray[np.float64]
    bands: NDArray[np.int16]


class Models:
    """Filter bank and network, loaded once."""

    def __init__(self, engine: FixedPoint, folder: Path = WEIGHTS) -> None:
        """Raises `KairosError` where a file is missing or broken."""
        self.bank: Any = engine.load(folder / BANK)
        self.network: Any = engine.load(folder / EAR)
        self.scale = self.network.scale("heads")

    def whole(self, samples: Samples) -> Recording:
        """A recording at once: what `Ear` makes of its frames, one value each 10 ms."""
        features = whole(self.bank, samples)
        bands = over_floors(features).reshape(-1, BANDS)
        if not len(features):
            return Recording(np.zeros(0), np.zeros(0), bands)
        found = _probabilities(self.network.clip(features)[0]["heads"] / self.scale)
        return Recording(found[:, :HOPS].reshape(-1), found[:, HOPS:].reshape(-1), bands)


class Ear:
    """One listening."""

    def __init__(self, models: Models) -> None:
        self._frontend = Frontend(models.bank)
        self._network = models.network.stream()
        self._scale = models.scale
        self._rest = np.zeros(0, np.int16)

    @property
    def saturated(self) -> bool:
        """Whether the network's numbers ever ran out of range."""
        return self._network.saturated

    def frame(self, samples: Samples) -> Frame:
        """int16 [640]."""
        features = self._frontend.frame(samples)
        outputs = self._network.step(features)
        found = _probabilities(outputs["heads"] / self._scale)
        return Frame(found[:HOPS], found[HOPS:], over_floors(features), features)

    def frames(self, samples: Samples) -> list[Samples]:
        """Whole frames of what came, in order; what is left over waits for more."""
        joined = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        count = len(joined) // FRAME * FRAME
        self._rest = joined[count:]
        return list(joined[:count].reshape(-1, FRAME))


def _probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 + 0.5 * np.tanh(0.5 * logits)  # the logistic function, of any logit
