"""Beepers by their published timings, and beepers that are none of them.

T3 is the temporal pattern of smoke alarms (ISO 8201, NFPA 72: three half-second pulses half a second
apart, then a second and a half of silence), T4 that of carbon-monoxide alarms (UL 2034: four pulses of
a tenth of a second, then five seconds). Each timing may be off by a tenth, as the standards allow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.noises import Rng, Sound

_CELL: Final = RATE // 100


class Beeps(NamedTuple):
    """A sound, and where its tone is on, in cells of 10 ms."""

    sound: Sound
    on: NDArray[np.bool_]


Plan = Sequence[tuple[float, float]]
"""Pulses as (on, off) in seconds."""


def t3(rng: Rng, seconds: float) -> Plan:
    """Smoke alarm."""
    on, off, pause = (value * rng.uniform(0.9, 1.1) for value in (0.5, 0.5, 1.5))
    return _repeated([(on, off), (on, off), (on, pause)], seconds)


def t4(rng: Rng, seconds: float) -> Plan:
    """Carbon-monoxide alarm."""
    on, off, pause = (value * rng.uniform(0.9, 1.1) for value in (0.1, 0.1, 5.0))
    return _repeated([(on, off)] * 3 + [(on, pause)], seconds)


def kitchen(rng: Rng, seconds: float) -> Plan:
    """Kitchen timer, alarm clock: short pulses in groups of two to five, a second apart."""
    on, count = rng.uniform(0.04, 0.14), int(rng.integers(2, 6))
    return _repeated([(on, on * rng.uniform(0.8, 1.3))] * (count - 1) + [(on, rng.uniform(0.35, 1.1))], seconds)


def steady(rng: Rng, seconds: float) -> Plan:
    """Reversing lorry, medical monitor, microwave: one pulse again and again."""
    on = rng.uniform(0.08, 1.2)
    return _repeated([(on, rng.choice([on, rng.uniform(0.3, 3.0)]))], seconds)


def chirp(rng: Rng, seconds: float) -> Plan:
    """A low battery: one short pulse now and then."""
    return _repeated([(rng.uniform(0.02, 0.1), rng.uniform(8, 40))], seconds)


PLANS: Final[dict[str, Callable[[Rng, float], Plan]]] = {"t3": t3, "t4": t4, "kitchen": kitchen, "steady": steady, "chirp": chirp}


def beeps(kind: str, rng: Rng, seconds: float) -> Beeps:
    """`kind` of `PLANS` for about so long."""
    length = int(seconds * RATE)
    gate = np.zeros(length)
    place = 0
    for on, off in PLANS[kind](rng, seconds):
        end = place + int(on * RATE)
        if end > length:
            break
        gate[place:end] = 1.0
        place = end + int(off * RATE)
    ramp = max(8, int(rng.uniform(0.001, 0.006) * RATE))
    smooth = np.convolve(gate, np.ones(ramp) / ramp, mode="same")
    cells = gate[: length // _CELL * _CELL].reshape(-1, _CELL).mean(axis=1) > 0.5
    return Beeps(_tone(rng, length) * smooth, cells)


def _tone(rng: Rng, length: int) -> Sound:
    """Piezo (around 3 kHz), low-frequency square (520 Hz, for sleepers) or anything between, with overtones."""
    centre = float(
        rng.choice(
            [rng.uniform(2700, 3600), rng.uniform(480, 560), rng.uniform(600, 2600), rng.uniform(3600, 4300)], p=[0.5, 0.15, 0.25, 0.1]
        )
    )
    time = np.arange(length) / RATE
    wobble = 1 + rng.uniform(0, 0.004) * np.sin(2 * np.pi * rng.uniform(3, 30) * time) if rng.random() < 0.3 else np.ones(length)
    phase = 2 * np.pi * np.cumsum(centre * wobble) / RATE
    found = np.sin(phase)
    odd_only = rng.random() < 0.5
    for harmonic in range(2, 9):
        if harmonic * centre < RATE / 2 and not (odd_only and harmonic % 2 == 0):
            found = found + rng.uniform(0, 1.0 / harmonic) * np.sin(harmonic * phase + rng.uniform(0, 6.28))
    return found / np.abs(found).max()


def _repeated(pulses: Plan, seconds: float) -> Plan:
    cycle = sum(on + off for on, off in pulses)
    return list(pulses) * (int(seconds / cycle) + 1)
