"""Sounds made by formula to judge the experimental detectors by: bells and ringers, knocks, machines that begin or end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.noises import Rng, Sound, hum, siren

_CADENCES: Final = (((2.0, 4.0),), ((1.0, 4.0),), ((0.4, 0.2), (0.4, 2.0)), ((1.0, 2.0),))
"""Ringing and silence in seconds, as in North America, central Europe, Britain, and of a doorbell pressed again."""


class Other(NamedTuple):
    """How a sound is made, for how long it is heard, and which noises of ours are too much like it to judge it among."""

    make: Callable[[Rng, int], Sound]
    seconds: float
    like: tuple[str, ...]


def ring(rng: Rng, length: int) -> Sound:
    """A bell under a hammer, or a ringer that goes to and fro between two tones; 12 to 28 times a second."""
    time, rate, base = np.arange(length) / RATE, rng.uniform(12, 28), rng.uniform(400, 2600)
    if rng.random() < 0.5:
        partials = [base * ratio for ratio in (1, 2, 2.76, 5.4) if base * ratio < RATE / 2]
        sound = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * hertz * time) for hertz in partials)
        sound = sound * np.exp(-(time * rate % 1) * rng.uniform(1, 4))
    else:
        tones = np.where(np.sin(2 * np.pi * rate * time) > 0, base, base * rng.uniform(1.1, 1.4))
        sound = np.sin(2 * np.pi * np.cumsum(tones) / RATE)
    return sound * _gate(rng, length)


def knocks(rng: Rng, length: int) -> Sound:
    """Three to six knocks on wood, now and then: a resonance and a click that die away."""
    found, place = np.zeros(length), int(rng.uniform(1, 3) * RATE)
    size = RATE // 4
    time = np.arange(size) / RATE
    while place < length - 4 * RATE:
        apart, hertz, decay = rng.uniform(0.14, 0.4), rng.uniform(90, 500), rng.uniform(25, 90)
        for _ in range(int(rng.integers(3, 7))):
            click = 0.8 * rng.standard_normal(size) * np.exp(-60 * time)
            found[place : place + size] += rng.uniform(0.7, 1) * (np.sin(2 * np.pi * hertz * time) + click) * np.exp(-decay * time)
            place += int(apart * rng.uniform(0.93, 1.07) * RATE)
        place += int(rng.uniform(2, 8) * RATE)
    return found


def turned(rng: Rng, length: int) -> Sound:
    """A hum that begins or ends in the middle."""
    begun = np.clip((np.arange(length) / length - rng.uniform(0.35, 0.6)) * length / (RATE * rng.uniform(0.2, 2)), 0, 1)
    return hum(rng, length) * (begun if rng.random() < 0.5 else 1 - begun)


OTHERS: Final[dict[str, Other]] = {
    "siren": Other(siren, 30.0, like=("siren",)),
    "ring": Other(ring, 30.0, like=()),
    "knock": Other(knocks, 30.0, like=("impulses",)),
    "hum": Other(turned, 80.0, like=("hum", "machine")),
}


def _gate(rng: Rng, length: int) -> Sound:
    cadence, place, gate = _CADENCES[int(rng.integers(len(_CADENCES)))], 0, np.zeros(length)
    while place < length:
        for on, off in cadence:
            gate[place : place + int(on * RATE)] = 1.0
            place += int((on + off) * RATE)
    return np.convolve(gate, np.ones(80) / 80, mode="same")
