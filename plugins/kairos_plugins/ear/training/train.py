"""Train the ear: one command, one seed, on a processor.

    python -m kairos_plugins.ear.training.train --data DIR --out DIR

`DIR` holds `speech/train`, `speech/valid`, `noise/train` and `noise/valid`, each with one folder of 16 kHz
mono WAV files a source (`gather` makes it from free recordings and voices). Scenes are made anew from the
seed; features come from the integer filter bank itself, so the network learns on what it will hear.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from kairos.api import FixedPoint, auc
from kairos_plugins.ear import filters, frontend
from kairos_plugins.ear.hearing import BANK, EAR, engine
from kairos_plugins.ear.training.network import EarNetwork
from kairos_plugins.ear.training.scenes import Sounds, scene

_SECONDS: Final = 12.0
_RARE: Final = 2.0
_OCTAVES: Final = 0.3
"""Recordings to learn from are played up to so much faster or slower."""


def bank(gna: FixedPoint, path: Path) -> Any:
    """The filter bank, compiled into `path`."""
    rng = np.random.default_rng(0)
    time_s = np.arange(filters.WINDOW * filters.HOPS) / filters.RATE
    tones = [np.round(32767 * np.sin(2 * np.pi * hertz * time_s)) for hertz in np.geomspace(60, 7900, 50)]
    calibration = np.concatenate([rng.integers(-32767, 32768, (50, len(time_s))), tones]).astype(np.int16)
    drift = gna.compile(len(time_s), filters.layers(), calibration, path)
    print(json.dumps({"bank": {name: round(value, 6) for name, value in drift.items()}}), flush=True)
    return gna.load(path)


@cache
def _opened(data: Path, split: str, bank_path: Path) -> tuple[Any, Sounds, Sounds]:
    """Once a process."""
    octaves = _OCTAVES if split == "train" else 0.0
    opened = [Sounds.of(data / kind / split, octaves=octaves) for kind in ("speech", "noise")]
    return engine().load(bank_path), opened[0], opened[1]


def _made(number: int, *, data: Path, split: str, seed: int, bank_path: Path) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """One scene's features [T, 320] and marks [T, 8]."""
    network, voices, noises = _opened(data, split, bank_path)
    made = scene(np.random.default_rng((seed, number)), voices, noises, seconds=_SECONDS)
    features = frontend.whole(network, made.samples)
    marks = np.concatenate([made.speech.reshape(-1, filters.HOPS), made.tone.reshape(-1, filters.HOPS)], axis=1)
    return features, marks


def scenes(data: Path, split: str, count: int, *, seed: int, bank_path: Path, workers: int) -> tuple[Tensor, Tensor]:
    """Features [N, T, 320] int16 and marks [N, T, 8] of `count` scenes."""
    job = partial(_made, data=data, split=split, seed=seed, bank_path=bank_path)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        rows = list(pool.map(job, range(count), chunksize=8))
    return torch.from_numpy(np.stack([row[0] for row in rows])), torch.from_numpy(np.stack([row[1] for row in rows]))


def loss_of(logits: Tensor, marks: Tensor) -> Tensor:
    """Mean cross-entropy of speech, and of tone, whose rare cells count for more."""
    hops = filters.HOPS
    speech = functional.binary_cross_entropy_with_logits(logits[..., :hops], marks[..., :hops].float())
    rare = torch.full((hops,), _RARE)
    return speech + functional.binary_cross_entropy_with_logits(logits[..., hops:], marks[..., hops:].float(), pos_weight=rare)


def train(args: argparse.Namespace) -> None:
    """Make scenes, learn, compile, compare."""
    torch.manual_seed(args.seed)
    out, gna = Path(args.out), engine()
    out.mkdir(parents=True, exist_ok=True)
    bank(gna, out / BANK)
    made = partial(scenes, Path(args.data), bank_path=out / BANK, workers=args.workers)
    features, marks = made("train", args.scenes, seed=args.seed)
    tried, truth = made("valid", max(8, args.scenes // 12), seed=args.seed + 1)
    print(json.dumps({"scenes": len(features), "speech": float(marks[..., :4].float().mean())}), flush=True)
    model, started = EarNetwork(), time.monotonic()
    steps = args.epochs * len(features) // args.batch
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.lr, total_steps=steps)
    for step in range(1, steps + 1):
        chosen = torch.randint(len(features), (args.batch,))
        loss = loss_of(model(_scaled(features[chosen])), marks[chosen])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == steps:
            print(
                json.dumps(
                    {"step": step, "loss": round(loss.item(), 4), **_judged(model, tried, truth), "s": round(time.monotonic() - started)}
                ),
                flush=True,
            )
    _compile(model.eval(), gna, out / EAR, features, tried, truth)


@torch.no_grad()
def _judged(model: EarNetwork, features: Tensor, marks: Tensor) -> dict[str, float]:
    model.eval()
    logits = torch.cat([model(_scaled(some)) for some in features.split(16)])
    model.train()
    return _areas(logits, marks)


def _areas(logits: Tensor, marks: Tensor) -> dict[str, float]:
    """Areas under the ROC curves, over all cells."""
    parts = {"speech": slice(None, filters.HOPS), "tone": slice(filters.HOPS, None)}
    return {name: round(auc(logits[..., part].flatten().tolist(), marks[..., part].flatten().tolist()), 5) for name, part in parts.items()}


def _compile(model: EarNetwork, gna: FixedPoint, path: Path, features: Tensor, tried: Tensor, truth: Tensor) -> None:
    """Into fixed point, calibrated on scenes of training; then judged in integers."""
    calibration = features[:120].reshape(-1, frontend.FEATURES).numpy()
    drift = gna.compile(frontend.FEATURES, model.described(), calibration, path, input_scale=float(frontend.UNIT))
    network = gna.load(path)
    outputs, saturated = zip(*(network.clip(one.numpy()) for one in tried), strict=True)
    logits = torch.from_numpy(np.stack([found["heads"] for found in outputs]).astype(np.float64) / network.scale("heads"))
    print(
        json.dumps(
            {
                "drift": {name: round(value, 5) for name, value in drift.items()},
                "integers": _areas(logits, truth),
                "saturated": any(saturated),
            }
        ),
        flush=True,
    )


def _scaled(features: Tensor) -> Tensor:
    return features.float() / frontend.UNIT


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=11)
    train(parser.parse_args(argv))


if __name__ == "__main__":
    main()
