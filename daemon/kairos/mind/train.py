"""Train the adapter that tells NO_OP from ACTION: one command, one seed, minutes on one GPU.

    python -m kairos.mind.train --model DIR --out reflex.safetensors --steps 900 --seed 11

Rows are lives (see `packing`): 0 to 64 retained actions, now and then rules of an owner, and frames tried
at the anchor, with the loss on their answers only. The adapter that is kept is the one that did best on
frames of the split `valid`, which also chooses the threshold; `test` is printed once at the end and
chooses nothing. The same recipe works for another base model: give its directory.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from kairos.mind import adapter
from kairos.mind.corpus.generate import Example
from kairos.mind.corpus.splits import Split
from kairos.mind.frames import FrameEncoder
from kairos.mind.packing import IGNORE, Batch, batch

_AHEAD: Final = 24
_VERDICT_WEIGHT: Final = 1.0
_WORDS_WEIGHT: Final = 0.5
Judged = list[tuple[float, Example]]


@cache
def _encoder(tokenizer_file: str) -> FrameEncoder:
    return FrameEncoder(Tokenizer.from_file(tokenizer_file))


def _made(tokenizer_file: str, seed: str, tokens: int, metrics: float) -> Batch:
    torch.set_num_threads(1)
    return batch(_encoder(tokenizer_file), seed, tokens=tokens, metrics=metrics)


def prepared(pool: ProcessPoolExecutor, tokenizer_file: Path, seed: int, *, tokens: int, metrics: float) -> Iterator[Batch]:
    """Endless batches, made ahead by other processes, in the order of their seeds."""
    waiting: list[Future[Batch]] = []
    number = 0
    while True:
        while len(waiting) < _AHEAD:
            waiting.append(pool.submit(_made, str(tokenizer_file), f"{seed}/{number}", tokens, metrics))
            number += 1
        yield waiting.pop(0).result()


def hidden(model: Any, given: Batch, device: str) -> Tensor:
    """The last hidden states [B, T, H]."""
    out = model.model(
        input_ids=given.ids.to(device), position_ids=given.positions.to(device), attention_mask=given.mask(device), use_cache=False
    )
    return out.last_hidden_state


def losses(model: Any, given: Batch, device: str) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of the verdicts, and of the words that follow an ACTION."""
    states = hidden(model, given, device)
    labels, verdicts = given.labels.to(device), given.verdicts.to(device)
    asked = labels != IGNORE
    logits = model.lm_head(states[asked]).float()
    each = functional.cross_entropy(logits, labels[asked], reduction="none")
    first = verdicts[asked]
    return each[first].mean(), each[~first].mean()


@torch.no_grad()
def judged(model: Any, encoder: FrameEncoder, seed: int, count: int, *, split: Split, tokens: int, device: str) -> Judged:
    """First-position margins of `count` frames of `split`, at anchors of 0 to 64 actions."""
    found: Judged = []
    number = 0
    while len(found) < count:
        given = batch(encoder, f"{seed}/{number}", tokens=tokens, split=split)
        number += 1
        with torch.autocast(device.split(":", maxsplit=1)[0], dtype=torch.bfloat16):
            logits = model.lm_head(hidden(model, given, device)[given.verdicts.to(device)]).float()
        margins = (logits[:, encoder.action_id] - logits[:, encoder.no_op_id]).tolist()
        found += zip(margins, given.frames, strict=True)
    return found[:count]


def auc(found: Judged) -> float:
    """Area under the ROC curve (Mann-Whitney) of the margin for ACTION against NO_OP."""
    ranked = sorted(found, key=lambda row: row[0])
    positives = sum(e.answer is not None for _, e in ranked)
    ranks = sum(place for place, (_, e) in enumerate(ranked, 1) if e.answer is not None)
    return (ranks - positives * (positives + 1) / 2) / max(1, positives * (len(ranked) - positives))


def threshold(found: Judged, *, false_cost: float = 3.0) -> float:
    """The margin of least expected cost, a false alarm costing `false_cost` misses."""
    ranked = sorted(found, key=lambda row: row[0])
    cost = best = float(sum(e.answer is None for _, e in found)) * false_cost
    where = ranked[0][0] - 1.0
    for i, (margin, example) in enumerate(ranked):
        cost += 1.0 if example.answer is not None else -false_cost
        if cost < best:
            above = ranked[i + 1][0] if i + 1 < len(ranked) else margin + 1.0
            best, where = cost, (margin + above) / 2
    return where


