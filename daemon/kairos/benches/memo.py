"""`kairos bench memo`: what a known tick costs, how often a quiet hour is known, and whether a wrong entry is caught.

The quiet hour is 120 beats half a minute apart on a virtual clock, of the default mind at an anchor with
four actions: the idle frame on every beat, and every minute one metric frame of a machine at rest, drawn
with a seed. Recomputations that prove the table count as not known. One planted wrong margin must be found.
"""

from __future__ import annotations

import time
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed, quantile
from kairos.events import Frame
from kairos.judging.minds import default_mind

_BEATS: Final = 120
_BEAT_S: Final = 30.0
_QUICK_TICKS: Final = 300
_TICKS: Final = 3000


class _Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def run(trial: Trial) -> Findings:
    """Timing, the quiet hour, the planted entry."""
    from kairos.mind.corpus.generate import actions
    from kairos.mind.memo import Memo

    clock = _Clock()
    memo = Memo(clock=clock, seed=trial.seed)
    opened = default_mind(sensitivity=0, memo=memo)
    opened.reflex.restore(actions(trial.seed, 4))
    share = _quiet_hour(opened.reflex, clock, Random(trial.seed))
    known_ms, real_ms = _timed(opened.reflex, _QUICK_TICKS if trial.quick else _TICKS)
    honest = memo.statistics.divergences
    caught = _planted(opened.reflex, memo)
    figures = {
        "known_tick_p50_ms": quantile(known_ms, 0.5), "known_tick_p99_ms": quantile(known_ms, 0.99),
        "real_tick_p50_ms": quantile(real_ms, 0.5), "quiet_hour_hit_rate": share, "checks": memo.statistics.checks,
        "divergences": honest, "planted_caught": caught,
    }  # fmt: skip
    bars = missed(figures, {"known_tick_p50_ms": ("<=", 1), "divergences": ("==", 0), "planted_caught": ("==", 1)})
    config = {"mind": "default", "digests": opened.digests, "beats": _BEATS, "beat_s": _BEAT_S, "shadow": 64}
    return Findings(figures=figures, failed=bars, config=config, data={"n": len(known_ms), "seed": trial.seed, "digest": None})


def _quiet_hour(reflex: Any, clock: _Clock, rng: Random) -> float:
    """The share of its frames that were known."""
    known = fed = 0
    for beat in range(_BEATS):
        frames = [Frame.idle()]
        if beat % 2:
            text = f"cpu_percent={rng.randint(1, 9)} memory_percent={rng.randint(30, 34)} disk_percent[/]=41"
            frames.append(Frame(kind="metric", source="sysmon", text=text))
        for frame in frames:
            known += reflex.judge(frame).known
            fed += 1
            reflex.rewind()
        clock.now += _BEAT_S
    return known / fed


def _timed(reflex: Any, ticks: int) -> tuple[list[float], list[float]]:
    """Milliseconds of known and of worked-out ticks of the idle frame."""
    known: list[float] = []
    real: list[float] = []
    for _ in range(ticks):
        started = time.perf_counter()
        judgement = reflex.judge(Frame.idle())
        reflex.rewind()
        (known if judgement.known else real).append((time.perf_counter() - started) * 1000)
    return known, real


def _planted(reflex: Any, memo: Any) -> int:
    """Whether a wrong margin is found within a thousand ticks."""
    from kairos.mind.memo import frame_key

    for _ in range(2):  # the first is refused as a divergence and clears the place
        memo.learn(frame_key(Frame.idle()), -99.0)
    before = memo.statistics.divergences
    for _ in range(1000):
        reflex.judge(Frame.idle())
        reflex.rewind()
        if memo.statistics.divergences > before:
            return 1
    return 0


BENCH: Final = Check(kind="bench", name="memo", summary="a known tick: cost, hit rate of a quiet hour, a planted error", run=run)
