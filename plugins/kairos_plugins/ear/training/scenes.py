"""Scenes: what a microphone might hear for some seconds, and when there was speech and when a beeper's tone.

Speech is marked by the energy of the clean voice: within 25 dB of its loud parts and 10 dB above its recording's own
noise, pauses up to 200 ms counted in (the hangover of ITU-T P.56). Rooms, gains, band limits, offsets and clipping come after, the same for voice and noise, so that no
recording chain tells one from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME
from kairos_plugins.ear.training.alarms import PLANS, beeps
from kairos_plugins.ear.training.noises import NOISES, Rng, Sound, room

CELL: Final = RATE // 100
"""Samples of one mark: 10 ms."""
_BELOW_LOUD: Final = 10 ** (-25 / 10)
_ABOVE_PAUSES: Final = 10.0
_AT_MOST: Final = 1e-2
_PAUSE: Final = 20
_SHORTEST: Final = 5
_BEEPER_DB: Final = (0.0, 30.0)
"""Alarms are made to be heard: 85 dB at three metres."""
_BEEPERS: Final = (0.3, 0.25, 0.2, 0.2, 0.05)
_BANDS: Final = (3400.0, 4000.0, 5500.0, 7000.0)


class Scene(NamedTuple):
    """16-bit samples of whole frames, with marks for every 10 ms."""

    samples: NDArray[np.int16]
    speech: NDArray[np.bool_]
    tone: NDArray[np.bool_]


class Sounds:
    """Recordings by source, every source as likely as any other."""

    def __init__(self, sources: Sequence[Sequence[Path | Sound]], *, octaves: float = 0.0) -> None:
        """Files are read when they are drawn, and played up to so many `octaves` faster or slower: other throats, other machines."""
        self.sources = sources
        self._octaves = octaves

    @classmethod
    def of(cls, folder: Path, *, octaves: float = 0.0) -> Self:
        """One sub-folder of WAV files a source; none is fine for noise."""
        found = [sorted(path.glob("*.wav")) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []
        return cls([files for files in found if files], octaves=octaves)

    def any(self, rng: Rng) -> Sound:
        """One recording."""
        files = self.sources[int(rng.integers(len(self.sources)))]
        found = files[int(rng.integers(len(files)))]
        sound = read(found) if isinstance(found, Path) else found
        return soxr.resample(sound, RATE * 2 ** rng.uniform(-self._octaves, self._octaves), RATE) if self._octaves else sound


def read(path: Path) -> Sound:
    """A 16 kHz mono recording, full scale being 1."""
    found, rate = soundfile.read(path, dtype="float64")
    assert rate == RATE, f"{path} has {rate} Hz, the ear hears {RATE}"
    return np.asarray(found, np.float64)


def scene(
    rng: Rng, voices: Sounds, noises: Sounds, *, seconds: float, snr_db: tuple[float, float] = (-5.0, 20.0), beepers: bool = True
) -> Scene:
    """One scene: a background, perhaps voices, perhaps a beeper, through one chain."""
    length = int(seconds * RATE) // FRAME * FRAME
    nothing = np.zeros(length), np.zeros(length // CELL, bool)
    background = _background(rng, noises, length)
    voice, speech = _voices(rng, voices, length) if voices.sources and rng.random() < 0.7 else nothing
    beeper, tone = _beeper(rng, str(rng.choice(list(PLANS), p=_BEEPERS)), length) if beepers and rng.random() < 0.45 else nothing
    heard = _over(rng, _over(rng, background, voice, speech, snr_db), beeper, tone, _BEEPER_DB)
    return Scene(recorded(rng, heard), speech, tone)


def beeping(rng: Rng, kind: str, noises: Sounds, *, seconds: float) -> NDArray[np.int16]:
    """Samples of a beeper of `kind` from near the start to the end, over a background."""
    length = int(seconds * RATE) // FRAME * FRAME
    background = _background(rng, noises, length)
    beeper, tone = _beeper(rng, kind, length, latest=0.1)
    return recorded(rng, _over(rng, background, beeper, tone, _BEEPER_DB))


def among(rng: Rng, sound: Sound | None, noises: Sounds, *, seconds: float, without: Sequence[str]) -> NDArray[np.int16]:
    """Samples of a background `without` some of our noises, and of `sound` over it, 5 to 30 dB where it sounds."""
    length = int(seconds * RATE) // FRAME * FRAME
    heard = _background(rng, noises, length, without)
    if sound is not None:
        sound = _somewhere(rng, sound[:length])
        loud = np.abs(sound).reshape(-1, CELL).max(axis=1) > 1e-3 * np.abs(sound).max()
        heard = _over(rng, heard, sound, loud, (5.0, 30.0))
    return recorded(rng, heard)


def marked(voice: Sound) -> NDArray[np.bool_]:
    """Cells of a clean voice that hold speech: near its loud parts, and above what its recording has in its pauses."""
    cells = np.mean(voice[: len(voice) // CELL * CELL].reshape(-1, CELL) ** 2, axis=1)
    if not len(cells) or cells.max() <= 0:
        return np.zeros(len(cells), bool)
    loud = np.percentile(cells[cells > cells.max() * 1e-4], 80)
    pauses = min(_ABOVE_PAUSES * np.percentile(cells, 5), loud * _AT_MOST)
    return _closed(cells > max(loud * _BELOW_LOUD, pauses))


def recorded(rng: Rng, heard: Sound) -> NDArray[np.int16]:
    """The sound as a microphone of some kind hands it over."""
    if rng.random() < 0.5:
        heard = _low_pass(heard, float(rng.choice(_BANDS)))
    level = 10 ** (rng.uniform(-55, -3) / 20) / max(float(np.percentile(np.abs(heard), 99.9)), 1e-9)
    if rng.random() < 0.05:
        level *= 4
    offset = rng.uniform(-0.02, 0.02) if rng.random() < 0.2 else 0.0
    return np.round(np.clip(heard * level + offset, -1, 1) * 32767).astype(np.int16)


def _background(rng: Rng, noises: Sounds, length: int, without: Sequence[str] = ()) -> Sound:
    found, ours = np.zeros(length), [name for name in NOISES if name not in without]
    for _ in range(int(rng.integers(1, 4))):
        if noises.sources and rng.random() < 0.45:
            part = _looped(rng, noises.any(rng), length)
        else:
            part = NOISES[str(rng.choice(ours))](rng, length)
        found += part * 10 ** (rng.uniform(-25, 0) / 20) / max(float(np.sqrt(np.mean(part**2))), 1e-9)
    return found + 1e-3 * rng.standard_normal(length)


def _voices(rng: Rng, voices: Sounds, length: int) -> tuple[Sound, NDArray[np.bool_]]:
    sound, speech, place = np.zeros(length), np.zeros(length // CELL, bool), int(rng.uniform(0, 3) * RATE)
    spacious = rng.random() < 0.6
    while place < length:
        voice = voices.any(rng)[: length - place]
        voice = voice * rng.uniform(0.3, 1.0) / max(float(np.abs(voice).max()), 1e-9) if len(voice) else voice
        place = place // CELL * CELL
        sound[place : place + len(voice)] += voice
        speech[place // CELL : place // CELL + len(voice) // CELL] |= marked(voice)
        place += len(voice) + int(rng.exponential(1.2) * RATE)
    return room(rng, sound) if spacious else sound, speech


def _over(rng: Rng, background: Sound, sound: Sound, marks: NDArray[np.bool_], over_db: tuple[float, float]) -> Sound:
    """`sound` over `background`, so loud where it is marked."""
    if not marks.any():
        return background
    power = np.mean(sound[np.repeat(marks, CELL)] ** 2)
    wanted = 10 ** (rng.uniform(*over_db) / 10) * np.mean(background**2)
    return background + sound * np.sqrt(wanted / max(power, 1e-12))


def _beeper(rng: Rng, kind: str, length: int, *, latest: float = 0.3) -> tuple[Sound, NDArray[np.bool_]]:
    start = int(rng.uniform(0, latest) * length) // CELL * CELL
    found = beeps(kind, rng, (length - start) / RATE)
    sound, tone = np.zeros(length), np.zeros(length // CELL, bool)
    sound[start : start + len(found.sound)] = found.sound
    tone[start // CELL : start // CELL + len(found.on)] = found.on
    return _somewhere(rng, sound), tone


def _somewhere(rng: Rng, sound: Sound) -> Sound:
    """In a room, or close by."""
    return room(rng, sound) if rng.random() < 0.6 else sound


def _looped(rng: Rng, sound: Sound, length: int) -> Sound:
    if len(sound) < RATE // 20:
        return rng.standard_normal(length)
    padded = np.concatenate([sound, np.zeros(int(rng.exponential(0.5) * RATE))])
    return np.roll(np.tile(padded, length // len(padded) + 1)[:length], int(rng.integers(length)))


def _low_pass(sound: Sound, hertz: float) -> Sound:
    size = len(sound)
    spectrum = np.fft.rfft(sound)
    spectrum *= 1 / (1 + np.exp(np.clip((np.fft.rfftfreq(size, 1 / RATE) - hertz) / 60, -50, 50)))
    return np.fft.irfft(spectrum, size)


def _closed(marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Short pauses filled, then what is too short dropped."""
    found = marks.copy()
    for kind, most in ((False, _PAUSE), (True, _SHORTEST)):
        steps = np.diff(np.concatenate([[False], found == kind, [False]]).astype(np.int8))
        for start, end in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
            if end - start <= most and start > 0 and end < len(found):
                found[start:end] = not kind
    return found
