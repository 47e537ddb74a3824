"""Train the adapter that tells NO_OP from ACTION: one command, one seed, minutes on one GPU.

    python -m kairos.mind.train --model DIR --out reflex.safetensors --steps 3000 --seed 11

Each sequence is the pinned prefix, 0 to 24 retained actions and one frame; the loss sits on that
frame's answer only, so the class balance of the history does not leak into the verdict. Whole
domains and whole styles (see `corpus.generate`) are kept back and choose the threshold.
The same recipe works for another base model: give its directory.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from kairos.mind import adapter
from kairos.mind.corpus.generate import Example, histories
from kairos.mind.frames import FrameEncoder

ACTUATORS = ("log", "notify", "publish")
_IGNORE = -100


def sequence(encoder: FrameEncoder, retained: list[Example], example: Example) -> tuple[list[int], list[int]]:
    """Ids and labels of one training sequence; labels are -100 but on the last answer."""
    ids = encoder.policy(ACTUATORS)
    for past in retained:
        ids += encoder.frame(past.frame) + encoder.answer(past.answer)
    ids += encoder.frame(example.frame)
    answer = encoder.answer(example.answer)
    return ids + answer, [_IGNORE] * len(ids) + answer


def batches(encoder: FrameEncoder, seed: int, *, tokens: int, longest: int, device: str) -> Any:
    """Endless padded batches of about `tokens` positions, sequences of like length together."""
    source = histories(seed, longest=longest)
    rng = Random(seed)
    while True:
        pool = sorted((sequence(encoder, *next(source)) for _ in range(512)), key=lambda s: len(s[0]))
        groups: list[list[tuple[list[int], list[int]]]] = [[]]
        for item in pool:
            if (len(groups[-1]) + 1) * len(item[0]) > tokens and groups[-1]:
                groups.append([])
            groups[-1].append(item)
        rng.shuffle(groups)
        for group in groups:
            width = max(len(ids) for ids, _ in group)
            ids = torch.tensor([i + [0] * (width - len(i)) for i, _ in group], device=device)
            labels = torch.tensor([t + [_IGNORE] * (width - len(t)) for _, t in group], device=device)
            yield ids, labels


def answer_loss(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy on answer positions only; logits are computed for those alone."""
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    wanted = labels[:, 1:]
    mask = wanted != _IGNORE
    logits = model.lm_head(hidden[mask]).float()
    losses = functional.cross_entropy(logits, wanted[mask], reduction="none")
    first = mask & (torch.cumsum(mask, dim=1) == 1)
    weight = torch.where(first[mask], 4.0, 1.0)  # the verdict is one token of twenty
    return (losses * weight).sum() / weight.sum()


@torch.no_grad()
def margins(model: Any, encoder: FrameEncoder, seed: int, count: int, *, longest: int, device: str) -> list[tuple[float, Example]]:
    """First-position margins of `count` held-out frames, after held-out histories."""
    source = histories(seed, held_out=True, longest=longest)
    found: list[tuple[float, Example]] = []
    for _ in range(count):
        retained, example = next(source)
        ids, labels = sequence(encoder, retained, example)
        cut = next(i for i, label in enumerate(labels) if label != _IGNORE)
        logits = model(input_ids=torch.tensor([ids[:cut]], device=device), use_cache=False, logits_to_keep=1).logits[0, -1]
        found.append((float(logits[encoder.action_id] - logits[encoder.no_op_id]), example))
    return found


def auc(found: list[tuple[float, Example]]) -> float:
    """Area under the ROC curve (Mann-Whitney) of the margin for ACTION against NO_OP."""
    positive = [m for m, e in found if e.answer is not None]
    negative = [m for m, e in found if e.answer is None]
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / max(1, len(positive) * len(negative))


def threshold(found: list[tuple[float, Example]], *, false_cost: float = 3.0) -> float:
    """The margin of least expected cost on held-out frames, a false alarm costing `false_cost` misses."""
    ranked = sorted(found, key=lambda row: row[0])
    cost = best = float(sum(e.answer is None for _, e in found)) * false_cost
    where = ranked[0][0] - 1.0
    for i, (margin, example) in enumerate(ranked):
        cost += 1.0 if example.answer is not None else -false_cost
        if cost < best:
            above = ranked[i + 1][0] if i + 1 < len(ranked) else margin + 1.0
            best, where = cost, (margin + above) / 2
    return where


def train(args: argparse.Namespace) -> None:
    """Run the recipe and write the adapter with its figures in the header."""
    from kairos.mind.model import load_base

    torch.manual_seed(args.seed)
    model, tokenizer_file = load_base(Path(args.model), dtype=torch.float32)
    model.to(args.device)
    encoder = FrameEncoder(Tokenizer.from_file(str(tokenizer_file)))
    wrapped = adapter.wrap(model, rank=args.rank, scale=args.scale)
    weights = [p for layer in wrapped.values() for p in (layer.A, layer.B)]
    optimiser = torch.optim.AdamW(weights, lr=args.lr, weight_decay=0.01)
    if args.init:
        adapter.resume(wrapped, Path(args.init))
    source = batches(encoder, args.seed, tokens=args.tokens, longest=args.longest, device=args.device)
    started = time.monotonic()
    model.train()
    done = 0
    for step in range(1, args.steps + 1):
        warm = min(1.0, step / 50)
        for group in optimiser.param_groups:
            group["lr"] = args.lr * warm * (0.5 + 0.5 * math.cos(math.pi * step / args.steps))
        ids, labels = next(source)
        with torch.autocast(args.device.split(":")[0], dtype=torch.bfloat16):
            loss = answer_loss(model, ids, labels)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        done = step
        if step % 100 == 0 or step == 1:
            print(json.dumps({"step": step, "loss": round(loss.item(), 4), "s": round(time.monotonic() - started, 1)}), flush=True)
        if time.monotonic() - started > args.seconds:
            break
    model.eval()
    limit = threshold(margins(model, encoder, args.seed + 1, args.held_out // 2, longest=args.longest, device=args.device))
    found = margins(model, encoder, args.seed + 2, args.held_out // 2, longest=args.longest, device=args.device)
    figures = {
        "auc": round(auc(found), 5),
        "threshold": round(limit, 3),
        "false_action_rate": sum(m > limit and e.answer is None for m, e in found) / max(1, sum(e.answer is None for _, e in found)),
        "missed_rate": sum(m <= limit and e.answer is not None for m, e in found) / max(1, sum(e.answer is not None for _, e in found)),
        "held_out": len(found),
        "steps": done,
        "seed": args.seed,
        "rank": args.rank,
    }
    adapter.save(wrapped, Path(args.out), metadata={k: str(v) for k, v in figures.items()})
    wrong = [
        (round(m, 2), e.domain, e.style, e.frame.text, e.frame.series, e.answer) for m, e in found if (m > limit) != (e.answer is not None)
    ]
    for row in sorted(wrong, key=str)[:40]:
        print(json.dumps(row))
    print(json.dumps(figures), flush=True)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a Hugging Face directory, or one with a GGUF file")
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this long, whatever the step")
    parser.add_argument("--tokens", type=int, default=16384, help="positions in a batch")
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--held-out", type=int, default=1500)
    parser.add_argument("--init", help="an adapter to go on from")
    parser.add_argument("--longest", type=int, default=24, help="retained actions in a history, at most")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
