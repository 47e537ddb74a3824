"""What the ear is judged on: recordings with marks, given in a folder or mixed from voices and noises training never heard.

A folder holds either clips and a `labels.csv` (`file,onset,offset,label`, seconds; a clip without a row of a
label holds none of it), or `noise` and one or more `speech-NAME` folders of sources, which are mixed at
-5 to 20 dB and reported by NAME. With no folder, voices of installed programs are mixed with made noises.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos.api import GateError, Trial
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME
from kairos_plugins.ear.recordings import pcm
from kairos_plugins.ear.training.scenes import CELL, Sounds, scene
from kairos_plugins.ear.training.voices import installed, spoken_by

SECONDS: Final = 12.0
_SCENES: Final = 150
_QUICK: Final = 6
_EACH: Final = 8


class Clip(NamedTuple):
    """16 kHz samples of whole frames, marks each 10 ms, and the group it is reported under."""

    samples: NDArray[np.int16]
    marks: NDArray[np.bool_]
    group: str


def clips(trial: Trial, label: str) -> Iterator[Clip]:
    """All of a trial, marked where `label` sounds; raises `GateError`."""
    if trial.data is not None and (trial.data / "labels.csv").is_file():
        yield from labelled(trial.data, label)
    else:
        yield from _mixed(trial)


def labelled(folder: Path, label: str) -> Iterator[Clip]:
    """Clips of a folder with `labels.csv`, marked where `label` sounds, or where anything does if it is empty; raises `GateError`."""
    rows: dict[str, list[tuple[float, float]]] = {}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                span = float(row["onset"]), float(row["offset"])
                rows.setdefault(row["file"], []).extend([span] if row["label"] and label in ("", row["label"]) else [])
            except (KeyError, ValueError, TypeError) as error:
                raise GateError(f"{folder / 'labels.csv'}: a row must have file, onset, offset, label; found {row}") from error
    for name, spans in rows.items():
        samples = pcm(folder / name)
        samples = samples[: len(samples) // FRAME * FRAME]
        marks = np.zeros(len(samples) // CELL, bool)
        for onset, offset in spans:
            marks[round(onset * RATE / CELL) : round(offset * RATE / CELL)] = True
        yield Clip(samples, marks, "clips")


def _mixed(trial: Trial) -> Iterator[Clip]:
    rng = np.random.default_rng(trial.seed)
    groups = _voices(trial, rng)
    noises = Sounds.of(trial.data / "noise") if trial.data is not None else Sounds([])
    count = _QUICK if trial.quick else _SCENES
    for name, voices in groups.items():
        for number in range(count):
            made = scene(rng, voices, noises, seconds=SECONDS)
            yield Clip(made.samples, made.speech, name)
            trial.progress(number + 1, count)


def _voices(trial: Trial, rng: np.random.Generator) -> dict[str, Sounds]:
    if trial.data is not None:
        found = {path.name.removeprefix("speech-"): Sounds.of(path) for path in sorted(trial.data.glob("speech-*"))}
        if not found:
            raise GateError(f"{trial.data} holds neither labels.csv nor folders speech-NAME; see docs/ear.md")
        return found
    spoken = [sound for _, sound in spoken_by(installed("test"), rng, 2 if trial.quick else _EACH)]
    if not spoken:
        raise GateError("there is no voice to judge with: give --data DIR, or install flite (Debian: flite, festival, festvox-italp16k)")
    return {"synthetic": Sounds([spoken])}
