"""`kairos gate ear-events`: alarms told from each other, from timers, and from hours of anything else.

Clips of half a minute and more: each kind of beeper over backgrounds at 0 to 30 dB, in rooms, through
microphones of any gain; then hours without an alarm: timers, reversing lorries, chirps, speech, music, machines.
A clip's score for a kind is the highest probability the ear had of it, 0 if it had none; it is told where that is `plugin.ear.sure` as
shipped. Beepers are made by the formula of
their standards, with timings and tones drawn anew: no recording of a real alarm is among them, and the figures say so.
With `--data DIR`, clips and `labels.csv` (labels `smoke`, `carbon_monoxide`, `beeper`, `speech`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos.api import Check, Findings, Trial, average_precision, missed
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.filters import HOPS, RATE
from kairos_plugins.ear.gates.clips import labelled
from kairos_plugins.ear.hearing import Models, engine
from kairos_plugins.ear.patterns import Patterns
from kairos_plugins.ear.training.alarms import PLANS
from kairos_plugins.ear.training.scenes import Sounds, beeping, scene

_KINDS: Final = {"t3": "smoke", "t4": "carbon_monoxide", "kitchen": "beeper", "steady": "beeper", "chirp": ""}
_CLIPS: Final = 60
_QUICK_CLIPS: Final = 3
_CLIP_S: Final = 36.0
_HOURS: Final = 15.0
_QUICK_HOURS: Final = 0.02
_ALARMS: Final = ("smoke", "carbon_monoxide")
_SURE: Final = EarSettings().sure


class _Heard(NamedTuple):
    """What was in a clip, what the ear heard in it with which probability, and how long it was."""

    truth: str
    heard: dict[str, float]
    seconds: float

    @property
    def told(self) -> list[str]:
        """What an owner is told of."""
        return [kind for kind, probability in self.heard.items() if probability >= _SURE]


def run(trial: Trial) -> Findings:
    """All clips, then the hours."""
    models = Models(engine())
    if trial.data is not None:
        found = [
            _hear(models, clip.samples, kind)
            for kind in ("smoke", "carbon_monoxide", "beeper")
            for clip in labelled(trial.data, kind)
            if clip.marks.any()
        ]
        silent = [_hear(models, clip.samples, "") for clip in labelled(trial.data, "") if not clip.marks.any()]
        return _findings(found, silent, trial)
    return _findings(list(_clips(models, trial)), list(_hours(models, trial)), trial)


def _findings(clips: list[_Heard], hours: list[_Heard], trial: Trial) -> Findings:
    everything = [*clips, *hours]
    figures: dict[str, Any] = {"clips": len(clips), "real_sources": 0 if trial.data is None else None}
    for kind in (*_ALARMS, "beeper"):
        scores, truths = [row.heard.get(kind, 0.0) for row in everything], [row.truth == kind for row in everything]
        figures[f"ap_{kind}"] = average_precision(scores, truths)
        mine = [row for row in clips if row.truth == kind]
        figures[f"recall_{kind}"] = sum(kind in row.told for row in mine) / max(1, len(mine))
    wrong = Counter((row.truth, kind) for row in everything for kind in row.told if kind in _ALARMS and row.truth != kind)
    seconds = sum(row.seconds for row in hours)
    figures |= {
        "ap_min": min(value for name, value in figures.items() if name.startswith("ap_")),
        "ap_alarm_min": min(figures[f"ap_{kind}"] for kind in _ALARMS),
        "alarms_taken_for_each_other": wrong["smoke", "carbon_monoxide"] + wrong["carbon_monoxide", "smoke"],
        "timers_taken_for_alarms": wrong["beeper", "smoke"] + wrong["beeper", "carbon_monoxide"],
        "hours": seconds / 3600, "false_alarms": sum(any(kind in row.told for kind in _ALARMS) for row in hours),
    }  # fmt: skip
    figures["alarm_false_per_hour"] = figures["false_alarms"] / max(figures["hours"], 1e-9)
    bars = missed(figures, {
        "ap_alarm_min": (">=", 0.95), "ap_min": (">=", 0.85), "alarm_false_per_hour": ("<=", 0.2), "alarms_taken_for_each_other": ("==", 0), "timers_taken_for_alarms": ("==", 0),
    })  # fmt: skip
    if not trial.quick and trial.data is None:
        bars += missed(figures, {"hours": (">=", _HOURS)})
    by_truth: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in clips:
        by_truth[row.truth or "nothing"].update(row.told or ["nothing"])
    config = {"sure": _SURE, "told_by_truth": {truth: dict(counts) for truth, counts in by_truth.items()}}
    reasons = {"real_sources": "beepers are made by the formula of their standards; no recording of an alarm was free to ship or found"}
    return Findings(
        figures=figures, failed=bars, reasons=reasons, config=config, data={"n": len(clips), "seed": trial.seed, "digest": None}
    )


def _clips(models: Models, trial: Trial) -> Iterator[_Heard]:
    rng, each = np.random.default_rng(trial.seed), _QUICK_CLIPS if trial.quick else _CLIPS
    noises = Sounds([])
    for number in range(each * len(PLANS)):
        kind = list(PLANS)[number % len(PLANS)]
        yield _hear(models, beeping(rng, kind, noises, seconds=_CLIP_S), _KINDS[kind])
        trial.progress(number + 1, each * len(PLANS))


def _hours(models: Models, trial: Trial) -> Iterator[_Heard]:
    """Time without an alarm, in clips: half of it with timers and the like."""
    rng, count = np.random.default_rng(trial.seed + 1), round((_QUICK_HOURS if trial.quick else _HOURS) * 3600 / _CLIP_S)
    others = [kind for kind, name in _KINDS.items() if name not in _ALARMS]
    for number in range(count):
        kind = others[number // 2 % len(others)] if number % 2 else ""
        samples = (
            beeping(rng, kind, Sounds([]), seconds=_CLIP_S)
            if kind
            else scene(rng, Sounds([]), Sounds([]), seconds=_CLIP_S, beepers=False).samples
        )
        yield _hear(models, samples, _KINDS.get(kind, ""))
        trial.progress(number + 1, count)


def _hear(models: Models, samples: NDArray[np.int16], truth: str) -> _Heard:
    whole, patterns, found = models.whole(samples), Patterns(), dict[str, float]()
    for start in range(0, len(whole.tone), HOPS):
        patterns.feed(whole.tone[start : start + HOPS].tolist(), whole.bands[start : start + HOPS])
        heard = patterns.sounding
        if heard is not None:
            found[heard.kind] = max(heard.probability, found.get(heard.kind, 0.0))
    return _Heard(truth, found, len(samples) / RATE)


GATE: Final = Check(
    kind="gate", name="ear-events", summary="alarms told from each other, timers and hours of sound", run=run, takes_data=True
)
