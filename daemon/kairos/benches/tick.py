"""`kairos bench tick`: what a quiet tick costs as history grows, beside every other way to hold one.

A tick, in every arm, is a 24-token frame fed behind the same surviving positions (a 220-token prefix and
n actions of 40 tokens), the logits after it read, nothing decoded, everything taken back. Arms run
interleaved, one tick each by turns, so that a noisy machine is noisy for all; figures are medians.

`crop` is the library as it comes, with the same weights, dtype and threads as ours; `crop_prepared` is its
cache on the model as we prepare it, so that what differs is the cache alone. Flatness is our tick with the budget just full again
after many more actions than fit, over that with it just full for the first time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from kairos.benches.arms import Arm, Crop, LlamaCpp, Reprefill, Resident
from kairos.checks import Check, Findings, Trial, missed, quantile
from kairos.events import Frame
from kairos.judging.minds import default_mind

_PREFIX: Final = 220
_ACTION: Final = 40
_FRAME: Final = 24
_RETAINED: Final = (0, 4, 16, 64)
_POSITIONS: Final = 3072
_ROUNDS: Final = 15
_QUICK_ROUNDS: Final = 3
_SLOW: Final = ("reprefill",)
_SLOW_ROUNDS: Final = 3


def run(trial: Trial) -> Findings:
    """All arms at every length, then the flatness of ours."""
    arms, resident, config = _arms()
    rng, figures = Random(trial.seed), dict[str, float | int | None]()
    ids = [rng.randrange(1000, 40000) for _ in range(_PREFIX + _RETAINED[-1] * _ACTION + _FRAME)]
    frame, lived = ids[-_FRAME:], 0
    buffers: list[tuple[int, int]] = []
    for step, retained in enumerate(_RETAINED):
        end = _PREFIX + retained * _ACTION
        for arm in arms:
            for start in range(lived, end, _ACTION):
                arm.live(ids[start : min(start + _ACTION, end)])
        lived = end
        buffers = buffers or resident.session.buffers()
        for name, ms in _interleaved(arms, frame, _QUICK_ROUNDS if trial.quick else _ROUNDS).items():
            figures[f"{name}_ms_{retained}"] = round(ms, 2)
        trial.progress(step + 1, len(_RETAINED) + 1)
    known = set(buffers)
    figures["cache_bytes_allocated"] = sum(size for address, size in resident.session.buffers() if (address, size) not in known)
    figures |= _ratios(figures) | {"flatness": _flatness(trial)}
    bars = missed(figures, {
        "speedup_64": (">=", 25), "vs_crop_16": ("<=", 1.0), "vs_crop_64": ("<=", 0.9), "vs_llamacpp": ("<=", 0.8),
        "cache_bytes_allocated": ("==", 0), "flatness": ("<=", 1.1),
    })  # fmt: skip
    return Findings(figures=figures, failed=bars, config=config, data={"n": len(_RETAINED), "seed": trial.seed, "digest": None})


def _arms() -> tuple[list[Arm], Resident, dict[str, Any]]:
    """Every arm, ours in the shipped configuration, and the configuration."""
    import torch

    from kairos.config import MindSettings, places
    from kairos.mind.model import default_gguf, find, load_base, prepare
    from kairos.mind.opened import dtype_of, use_threads

    use_threads(0)
    directory, shipped = find("default", places().models), dtype_of(MindSettings(), "cpu")

    def model(dtype: torch.dtype, *, ours: bool) -> Any:
        loaded, _ = load_base(directory, dtype=dtype)
        if ours:
            prepare(loaded)
        return loaded

    prepared, prepared_f32 = model(shipped, ours=True), model(torch.float32, ours=True)
    resident = Resident("idle", prepared, max_positions=_POSITIONS, watched=(1, 2))
    llama = LlamaCpp("llamacpp", default_gguf(), threads=torch.get_num_threads(), positions=_POSITIONS)
    arms: list[Arm] = [
        resident,
        Crop("crop", model(shipped, ours=False)),
        llama,
        Resident("idle_float32", prepared_f32, max_positions=_POSITIONS, watched=(1, 2)),
        Crop("crop_prepared", prepared),
        Reprefill("reprefill", model(torch.float32, ours=False)),
    ]
    config = {
        "shipped": {"dtype": str(shipped), "threads": torch.get_num_threads(), "layers": "views", "weights": "packed", "attention": "folded"},
        "speedup_64": "re-prefill over resident, float32 in both", "peer": llama.build,
        "prefix": _PREFIX, "action": _ACTION, "frame": _FRAME,
    }  # fmt: skip
    return arms, resident, config


def _interleaved(arms: Sequence[Arm], frame: Sequence[int], rounds: int) -> dict[str, float]:
    """Median milliseconds of a tick of each arm."""
    found: dict[str, list[float]] = {arm.name: [] for arm in arms}
    for arm in arms:
        arm.tick(frame)  # shapes met for the first time
    for number in range(rounds):
        for arm in arms:
            if arm.name in _SLOW and number >= _SLOW_ROUNDS:
                continue
            started = time.perf_counter()
            arm.tick(frame)
            found[arm.name].append((time.perf_counter() - started) * 1000)
    return {name: quantile(values, 0.5) or 0.0 for name, values in found.items()}


def _ratios(figures: dict[str, float | int | None]) -> dict[str, float]:
    def over(above: str, below: str) -> float:
        return round(float(figures[above] or 0) / float(figures[below] or 1), 3)

    return {
        "speedup_64": over("reprefill_ms_64", "idle_float32_ms_64"),
        "vs_crop_16": over("idle_ms_16", "crop_ms_16"),
        "vs_crop_64": over("idle_ms_64", "crop_ms_64"),
        "vs_crop_prepared_64": over("idle_ms_64", "crop_prepared_ms_64"),
        "vs_llamacpp": over("idle_ms_16", "llamacpp_ms_16"),
        "vs_llamacpp_64": over("idle_ms_64", "llamacpp_ms_64"),
    }


def _flatness(trial: Trial) -> float:
    """The tick of a ring just full again after all were offered, over that of one just full for the first time."""
    from kairos.config import MindSettings

    offered, positions = (160, 1200) if trial.quick else (1024, MindSettings().max_positions)
    opened = default_mind(max_positions=positions, sensitivity=0)
    reflex, full = opened.reflex, list[float]()
    for number in itertools.count():
        text = f"unit {number:05} of rack {number % 7} left its bounds"
        reflex.restore([(Frame(kind="text", source=f"host{number}", text=text), "notify look at it.")])
        if reflex.full:
            full.append(_median_tick(reflex))
            if number >= offered:
                break
            reflex.trim()
    return round(full[-1] / full[0], 3)


def _median_tick(reflex: Any, rounds: int = 9) -> float:
    found: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        reflex.judge(Frame.idle())
        reflex.rewind()
        found.append((time.perf_counter() - started) * 1000)
    return quantile(found, 0.5) or 0.0


BENCH: Final = Check(kind="bench", name="tick", summary="a quiet tick as history grows, beside every other way to hold one", run=run)
