"""`kairos train projector`: the projector of a model, or both halves anew.

Dense per-position cross-entropy against the voices' own alignments, nothing else: what the mind makes of it is the
gates' business, never the signal. Without `--anew` the network below stays as it is, its contexts are worked out by
the fixed-point engine as they will be, and only the projector is learned: minutes on a processor.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from kairos.api import FixedPoint, KairosError, Lesson
from kairos_plugins.ear import frontend
from kairos_plugins.ear.hearing import BANK, engine
from kairos_plugins.ear.hearing import WEIGHTS as EAR_WEIGHTS
from kairos_plugins.ear.training.voices import Split
from kairos_plugins.projector.language import Language
from kairos_plugins.projector.network import Projector, WordsNetwork
from kairos_plugins.projector.training.examples import Example, Maker, due_in, edits, vocabulary
from kairos_plugins.projector.training.speakers import VOICES
from kairos_plugins.projector.words import FORMAT, PROJECTOR, WEIGHTS, WORDS, Binder, Floats, kept

_FRAMES: Final = 128
_EACH: Final = 40
"""Examples a process makes at a time."""
_TRIED: Final = 320
_ANEW: Final = (28, 128, 2e-3)
_ABOVE: Final = (10, 32, 5e-4)
"""Epochs, examples a batch and learning rate, for all of it and for the projector alone."""
_WORST: Final = 0.3
"""Token error rate on voices kept back, in rooms and noise, from which nothing is written."""
_VALID_SEED: Final = 9_000_000
Tokens = tuple[tuple[str, tuple[int, ...]], ...]


class Said(NamedTuple):
    """Examples side by side: inputs [N, T, ..], classes due [N, T], and where there was sound [N, T]."""

    inputs: Tensor
    marks: Tensor
    valid: Tensor


class Pupil(NamedTuple):
    """What learns: a network below and a projector, and how inputs are handed to them."""

    below: nn.Module
    projector: Projector
    scaled: Callable[[Tensor], Tensor]
    hide: Callable[[Tensor], Tensor]


def train(lesson: Lesson) -> None:
    """Make sentences, learn, try on voices kept back, write; raises `KairosError` where it is not good enough."""
    torch.manual_seed(lesson.seed)
    language = Language.read(lesson.phrases)
    ids, classes = vocabulary(language, lesson.mind.encode)
    tokens: Tokens = tuple((word, tuple(found)) for word, found in classes.items())
    lesson.say(f"{len(language.words)} words, {len(ids)} tokens; making {lesson.examples} examples")
    tried = made("valid", _TRIED, seed=_VALID_SEED, tokens=tokens, phrases=lesson.phrases)
    examples = made("train", lesson.examples, seed=lesson.seed, tokens=tokens, phrases=lesson.phrases)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    gna, projector = engine(), Projector(len(ids)).to(device)
    if lesson.anew:
        below = WordsNetwork().to(device)
        pupil = Pupil(below, projector, scaled, hidden_some)
    else:
        words = gna.load(WEIGHTS / WORDS)
        tried, examples = [_under(words, one) for one in tried], [_under(words, one) for one in examples]
        begun(projector, ids, Binder(WEIGHTS / PROJECTOR), lesson.mind.rows_digest)
        pupil = Pupil(nn.Identity(), projector, Tensor.float, Tensor.float)
    found = learn(pupil, gathered(examples), tried, *(_ANEW if lesson.anew else _ABOVE), device=device, say=lesson.say)
    if found["token_errors"] > _WORST:
        raise KairosError(
            f"{found['token_errors']:.0%} of the tokens came out wrong on voices kept back, at most {_WORST:.0%} may: nothing written"
        )
    lesson.out.mkdir(parents=True, exist_ok=True)
    if lesson.anew:
        drift = compiled(pupil.below, gna, lesson.out / WORDS, examples[: 3 * _EACH])
        lesson.say(json.dumps({"drift": {name: round(value, 5) for name, value in drift.items()}}))
    write(projector, lesson.out / PROJECTOR, ids=ids, table=lesson.mind.rows(ids), model=lesson.mind.rows_digest)
    lesson.say(f"written to {lesson.out}; use it by plugin.projector.weights")


@torch.no_grad()
def begun(projector: Projector, ids: Sequence[int], shipped: Binder, model: str) -> None:
    """What the shipped projector of the same model knows of these tokens, to begin with."""
    if shipped.model != model:
        return
    weights = {name: torch.from_numpy(array) for name, array in shipped.weights.items()}
    projector.hidden.weight.copy_(weights["hidden.weight"])
    projector.hidden.bias.copy_(weights["hidden.bias"])
    known = {token: number + 1 for number, token in enumerate(shipped.ids)}
    for number, place in [(0, 0), *((number + 1, known[token]) for number, token in enumerate(ids) if token in known)]:
        projector.straight.weight[number] = weights["straight.weight"][place]
        projector.straight.bias[number] = weights["straight.bias"][place]
        projector.out.weight[number] = weights["out.weight"][place]


def gathered(examples: Sequence[Example]) -> Said:
    """Cut or filled up to one length."""
    shape, dtype = (len(examples), _FRAMES, examples[0].features.shape[1]), examples[0].features.dtype
    inputs, marks, valid = np.zeros(shape, dtype), np.zeros(shape[:2], np.int16), np.zeros(shape[:2], bool)
    for number, one in enumerate(examples):
        length = min(_FRAMES, len(one.marks))
        inputs[number, :length], marks[number, :length], valid[number, :length] = one.features[:length], one.marks[:length], True
    return Said(*(torch.from_numpy(array) for array in (inputs, marks, valid)))


def made(split: Split, count: int, *, seed: int, tokens: Tokens, phrases: Sequence[str]) -> list[Example]:
    """`count` examples of a split's voices, the same for the same seed, by all processors."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        job = partial(_some, split, tuple(phrases), tokens)
        return [one for some in pool.map(job, range(seed, seed + -(-count // _EACH))) for one in some]


def _some(split: Split, phrases: tuple[str, ...], tokens: Tokens, seed: int) -> list[Example]:
    maker = _maker(phrases, tokens)
    found = (maker.draw(seed * 1_000_003 + number, VOICES[split]) for number in range(_EACH))
    return [one for one in found if one is not None]


@cache
def _maker(phrases: tuple[str, ...], tokens: Tokens) -> Maker:
    return Maker(engine().load(EAR_WEIGHTS / BANK), Language.read(phrases), dict(tokens))


def _under(words: Any, one: Example) -> Example:
    """The example with contexts for features, worked out in whole numbers."""
    contexts = words.clip(one.features)[0]["context"] / words.scale("context")
    return one._replace(features=contexts.astype(np.float16))


def learn(
    pupil: Pupil, said: Said, tried: Sequence[Example], epochs: int, batch: int, rate: float, *, device: str, say: Callable[[str], None]
) -> dict[str, float]:
    """Both modules in place; returns how they did on `tried` in the end."""
    parameters = [weight for module in (pupil.below, pupil.projector) for weight in module.parameters()]
    steps, started, found = max(1, epochs * len(said.marks) // batch), time.monotonic(), dict[str, float]()
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    said = Said(*(part.to(device) for part in said))
    for step in range(1, steps + 1):
        chosen = torch.randint(len(said.marks), (batch,), device=device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            logits = pupil.projector(pupil.below(pupil.hide(pupil.scaled(said.inputs[chosen]))))
        valid = said.valid[chosen]
        loss = nn.functional.cross_entropy(logits.float()[valid], said.marks[chosen][valid].long(), label_smoothing=0.02)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        if step % max(1, steps // 8) == 0 or step == steps:
            found = judged(pupil, tried, device)
            say(json.dumps({"step": step, "of": steps, "loss": round(loss.item(), 4), "s": round(time.monotonic() - started), **found}))
    return found


def scaled(features: Tensor) -> Tensor:
    """Whole numbers as the networks are trained on them."""
    return features.float() / frontend.UNIT


def hidden_some(features: Tensor) -> Tensor:
    """Features [B, T, 320] with a stretch of bands silenced in half of them (SpecAugment, Park et al. 2019)."""
    count, frames, _ = features.shape
    bands = features.reshape(count, frames, frontend.HOPS, 2, -1)
    start, width = torch.rand(count, 1, device=features.device), torch.rand(count, 1, device=features.device) * 0.15
    place = torch.linspace(0, 1, bands.shape[-1], device=features.device)
    gone = (place >= start) & (place < start + width) & (torch.rand(count, 1, device=features.device) < 0.5)
    return bands.masked_fill(gone[:, None, None, None, :], 0.0).reshape(features.shape)


@torch.no_grad()
def judged(pupil: Pupil, tried: Sequence[Example], device: str) -> dict[str, float]:
    """Token error rate over sentences, and tokens a clip where none is due."""
    modules = (pupil.below, pupil.projector)
    for module in modules:
        module.eval()
    wrong = due = false = silent = 0
    for one in tried:
        inputs = pupil.scaled(torch.from_numpy(one.features)[None].to(device))
        said = [found.token + 1 for found in kept(_numbers(pupil.projector(pupil.below(inputs))))]
        truth = due_in(one.marks)
        wrong, due = wrong + edits(said, truth) * bool(truth), due + len(truth)
        false, silent = false + len(said) * (not truth), silent + (not truth)
    for module in modules:
        module.train()
    return {"token_errors": round(wrong / max(1, due), 4), "false_tokens": round(false / max(1, silent), 3)}


def _numbers(logits: Tensor) -> Floats:
    return logits[0].float().cpu().numpy()


def compiled(below: nn.Module, gna: FixedPoint, path: Path, examples: Sequence[Example]) -> dict[str, float]:
    """The lower half in fixed point, calibrated on `examples`; returns the drift of each layer."""
    assert isinstance(below, WordsNetwork)
    calibration = np.concatenate([one.features for one in examples])
    return dict(gna.compile(frontend.FEATURES, below.cpu().eval().described(), calibration, path, input_scale=float(frontend.UNIT)))


def write(projector: Projector, path: Path, *, ids: Sequence[int], table: Floats, model: str) -> None:
    """The projector with the rows it binds to, whole or not at all."""
    tensors = {name: weight.detach().cpu().half().contiguous() for name, weight in projector.state_dict().items()}
    part = path.with_name(f"{path.name}.part")
    save_file(
        tensors | {"table": torch.from_numpy(table).contiguous()},
        part,
        metadata={"format": FORMAT, "model": model, "ids": json.dumps(list(ids))},
    )
    part.replace(path)
