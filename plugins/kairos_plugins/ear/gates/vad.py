"""`kairos gate ear-vad`: speech told from everything else, beside Silero and WebRTC, frame by frame on the same clips.

All are scored on one grid of 10 ms, on one thread, with their state carried along. The cost is processor
time over everything an ear does, from samples to probabilities. An onset's delay counts to the end of the
frame that told it, from speech after at least 800 ms without.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import Check, Findings, Trial, auc, missed, quantile
from kairos_plugins.ear.filters import HOPS
from kairos_plugins.ear.frontend import FRAME
from kairos_plugins.ear.gates.clips import Clip, clips
from kairos_plugins.ear.gates.peers import Silero, WebRtc
from kairos_plugins.ear.hearing import Ear, Models, engine
from kairos_plugins.ear.speech import Voice

_SILENCE: Final = 80
"""Cells: more than the pause that a listener takes for the end of an utterance."""
_LATEST: Final = 100
_MS: Final = 10
Scores = Callable[[NDArray[np.int16]], NDArray[np.float64]]


def run(trial: Trial) -> Findings:
    """All clips through all detectors."""
    models, peers, reasons = Models(engine()), dict[str, Scores](), dict[str, str]()
    for name, make in (("silero", Silero), ("webrtc", WebRtc)):
        try:
            peers[name] = make().scores
        except ImportError as error:
            reasons[name] = f"{error}: run `make bench-peers`"
    found = _Found()
    for clip in clips(trial, "speech"):
        found.hear(clip, models, peers)
    figures = found.figures()
    bars = missed(figures, {
        "auc": (">=", 0.95), "silero_margin": (">=", -0.005), "webrtc_margin": (">=", 0.1), "cost_vs_silero": ("<=", 1.0),
        "onset_ms_p50": ("<=", 120),
    })  # fmt: skip
    return Findings(
        figures=figures, failed=bars, reasons=reasons, config={"grid_ms": _MS, "frame_ms": FRAME * 1000 // 16_000},
        data={"n": found.clips, "seed": trial.seed, "digest": None},
    )  # fmt: skip


class _Found:
    """Scores and marks of all clips, by detector and group."""

    def __init__(self) -> None:
        self.clips = 0
        self._scores: defaultdict[str, defaultdict[str, list[NDArray[np.float64]]]] = defaultdict(lambda: defaultdict(list))
        self._marks: defaultdict[str, list[NDArray[np.bool_]]] = defaultdict(list)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._delays: list[float] = []

    def hear(self, clip: Clip, models: Models, peers: dict[str, Scores]) -> None:
        self.clips += 1
        self._marks[clip.group].append(clip.marks)
        told: list[int] = []

        def ours(samples: NDArray[np.int16]) -> NDArray[np.float64]:
            ear, voice, probabilities = Ear(models), Voice(), list[NDArray[np.float64]]()
            for number, frame in enumerate(ear.frames(samples)):
                probabilities.append(ear.frame(frame).speech)
                news = voice.feed(list(probabilities[-1]))
                if news is not None and news.end is None:
                    told.append((number + 1) * HOPS)
            return np.concatenate(probabilities)

        for name, scores in {"ours": ours, **peers}.items():
            began = time.thread_time()
            self._scores[name][clip.group].append(scores(clip.samples)[: len(clip.marks)])
            self._seconds[name] += time.thread_time() - began
        self._delays += _delays(clip.marks, told)

    def figures(self) -> dict[str, Any]:
        areas = {name: _area(groups, self._marks) for name, groups in self._scores.items()}
        heard = sum(len(marks) for rows in self._marks.values() for marks in rows) / 100
        cost = {name: seconds / heard for name, seconds in self._seconds.items()}
        by_group = {
            f"auc_{group}{'' if name == 'ours' else f'_{name}'}": _area({group: rows[group]}, self._marks)
            for group in self._marks
            for name, rows in self._scores.items()
        }
        return {
            "seconds": round(heard, 1), "auc": areas["ours"], "auc_silero": areas.get("silero"), "auc_webrtc": areas.get("webrtc"),
            "silero_margin": areas["ours"] - areas["silero"] if "silero" in areas else None,
            "webrtc_margin": areas["ours"] - areas["webrtc"] if "webrtc" in areas else None,
            "cost_ms_per_s": cost["ours"] * 1000, "cost_vs_silero": cost["ours"] / cost["silero"] if "silero" in cost else None,
            "onset_ms_p50": quantile(self._delays, 0.5), "onset_ms_p90": quantile(self._delays, 0.9), "onsets": len(self._delays),
            **(by_group if len(self._marks) > 1 else {}),
        }  # fmt: skip


def _area(scores: dict[str, Any] | defaultdict[str, Any], marks: dict[str, list[NDArray[np.bool_]]]) -> float:
    groups = list(scores)
    flat = np.concatenate([part for group in groups for part in scores[group]])
    truth = np.concatenate([part for group in groups for part in marks[group]])
    return auc(flat.tolist(), truth.tolist())


def _delays(marks: NDArray[np.bool_], told: list[int]) -> list[float]:
    """Milliseconds from each onset to the first telling within a second; an onset never told counts as a second."""
    found: list[float] = []
    for onset in np.flatnonzero(np.diff(marks.astype(np.int8)) == 1) + 1:
        if onset < _SILENCE or marks[onset - _SILENCE : onset].any():
            continue
        after = [cell - onset for cell in told if 0 <= cell - onset <= _LATEST]
        found.append(float(_MS * (min(after) if after else _LATEST)))
    return found


GATE: Final = Check(
    kind="gate", name="ear-vad", summary="speech told from everything else, beside Silero and WebRTC", run=run, takes_data=True
)
