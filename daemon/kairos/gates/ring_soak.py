"""`kairos gate ring-soak`: a million ticks leave Ring 1 where it was, and the process no larger.

Two layers, one sliding and one full, live through a million ticks with an action now and then, past a
thousand wraps of the window and through every trim that takes; the default mind lives through five
thousand. After every tick the ring must stand at its anchor, its buffers at their addresses, and the
same frame at the same anchor must give the same bits. Memory is read from the process, and its slope is
fitted after a warm-up.
"""

from __future__ import annotations

import time
from collections import Counter
from random import Random
from typing import Any, Final

import psutil

from kairos.checks import Check, Findings, Trial, missed
from kairos.gates.families import VOCABULARY, WINDOW, build
from kairos.judging.minds import default_mind
from kairos.rates import slope

_TICKS: Final = 1_000_000
_MIND_TICKS: Final = 5_000
_QUICK: Final = 6_000
_QUICK_MIND: Final = 100
_ACTION_EVERY: Final = 40
_ACTION: Final = 5
_FRAME: Final = 4
_PROBE_EVERY: Final = 500
_POSITIONS: Final = 2_048
_SLACK: Final = 40
_WARM_SHARE: Final = 0.2
_SAMPLES: Final = 400


def run(trial: Trial) -> Findings:
    """The small ring for long, the default mind for a while."""
    ticks, mind_ticks = (_QUICK, _QUICK_MIND) if trial.quick else (_TICKS, _MIND_TICKS)
    small = _small()
    found, grown = soak(small, ticks, trial, frame=range(3, 3 + _FRAME))
    mind, mind_grown = soak(_mind(), mind_ticks, trial, frame=range(100, 124), action_every=500)
    ring = WINDOW - 1 + _SLACK
    figures = {
        "ticks": ticks, "mind_ticks": mind_ticks, "wraps": found["positions"] // ring, "trims": found["trims"],
        "pos_violations": found["violations"] + mind["violations"], "buffer_moves": found["moves"] + mind["moves"],
        "logit_diffs": found["differ"] + mind["differ"], "rss_mb_per_hour_upper95": grown, "mind_rss_mb_per_hour_upper95": mind_grown,
    }  # fmt: skip
    bars = missed(figures, {"pos_violations": ("==", 0), "buffer_moves": ("==", 0), "logit_diffs": ("==", 0)})
    if not trial.quick:
        bars += missed(figures, {"ticks": (">=", _TICKS), "wraps": (">=", 1000), "rss_mb_per_hour_upper95": ("<=", 1.0)})
    config = {"window": WINDOW, "slack": _SLACK, "layers": 2, "max_positions": _POSITIONS, "warm_up": _WARM_SHARE}
    return Findings(figures=figures, failed=bars, config=config, data={"n": ticks, "seed": trial.seed, "digest": None})


def soak(session: Any, ticks: int, trial: Trial, *, frame: range, action_every: int = _ACTION_EVERY) -> tuple[Counter[str], float]:
    """What went wrong in `ticks` ticks, and the upper 95 % end of the memory's slope, MB an hour."""
    rng, found, memory = Random(trial.seed), Counter[str](), list[tuple[float, float]]()
    process, started = psutil.Process(), time.monotonic()
    anchor, probe, buffers = _policy(session), None, session.buffers()
    for number in range(ticks):
        if number % action_every == action_every - 1:
            if anchor + _SLACK > session.max_positions:
                session.close()
                anchor = _policy(session)
                found["trims"] += 1
            session.prefill([rng.randrange(3, VOCABULARY) for _ in range(_ACTION)], only=(3, 4))
            anchor, probe = session.commit(), None
            found["positions"] += _ACTION
        logits = session.prefill(frame, only=(3, 4))
        session.rewind(anchor)
        found["violations"] += session.pos != anchor
        if number % _PROBE_EVERY < 2:  # noqa: PLR2004 - the second against the first
            found["differ"] += probe is not None and not bool((probe == logits).all())
            probe = logits
        if number % max(1, ticks // _SAMPLES) == 0:
            memory.append((time.monotonic() - started, process.memory_info().rss / 1e6))
            trial.progress(number, ticks)
    found["moves"] += session.buffers() != buffers
    return found, round(3600 * slope(memory[int(len(memory) * _WARM_SHARE) :])[1], 3)


def _policy(session: Any) -> int:
    session.prefill(range(3, 3 + 16))
    return int(session.commit())


def _small() -> Any:
    from kairos.mind.seam import Session

    return Session(build("gemma3", layers=2), max_positions=_POSITIONS, slack=_SLACK)


def _mind() -> Any:
    session = default_mind().session
    session.close()
    return session


GATE: Final = Check(kind="gate", name="ring-soak", summary="a million ticks leave Ring 1 where it was, and the process no larger", run=run)