def rates(found: Judged, limit: float) -> dict[str, float]:
    """AUC, and the two error rates at `limit`."""
    quiet, grave = [m for m, e in found if e.answer is None], [m for m, e in found if e.answer is not None]
    return {
        "auc": round(auc(found), 5),
        "false_action_rate": round(sum(m > limit for m in quiet) / max(1, len(quiet)), 5),
        "missed_rate": round(sum(m <= limit for m in grave) / max(1, len(grave)), 5),
        "n": len(found),
    }


def _say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def train(args: argparse.Namespace) -> None:
    """Run the recipe and write the adapter with its figures in the header."""
    from kairos.mind.model import load_base

    torch.manual_seed(args.seed)
    model, tokenizer_file = load_base(Path(args.model), dtype=torch.float32)
    model.to(args.device)
    encoder = _encoder(str(tokenizer_file))
    wrapped = adapter.wrap(model, rank=args.rank, scale=args.scale)
    weights = [p for layer in wrapped.values() for p in (layer.A, layer.B)]
    optimiser = torch.optim.AdamW(weights, lr=args.lr, weight_decay=args.decay, betas=(0.9, 0.98))
    if args.init:
        adapter.resume(wrapped, Path(args.init))

    def valid() -> Judged:
        return judged(model, encoder, args.seed + 1, args.valid, split="valid", tokens=args.tokens, device=args.device)

    started, best, kept = time.monotonic(), -1.0, adapter.copy(wrapped)
    kind = args.device.split(":")[0]
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        source = prepared(pool, tokenizer_file, args.seed, tokens=args.tokens, metrics=args.metrics)
        for step in range(1, args.steps + 1):
            spent = (time.monotonic() - started) / args.seconds
            progress = max(step / args.steps, spent)
            for group in optimiser.param_groups:
                group["lr"] = args.lr * min(1.0, step / args.warm) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, progress)))
            with torch.autocast(kind, dtype=torch.bfloat16):
                verdict, words = losses(model, next(source), args.device)
                loss = _VERDICT_WEIGHT * verdict + _WORDS_WEIGHT * words
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            if step % 25 == 0 or step in (1, 5):
                _say(step=step, verdict=round(verdict.item(), 4), words=round(words.item(), 4), s=round(time.monotonic() - started, 1))
            last = step == args.steps or progress >= 1.0
            if step % args.every == 0 or last:
                found = valid()
                figures = rates(found, threshold(found))
                _say(step=step, valid=figures)
                if figures["auc"] > best:
                    best, kept = figures["auc"], adapter.copy(wrapped)
            if last:
                break
    adapter.put(wrapped, kept)
    _finish(args, model, encoder, wrapped, valid())


def _finish(args: argparse.Namespace, model: Any, encoder: FrameEncoder, wrapped: dict[str, adapter.LoraLinear], found: Judged) -> None:
    """Write the best adapter; print how it does on frames that chose nothing."""
    limit = threshold(found)
    tested = judged(model, encoder, args.seed + 2, args.test, split="test", tokens=args.tokens, device=args.device)
    figures = {f"valid_{k}": v for k, v in rates(found, limit).items()} | {f"test_{k}": v for k, v in rates(tested, limit).items()}
    figures |= {"threshold": round(limit, 3), "seed": args.seed, "rank": args.rank}
    adapter.save(wrapped, Path(args.out), metadata={name: str(value) for name, value in figures.items()})
    for margin, example in sorted((row for row in tested if (row[0] > limit) != (row[1].answer is not None)), key=lambda row: -abs(row[0]))[
        :60
    ]:
        _say(
            margin=round(margin, 2),
            domain=example.domain,
            style=example.style,
            text=example.frame.text,
            series=example.frame.series,
            answer=example.answer,
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
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--every", type=int, default=200, help="steps between looks at `valid`")
    parser.add_argument("--valid", type=int, default=3000, help="frames of a look")
    parser.add_argument("--test", type=int, default=4000, help="frames at the end")
    parser.add_argument("--workers", type=int, default=8, help="processes that make batches")
    parser.add_argument("--warm", type=int, default=40, help="steps of warm-up")
    parser.add_argument("--metrics", type=float, default=0.08, help="share of metric frames")
    parser.add_argument("--init", help="an adapter to go on from")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
