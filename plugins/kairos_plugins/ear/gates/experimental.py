"""`kairos gate ear-experimental`: sirens, ringing, knocks and hums, each among other sounds, and in hours without any.

Sounds and backgrounds are made by formula, no recording is among them: that is why these sounds are told only when asked
for. A clip's score is the highest probability its detector gives. With `--data DIR`, `noise` and `speech-NAME` folders as
`ear-vad` takes them fill the hours instead, and whatever is told there is counted as false.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from kairos.api import Check, Findings, Trial, average_precision, missed
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.experimental.spells import KINDS
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import Features, over_floors, whole
from kairos_plugins.ear.gates.clips import clips
from kairos_plugins.ear.hearing import Frame, Models, engine
from kairos_plugins.ear.training.others import OTHERS
from kairos_plugins.ear.training.scenes import Sounds, among

_CLIPS: Final = 40
_QUICK: Final = 3
_HOURS_S: Final = 90.0
"""Seconds of one stretch of the hours."""
_STRETCHES: Final = 60
_SURE: Final = EarSettings().sure
_NOTHING: Final = np.zeros(4)


def run(trial: Trial) -> Findings:
    """Each kind's clips, with and without it; then the hours."""
    models, each = Models(engine()), _QUICK if trial.quick else _CLIPS
    rng, figures = np.random.default_rng(trial.seed), dict[str, Any]()
    for number, (kind, other) in enumerate(OTHERS.items()):
        scores, truths = list[float](), [True] * each + [False] * each
        for there in truths:
            sound = other.make(rng, round(other.seconds * RATE)) if there else None
            samples = among(rng, sound, Sounds([]), seconds=other.seconds, without=other.like)
            scores.append(_score(kind, whole(models.bank, samples)))
        figures[f"ap_{kind}"] = average_precision(scores, truths)
        figures[f"recall_{kind}"] = sum(score >= _SURE for score in scores[:each]) / each
        figures[f"false_{kind}"] = sum(score >= _SURE for score in scores[each:]) / each
        trial.progress(number + 1, len(OTHERS) + 1)
    figures["ap_min"] = min(figures[f"ap_{kind}"] for kind in OTHERS)
    figures |= _hours(models, trial, rng)
    figures["false_per_hour_max"] = max(figures[f"false_per_hour_{kind}"] for kind in KINDS)
    return Findings(
        figures=figures,
        failed=missed(figures, {"ap_min": (">=", 0.8), "false_per_hour_max": ("<=", 2.0)}),
        reasons={"real_sources": "0: sounds and bars are our own, so these are off unless asked for"},
        config={"sure": _SURE},
        data={"n": 2 * each * len(OTHERS), "seed": trial.seed, "digest": None},
    )


def _hours(models: Models, trial: Trial, rng: np.random.Generator) -> dict[str, Any]:
    """Of sound without any of them (ours), or of whatever was given: how often each is told."""
    count, told, seconds = (2 if trial.quick else _STRETCHES), dict.fromkeys(KINDS, 0), 0.0
    without = sorted({name for other in OTHERS.values() for name in other.like})
    stretches = (
        (among(rng, None, Sounds([]), seconds=_HOURS_S, without=without) for _ in range(count))
        if trial.data is None
        else (clip.samples for clip in clips(trial, "speech"))
    )
    for samples in stretches:
        features = whole(models.bank, samples)
        seconds += len(samples) / RATE
        for kind in KINDS:
            told[kind] += _score(kind, features) >= _SURE
    return {"hours": seconds / 3600} | {f"false_per_hour_{kind}": found / (seconds / 3600) for kind, found in told.items()}


def _score(kind: str, features: Features) -> float:
    detector, bands = KINDS[kind].detector(), over_floors(features)
    answers = (detector.feed(Frame(_NOTHING, _NOTHING, loud, row)) for loud, row in zip(bands, features, strict=True))
    return max((answer.probability for answer in answers if answer is not None), default=0.0)


GATE: Final = Check(
    kind="gate",
    name="ear-experimental",
    summary="sirens, ringing, knocks and hums: how often told, rightly and not",
    run=run,
    takes_data=True,
)
