"""`kairos gate projector-ladder`: the projector on anchors whose best possible answer is known.

Rung one: 160 gaussian anchors of unit length in 640 dimensions, seen through noise; no reader can beat the nearest
anchor, and its figure stands beside ours. Rung two: anchors that are fixed random projections of the mind's own
embedding rows. The same projector, the same binder, learned from fresh noise, judged on noise it has not met.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos.api import Check, Findings, Trial, missed
from kairos_plugins.projector.language import Language
from kairos_plugins.projector.training.examples import vocabulary
from kairos_plugins.projector.words import bound

_WIDTH: Final = 640
_ANCHORS: Final = 160
_SIGMAS: Final = (0.1, 0.3, 0.5)
_SMALL: Final = 60
_HELD_OUT: Final = 20_000
_STEPS: Final = 2_500
_QUICK_STEPS: Final = 250
_QUICK_HELD_OUT: Final = 2_000
_BATCH: Final = 1_024
_CHUNK: Final = 2_000
Floats = NDArray[np.float32]


def run(trial: Trial) -> Findings:
    """Both rungs."""
    rng = np.random.default_rng(trial.seed)
    steps, held = (_QUICK_STEPS, _QUICK_HELD_OUT) if trial.quick else (_STEPS, _HELD_OUT)
    anchors = _unit(rng.standard_normal((_ANCHORS, _WIDTH)))
    figures: dict[str, Any] = {"positions": held}
    found = _climbed(anchors, anchors, _SIGMAS, steps, held, trial, rng)
    figures |= {"synthetic_top1": found[0.1]["top1"], "synthetic_cosine": found[0.1]["cosine"]}
    for sigma in _SIGMAS[1:]:
        name = f"{round(sigma * 10):02d}"
        figures |= {
            f"synthetic_top1_{name}": found[sigma]["top1"], f"ceiling_{name}": found[sigma]["ceiling"],
            f"of_ceiling_{name}": found[sigma]["top1"] / found[sigma]["ceiling"],
        }  # fmt: skip
    for name, real in _real(trial, rng, steps, held).items():
        figures |= {f"{key}_{name}" if name else key: value for key, value in real.items()}
    bars = missed(figures, {
        "synthetic_top1": (">=", 0.999), "synthetic_cosine": (">=", 0.9998), "of_ceiling_03": (">=", 0.95), "of_ceiling_05": (">=", 0.95),
        "real_top1": (">=", 0.95), "real_cosine": (">=", 0.995), "real_top1_all": (">=", 0.95), "real_tokens_all": (">=", 400),
    })  # fmt: skip
    config = {"anchors": _ANCHORS, "width": _WIDTH, "sigmas": _SIGMAS, "steps": steps, "batch": _BATCH}
    return Findings(figures=figures, failed=bars, config=config, data={"n": held, "seed": trial.seed, "digest": None})


def _real(trial: Trial, rng: np.random.Generator, steps: int, held: int) -> dict[str, dict[str, Any]]:
    """The mind's own rows, sixty of them and all of the vocabulary."""
    mind = trial.mind()
    ids, _ = vocabulary(Language.read(), mind.encode)
    table = mind.rows(ids)
    projection = rng.standard_normal((table.shape[1], _WIDTH)) / np.sqrt(_WIDTH)
    found: dict[str, dict[str, Any]] = {}
    for name, rows in (("", table[rng.permutation(len(table))[:_SMALL]]), ("all", table)):
        one = _climbed(_unit(rows @ projection), rows, (0.1,), steps, held, trial, rng)[0.1]
        found[name] = {"real_top1": one["top1"], "real_cosine": one["cosine"], "real_ceiling": one["ceiling"], "real_tokens": len(rows)}
    return found


def _climbed(
    anchors: Floats, table: Floats, sigmas: tuple[float, ...], steps: int, held: int, trial: Trial, rng: np.random.Generator
) -> dict[float, dict[str, float]]:
    """A projector learned on noisy anchors, and by sigma: top-1, cosine of the bound row with the true one, and the nearest anchor's top-1."""
    import torch

    from kairos_plugins.projector.network import Projector

    torch.manual_seed(trial.seed)
    projector, targets = Projector(len(anchors), inputs=anchors.shape[1]), torch.from_numpy(anchors)
    optimiser = torch.optim.AdamW(projector.parameters(), lr=2e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for step in range(steps):
        truth = torch.randint(len(anchors), (_BATCH,))
        noise = torch.tensor(sigmas)[torch.randint(len(sigmas), (_BATCH,))][:, None]
        loss = torch.nn.functional.cross_entropy(projector(targets[truth] + noise * torch.randn(_BATCH, _WIDTH)), truth + 1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        trial.progress(step + 1, steps)
    projector.eval()
    return {sigma: _judged(projector, anchors, table, sigma, held, rng) for sigma in sigmas}


def _judged(projector: Any, anchors: Floats, table: Floats, sigma: float, held: int, rng: np.random.Generator) -> dict[str, float]:
    import torch

    right = near = 0
    cosines: list[float] = []
    for _ in range(held // _CHUNK):
        truth = rng.integers(len(anchors), size=_CHUNK)
        heard = (anchors[truth] + sigma * rng.standard_normal((_CHUNK, _WIDTH))).astype(np.float32)
        with torch.inference_mode():
            logits = projector(torch.from_numpy(heard)).numpy()[:, 1:]
        right += int((logits.argmax(axis=1) == truth).sum())
        near += int(((heard @ anchors.T - (anchors**2).sum(axis=1) / 2).argmax(axis=1) == truth).sum())
        cosines.append(float((_unit(bound(logits, table)) * _unit(table[truth])).sum(axis=1).mean()))
    count = held // _CHUNK * _CHUNK
    return {"top1": right / count, "ceiling": near / count, "cosine": float(np.mean(cosines))}


def _unit(rows: Any) -> Floats:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


GATE: Final = Check(kind="gate", name="projector-ladder", summary="the projector on anchors whose best answer is known", run=run)
