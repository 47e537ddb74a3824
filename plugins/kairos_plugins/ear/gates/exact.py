"""`kairos gate ear-exact`: the ear's integers are the chip's integers, and a stream's are the whole recording's, to the bit.

Golden vectors through the installed engine: values, types and the saturation flag; with `--data`, the vectors
of any folder of that format. Then recordings at many levels, frame by frame through the shipped models and
all at once: every output of every layer must be the same.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import Check, Findings, Trial, missed
from kairos_plugins.ear.frontend import FRAME, Frontend, whole
from kairos_plugins.ear.hearing import Models, engine
from kairos_plugins.ear.training.noises import NOISES

_CLIPS: Final = 200
_QUICK: Final = 20
_FRAMES: Final = 100
_LEVELS: Final = (0.0, 0.4, 3.0, 33.0, 1000.0, 9000.0, 60000.0)


def run(trial: Trial) -> Findings:
    """All vectors, then all recordings."""
    count, wrong = engine().verify(trial.data)
    clips = _QUICK if trial.quick else _CLIPS
    compared, differing = _streams(clips, trial)
    figures: dict[str, Any] = {
        "vectors": count, "vector_diffs": len(wrong), "streams": clips, "stream_numbers": compared, "stream_diffs": differing
    }  # fmt: skip
    bars = missed(figures, {"vector_diffs": ("==", 0), "vectors": (">=", 1), "stream_diffs": ("==", 0), "stream_numbers": (">=", 1)})
    return Findings(figures=figures, failed=bars, config={"differing": wrong}, data={"n": count, "seed": trial.seed, "digest": None})


def _streams(clips: int, trial: Trial) -> tuple[int, int]:
    """Numbers compared, and how many differ."""
    models, rng, compared, differing = Models(engine()), np.random.default_rng(trial.seed), 0, 0
    for number in range(clips):
        samples = _sound(rng, number)
        features = whole(models.bank, samples)
        frontend, stream = Frontend(models.bank), models.network.stream()
        outputs, _ = models.network.clip(features)
        for place in range(_FRAMES):
            heard = frontend.frame(samples[place * FRAME : (place + 1) * FRAME])
            found = {"": heard, **stream.step(heard)}
            for name, values in found.items():
                wanted = outputs[name][place] if name else features[place]
                compared += len(wanted)
                differing += int((values != wanted).sum())
        trial.progress(number + 1, clips)
    return compared, differing


def _sound(rng: np.random.Generator, number: int) -> NDArray[np.int16]:
    noise = NOISES[list(NOISES)[number % len(NOISES)]](rng, _FRAMES * FRAME)
    return np.clip(np.round(noise * _LEVELS[number // len(NOISES) % len(_LEVELS)]), -32768, 32767).astype(np.int16)


GATE: Final = Check(kind="gate", name="ear-exact", summary="the ear's integers are the chip's, streamed or whole", run=run, takes_data=True)
