"""`kairos bench ear`: what listening costs on one core, from samples to what is told, and single layers beside published figures.

The figures beside ours were measured with the chip maker's own library in its exact software mode, on one core
of another two-core machine; they are printed, not judged.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from kairos.api import Check, Findings, Layer, Trial, missed, quantile
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME, Frontend
from kairos_plugins.ear.hearing import BANK, EAR, WEIGHTS, Ear, Models, engine
from kairos_plugins.ear.tell import Teller
from kairos_plugins.ear.training.noises import music

_SECONDS: Final = 60
_QUICK: Final = 10
_WARM: Final = 25
_ROUNDS: Final = 300
_PUBLISHED_US: Final = {"conv_stride_32": 9.1, "conv_stride_8": 23.0, "conv_stride_1": 162.0, "affine_512": 127.0}


def run(trial: Trial) -> Findings:
    """A minute of sound, then layers alone."""
    models, seconds = Models(engine()), _QUICK if trial.quick else _SECONDS
    rng = np.random.default_rng(trial.seed)
    samples = np.round(music(rng, seconds * RATE) * 3000).clip(-32768, 32767).astype(np.int16).reshape(-1, FRAME)
    ear, frontend, network = Ear(models), Frontend(models.bank), models.network.stream()
    features = [frontend.frame(frame) for frame in samples]
    teller = Teller(EarSettings())
    whole = _each(lambda frame: teller.feed(ear.frame(frame)), samples)
    figures: dict[str, Any] = {
        "real_time_factor": sum(whole) / 1e6 / (len(whole) * FRAME / RATE),
        "us_frame_p50": quantile(whole, 0.5), "us_frame_p99": quantile(whole, 0.99),
        "us_features_p50": quantile(_each(frontend.frame, samples), 0.5), "us_network_p50": quantile(_each(network.step, features), 0.5),
        "weights_mb": sum((WEIGHTS / name).stat().st_size for name in (BANK, EAR)) / 1e6,
        "memory_mb": (models.bank.nbytes + models.network.nbytes) / 1e6,
        **{f"us_{name}": value for name, value in _layers(rng).items()},
    }  # fmt: skip
    bars = missed(figures, {"real_time_factor": ("<=", 0.01), "weights_mb": ("<=", 2.0)})
    return Findings(
        figures=figures, failed=bars, config={"published_us": _PUBLISHED_US}, data={"n": len(whole), "seed": trial.seed, "digest": None}
    )


def _each(step: Callable[[Any], Any], frames: Any) -> list[float]:
    """Processor microseconds of each call, the first ones left out."""
    found: list[float] = []
    for frame in frames:
        began = time.thread_time_ns()
        step(frame)
        found.append((time.thread_time_ns() - began) / 1000)
    return found[_WARM:]


def _layers(rng: np.random.Generator) -> dict[str, float | None]:
    """Layers of the published shapes, alone."""
    gna, found = engine(), dict[str, float | None]()
    shapes = {
        **{
            f"conv_stride_{stride}": (640, Layer(name="x", kind="conv1d", weights=rng.normal(size=(32, 32)), stride=stride))
            for stride in (32, 8, 1)
        },
        "affine_512": (512, Layer(name="x", weights=rng.normal(size=(512, 512)))),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, (inputs, layer) in shapes.items():
            frames = rng.integers(-3000, 3000, (_ROUNDS, inputs)).astype(np.int16)
            gna.compile(inputs, [layer], frames, Path(folder) / "x")
            found[name] = quantile(_each(gna.load(Path(folder) / "x").stream().step, frames), 0.5)
    return found


BENCH: Final = Check(kind="bench", name="ear", summary="what listening costs on one core", run=run)
