"""Sounds that are neither speech nor beepers, made by formula: noises, hum, machines, impulses, music, sirens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.filters import RATE

Sound = NDArray[np.float64]
Rng = np.random.Generator


def coloured(rng: Rng, length: int) -> Sound:
    """Noise whose power falls by 0 to 2 decades a decade, with a gentle peak somewhere."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20.0)
    shape = hertz ** (-rng.uniform(0, 1.2))
    if rng.random() < 0.5:
        centre, width = rng.uniform(100, 6000), rng.uniform(0.2, 1.5)
        shape *= 1 + rng.uniform(1, 20) * np.exp(-((np.log2(hertz / centre) / width) ** 2))
    return _unit(np.fft.irfft(spectrum * shape, length))


def gusty(rng: Rng, length: int) -> Sound:
    """Noise that swells: wind, surf, traffic."""
    return _unit(coloured(rng, length) * _slow(rng, length, rng.uniform(0.1, 6.0)))


def hum(rng: Rng, length: int) -> Sound:
    """Mains and what hangs on it."""
    base, found = rng.choice([50.0, 60.0, rng.uniform(20, 240)]), np.zeros(length)
    time = np.arange(length) / RATE
    for harmonic in range(1, int(rng.integers(3, 30))):
        found += rng.uniform(0, 1) / harmonic ** rng.uniform(0.3, 1.5) * np.sin(2 * np.pi * base * harmonic * time + rng.uniform(0, 6.28))
    return _unit(found + rng.uniform(0, 0.5) * coloured(rng, length))


def machine(rng: Rng, length: int) -> Sound:
    """A motor: hum and noise, beating with its turns."""
    time = np.arange(length) / RATE
    turns = 1 + rng.uniform(0, 0.9) * np.sin(2 * np.pi * rng.uniform(1, 25) * time)
    return _unit((hum(rng, length) + rng.uniform(0.2, 2) * coloured(rng, length)) * turns)


def impulses(rng: Rng, length: int) -> Sound:
    """Clicks, knocks, keys, drops: decaying noise and resonances at chance times."""
    found = np.zeros(length)
    for _ in range(int(rng.integers(3, 80))):
        size = min(length, int(rng.uniform(0.002, 0.15) * RATE))
        start = int(rng.integers(0, max(1, length - size)))
        time = np.arange(size) / RATE
        body = rng.standard_normal(size) + rng.uniform(0, 5) * np.sin(2 * np.pi * rng.uniform(80, 5000) * time)
        found[start : start + size] += rng.uniform(0.1, 1) * body * np.exp(-time * rng.uniform(3, 8) / (size / RATE))
    return _unit(found)


def music(rng: Rng, length: int) -> Sound:
    """Notes of a scale with overtones and a beat."""
    found, place = np.zeros(length), 0
    scale = rng.uniform(110, 440) * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 16, 19]) / 12)
    pace = rng.uniform(0.12, 0.6)
    while place < length:
        size = min(length - place, int(pace * RATE * rng.choice([1, 1, 2, 4])))
        time = np.arange(size) / RATE
        for note in rng.choice(scale, int(rng.integers(1, 4))):
            vibrato = rng.uniform(0, 6) * np.sin(2 * np.pi * rng.uniform(4, 7) * time)
            for harmonic in range(1, int(rng.integers(2, 12))):
                found[place : place + size] += (
                    rng.uniform(0, 1) / harmonic * np.sin(2 * np.pi * harmonic * note * time + vibrato) * np.exp(-time * rng.uniform(0, 6))
                )
        if rng.random() < 0.5:
            found[place : place + size] += rng.uniform(0, 2) * rng.standard_normal(size) * np.exp(-time * rng.uniform(20, 80))
        place += size
    return _unit(found)


def siren(rng: Rng, length: int) -> Sound:
    """A tone that sweeps up and down, or goes between two."""
    time = np.arange(length) / RATE
    rate, low, high = rng.uniform(0.1, 4), rng.uniform(350, 900), rng.uniform(950, 2200)
    swing = np.sin(2 * np.pi * rate * time)
    swing = np.sign(swing) if rng.random() < 0.4 else swing
    phase = 2 * np.pi * np.cumsum((low + high) / 2 + (high - low) / 2 * swing) / RATE
    return _unit(np.sin(phase) + rng.uniform(0, 0.5) * np.sin(2 * phase) + rng.uniform(0, 0.4) * np.sin(3 * phase))


NOISES: Final[dict[str, Callable[[Rng, int], Sound]]] = {
    "coloured": coloured, "gusty": gusty, "hum": hum, "machine": machine, "impulses": impulses, "music": music, "siren": siren,
}  # fmt: skip


def room(rng: Rng, dry: Sound) -> Sound:
    """`dry` in a room: a direct path, a few early reflections, an exponential tail of 0.1 to 0.8 s (Polack's model)."""
    tail = int(rng.uniform(0.1, 0.8) * RATE)
    response = rng.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail) * rng.uniform(0.01, 0.12)
    for _ in range(6):
        response[int(rng.uniform(0.001, 0.04) * RATE)] += rng.uniform(-0.5, 0.5)
    response[0] = 1.0
    size = 1 << (len(dry) + tail).bit_length()
    return np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(response, size), size)[: len(dry)]


def _slow(rng: Rng, length: int, hertz: float) -> Sound:
    knots = max(4, int(length / RATE * hertz) + 2)
    return np.interp(np.linspace(0, knots - 1, length), np.arange(knots), rng.uniform(0.02, 1, knots) ** 2)


def _unit(sound: Sound) -> Sound:
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-9)
