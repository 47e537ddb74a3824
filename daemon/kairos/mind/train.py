"""Train the adapter that tells NO_OP from ACTION: one command, one seed, minutes on one GPU.

    python -m kairos.mind.train --model DIR --out reflex.safetensors --steps 900 --seed 11

Rows are lives (see `packing`): 0 to 64 retained actions, and frames tried at the anchor, some with a rule of
an owner asked behind them, with the loss on their answers only. The adapter that is kept is the running average that did best
on frames of the split `valid`, which also calibrates it; `test` is printed once at the end and
chooses nothing. The same recipe works for another base model: give its directory.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from kairos.config import MindSettings
from kairos.mind import adapter, sparse
from kairos.mind.calibration import RULES
from kairos.mind.corpus.generate import SHARES
from kairos.mind.corpus.splits import Split
from kairos.mind.exam import Judged, grave, hidden, judged
from kairos.mind.frames import FrameEncoder
from kairos.mind.packing import IGNORE, Batch, batch

_AHEAD: Final = 24
_WORDS_WEIGHT: Final = 0.5
_PRINTED: Final = 80


@cache
def _encoder(tokenizer_file: str) -> FrameEncoder:
    return FrameEncoder(Tokenizer.from_file(tokenizer_file))


def _made(tokenizer_file: str, seed: str, how: Mapping[str, Any]) -> Batch:
    torch.set_num_threads(1)
    return replace(batch(_encoder(tokenizer_file), seed, **how), frames=[])  # nobody asks for them here, and they are slow to send


def prepared(pool: ProcessPoolExecutor, tokenizer_file: Path, seed: int, how: Mapping[str, Any]) -> Iterator[Batch]:
    """Endless batches, made ahead by other processes, in the order of their seeds; `how` goes to `packing.batch`."""
    waiting: list[Future[Batch]] = []
    number = 0
    while True:
        while len(waiting) < _AHEAD:
            waiting.append(pool.submit(_made, str(tokenizer_file), f"{seed}/{number}", how))
            number += 1
        yield waiting.pop(0).result()


class Losses(NamedTuple):
    """Means over a batch."""

    verdict: Tensor
    """Cross-entropy of the verdicts."""
    rules: Tensor
    """Of what rules have to say."""
    words: Tensor
    """Of the words that follow an ACTION."""
    drift: Tensor
    """How far judgements are from those that they should be alike: Kullback-Leibler divergence, in nats."""


def losses(model: Any, encoder: FrameEncoder, given: Batch, device: str) -> Losses:
    """What the model makes of one batch."""
    states = hidden(model, given, device)
    labels = given.labels.to(device)
    asked = labels != IGNORE
    logits = model.lm_head(states[asked]).float()
    each = functional.cross_entropy(logits, labels[asked], reduction="none")
    first, ruled = given.verdicts.to(device)[asked], given.ruled.to(device)[asked]
    margins = logits[first][:, encoder.action_id] - logits[first][:, encoder.no_op_id]
    return Losses(each[first].mean(), _mean(each[ruled]), _mean(each[~(first | ruled)]), _drift(margins, given.pairs.to(device)))


def _mean(losses: Tensor) -> Tensor:
    """0 of none."""
    return losses.sum() / max(1, len(losses))


def _drift(margins: Tensor, pairs: Tensor) -> Tensor:
    """Mean divergence of judgements from those they are paired with, which stand; 0 without pairs."""
    if not len(pairs):
        return margins.new_zeros(())
    found, wanted = (torch.stack([margins[side], torch.zeros_like(margins[side])], dim=-1).log_softmax(-1) for side in pairs.T)
    return functional.kl_div(found, wanted.detach(), reduction="batchmean", log_target=True)


def _say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


class Training:
    """One run: the corrections on a model, their optimiser, and their running average."""

    def __init__(self, args: argparse.Namespace) -> None:
        from kairos.mind.model import load_base

        torch.manual_seed(args.seed)
        self.args = args
        self.model, self.tokenizer_file = load_base(Path(args.model), dtype=torch.float32)
        self.model.to(args.device).train()
        self.encoder = _encoder(str(self.tokenizer_file))
        self.wrapped = adapter.wrap(self.model, rank=args.rank, scale=args.scale, dropout=args.dropout)
        if args.device.startswith("cuda"):
            sparse.install(self.model)
        if args.init:
            adapter.put(self.wrapped, adapter.averaged([Path(path) for path in args.init], rank=args.rank, scale=args.scale))
        self._weights = [p for layer in self.wrapped.values() for p in (layer.A, layer.B)]
        self._optimiser = torch.optim.AdamW(self._weights, lr=args.lr, weight_decay=args.decay, betas=(0.9, 0.98))
        self._average = [weight.detach().clone() for weight in self._weights]

    def step(self, given: Batch, *, number: int, progress: float) -> dict[str, float]:
        """Learn from one batch; `progress` runs from 0 to 1. Returns the losses by name."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.args.lr * min(1.0, number / self.args.warm) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, progress)))
        with torch.autocast(self.args.device.split(":")[0], dtype=torch.bfloat16):
            found = losses(self.model, self.encoder, given, self.args.device)
            loss = found.verdict + found.rules + _WORDS_WEIGHT * found.words + self.args.alike * found.drift
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimiser.step()
        with torch.no_grad():  # an average of weights generalises better than the last of them (arXiv 1803.05407)
            share = min(self.args.average, number / (number + 10))
            for kept, weight in zip(self._average, self._weights, strict=True):
                kept.lerp_(weight, 1 - share)
        return {name: round(value.item(), 4) for name, value in found._asdict().items()}

    @contextmanager
    def averaged(self) -> Generator[None]:
        """Within, the corrections are their running average, and nothing is dropped."""
        kept = [weight.detach().clone() for weight in self._weights]
        self._set(self._average)
        self.model.eval()
        try:
            yield
        finally:
            self.model.train()
            self._set(kept)

    def judged(self, split: Split, count: int, *, shift: int) -> Judged:
        """Margins of `count` frames of a split."""
        seed = self.args.seed + shift
        return judged(
            self.model,
            self.encoder,
            seed,
            count,
            split=split,
            how={"tokens": self.args.tokens, "length": self.args.length},
            device=self.args.device,
        )

    @torch.no_grad()
    def _set(self, values: list[Tensor]) -> None:
        for weight, value in zip(self._weights, values, strict=True):
            weight.copy_(value)


def train(args: argparse.Namespace) -> None:
    """Run the recipe and write the adapter with its figures in the header."""
    shares = {**SHARES, **{name: float(share) for name, _, share in (given.partition("=") for given in args.share)}}
    run, started, kept = Training(args), time.monotonic(), adapter.Corrections()
    best: Judged | None = None
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        source = prepared(pool, run.tokenizer_file, args.seed, {"tokens": args.tokens, "length": args.length, "shares": shares})
        for step in range(1, args.steps + 1):
            progress = max(step / args.steps, (time.monotonic() - started) / args.seconds)
            found = run.step(next(source), number=step, progress=progress)
            if step % 25 == 0 or step in (1, 5):
                _say(step=step, **found, s=round(time.monotonic() - started, 1))
            last = step == args.steps or progress >= 1.0
            if step % args.every == 0 or last:
                with run.averaged():
                    looked = run.judged("valid", args.valid, shift=1)
                    _say(step=step, valid=looked.rates(looked.calibrated()))
                    if best is None or looked.auc + looked.auc_of_rules > best.auc + best.auc_of_rules:
                        best, kept = looked, adapter.copy(run.wrapped)
            if last:
                break
    if best is not None:
        adapter.put(run.wrapped, kept)
    run.model.eval()
    _finish(run, best or run.judged("valid", args.valid, shift=1))


def _finish(run: Training, found: Judged) -> None:
    """Write the best adapter, judged as `found`; print how it does on frames that chose nothing."""
    calibrations = found.calibrated()
    limit = calibrations[0].threshold(MindSettings().sensitivity)
    tested = run.judged("test", run.args.test, shift=2)
    figures = {f"valid_{k}": v for k, v in found.rates(calibrations).items()} | {
        f"test_{k}": v for k, v in tested.rates(calibrations).items()
    }
    figures |= calibrations[0].header() | calibrations[1].header(RULES) | {"seed": run.args.seed, "rank": run.args.rank}
    adapter.save(run.wrapped, Path(run.args.out), metadata={name: str(value) for name, value in figures.items()})
    wrong = [(margin, example) for margin, example in tested.verdicts if (margin > limit) != grave(example)]
    for margin, example in sorted(wrong, key=lambda row: -abs(row[0]))[:_PRINTED]:
        frame = example.frame
        _say(
            margin=round(margin, 2), domain=example.domain, style=example.style, text=frame.text, series=frame.series, answer=example.answer
        )
    _say(**figures)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a Hugging Face directory")
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this long, whatever the step")
    parser.add_argument("--tokens", type=int, default=40960, help="positions in a batch")
    parser.add_argument("--length", type=int, default=0, help="positions in a row; 0 is short rows with some long ones among them")
    parser.add_argument("--share", action="append", default=[], help="share of a kind of frame, e.g. quantity=0.4; may be given again")
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--alike", type=float, default=0.5, help="weight of judgements that should be alike and are not")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--every", type=int, default=200, help="steps between looks at `valid`")
    parser.add_argument("--valid", type=int, default=3000, help="frames of a look")
    parser.add_argument("--test", type=int, default=4000, help="frames at the end")
    parser.add_argument("--workers", type=int, default=8, help="processes that make batches")
    parser.add_argument("--warm", type=int, default=40, help="steps of warm-up")
    parser.add_argument("--dropout", type=float, default=0.0, help="share of a correction's inputs left out in training")
    parser.add_argument("--average", type=float, default=0.99, help="how slowly the average of the weights moves")
    parser.add_argument("--init", nargs="+", help="an adapter to go on from; several are averaged; with --steps 0 that is all")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
