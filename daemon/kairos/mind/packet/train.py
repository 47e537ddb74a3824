"""Train the packet codec: one command, one seed, ten minutes on one GPU.

    python -m kairos.mind.packet.train --out packet.safetensors --minutes 8 --seed 11

The signal is the mind itself: its verdict margin and its next words where it reads the event whole, against those where it
reads the packet. A reader that is thrown away afterwards must find the event's words again in the packet.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from kairos.config import MindSettings, places
from kairos.mind.corpus.generate import Corpus
from kairos.mind.corpus.splits import Split
from kairos.mind.frames import FrameEncoder
from kairos.mind.manifold import rows_digest
from kairos.mind.model import find
from kairos.mind.packet.ceiling import distance
from kairos.mind.packet.codec import INNER, LAYER, LONGEST, Codec, cut, load, save
from kairos.mind.packet.teacher import Teacher, Told, told

SIZES: Final = (1, 2, 4, 8, 16, 32)
SHARES: Final = (0.75, 0.9, 0.95)
"""Of an event's own rows."""
ACTUATORS: Final = ("log", "notify")
_AHEAD: Final = 8
_ALIKE: Final = 4
"""Batches drawn together and parted by length."""
_WORKERS: Final = 4
_READ_WEIGHT: Final = 0.1
_READ: Final = 512
"""Words asked of the reader a step."""
_WARM: Final = 40
_SAID: Final = 20
_NUMBERED: Final = 0.4
"""How often an event is asked for in one of `SIZES`, and not in a share of its own rows."""
_SHARED: Final = (0.4, 1.0)


class Reader(nn.Module):
    """Finds an event's words again in its packet: [B, K, H] to directions [B, n, H] of the words at `n` places. Training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.places = nn.Parameter(0.02 * torch.randn(LONGEST, INNER))
        self.enter, self.leave = nn.Linear(width, INNER), nn.Linear(INNER, width)
        layer = nn.TransformerDecoderLayer(**LAYER)
        self.decoder = nn.TransformerDecoder(layer, 1)

    def forward(self, packets: Tensor, k: Tensor, count: int) -> Tensor:
        """See the class; of each packet the first `k` [B] rows are read."""
        scale = packets.pow(2).mean(-1, keepdim=True).add(1e-8).rsqrt()
        unused = torch.arange(packets.shape[1], device=k.device) >= k[:, None]
        asked = self.places[:count].expand(len(packets), count, INNER)
        found = self.decoder(asked, self.enter(packets * scale), memory_key_padding_mask=unused)
        return self.leave(found)


@cache
def _encoder(tokenizer: str) -> FrameEncoder:
    return FrameEncoder(Tokenizer.from_file(tokenizer), frame_tokens=MindSettings().frame_tokens)


def drawn(encoder: FrameEncoder, seed: object, count: int, split: Split, *, shortest: int = 1) -> list[Told]:
    """`count` events of `split`, ACTION and NO_OP by turns, of `shortest` to `LONGEST` rows."""
    corpus, found, wanted = Corpus(f"packet/{seed}", split), list[Told](), False
    while len(found) < count:
        one = told(encoder, corpus.example(), longest=LONGEST)
        if one is not None and len(one.event) >= shortest and bool(one.answer) == wanted:
            found.append(one)
            wanted = not wanted
    return found


def asked(one: Told, dice: Random) -> int:
    """Rows to say an event in: fewer than its own, by number or by share."""
    n = len(one.event)
    return max(1, min(n - 1, dice.choice(SIZES) if dice.random() < _NUMBERED else int(n * dice.uniform(*_SHARED))))


def _some(tokenizer: str, seed: str, count: int) -> list[list[Told]]:
    """Batches of events about as long as each other, in no order: less to fill up."""
    torch.set_num_threads(1)
    events = sorted(drawn(_encoder(tokenizer), seed, count * _ALIKE, "train"), key=lambda one: len(one.event))
    batches = [events[start : start + count] for start in range(0, len(events), count)]
    Random(seed).shuffle(batches)  # noqa: S311
    return batches


def _batches(pool: ProcessPoolExecutor, tokenizer: Path, seed: int, count: int) -> Iterator[list[Told]]:
    waiting, number = list[Future[list[list[Told]]]](), 0
    while True:
        while len(waiting) < _AHEAD:
            waiting.append(pool.submit(_some, str(tokenizer), f"{seed}/{number}", count))
            number += 1
        yield from waiting.pop(0).result()


def _step(
    teacher: Teacher, codec: Codec, reader: Reader, events: Sequence[Told], sizes: Sequence[int], table: Tensor
) -> tuple[Tensor, Tensor]:
    """Leave gradients of both losses behind, of the mind's answers and of reading back, and return them.

    Through the mind come gradients a thousand times larger for one event than for the next; none counts for more than the
    middle one of its batch.
    """
    with torch.no_grad():
        wanted = teacher.answered(events)
    event, k = teacher.read(events, wanted), torch.tensor(sizes, device=teacher.device)
    packets = codec(event, k, table)
    fed = packets.detach().requires_grad_()
    answers = distance(teacher.answered(events, cut(fed, sizes)), wanted, teacher)
    (pull,) = torch.autograd.grad(answers, fed)
    norms = pull.flatten(1).norm(dim=1)
    pull = pull * (norms.median() / norms.clamp_min(1e-9)).clamp_max(1.0)[:, None, None]
    ids = torch.zeros(event.valid.shape, dtype=torch.long, device=teacher.device)
    ids[event.valid] = torch.tensor([token for one in events for token in one.event], device=teacher.device)
    some = torch.randperm(int(event.valid.sum()), device=teacher.device)[:_READ]
    found = reader(packets, k, ids.shape[1])[event.valid][some] @ nn.functional.normalize(table, dim=-1).T
    read = nn.functional.cross_entropy(found.float(), ids[event.valid][some])
    torch.autograd.backward([packets, _READ_WEIGHT * read], [pull, None])
    return answers, read


def _rate(number: int, progress: float, most: float) -> float:
    return most * min(1.0, number / _WARM) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, progress)))


def _say(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main() -> None:
    """The command."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--init", type=Path, help="a codec to go on from; its reader begins anew")
    ask.add_argument("--minutes", type=float, default=8.0)
    ask.add_argument("--batch", type=int, default=96)
    ask.add_argument("--lr", type=float, default=6e-4)
    ask.add_argument("--seed", type=int, default=11)
    args = ask.parse_args()
    torch.manual_seed(args.seed)
    torch.backends.cuda.enable_cudnn_sdp(enabled=False)  # it plans anew for every length, which costs more than it saves
    teacher, dice = Teacher.shipped(ACTUATORS), Random(args.seed)  # noqa: S311
    table, width = teacher.table.float(), teacher.table.shape[1]
    codec = load(args.init)[0].train() if args.init else Codec(width, len(teacher.depths))
    codec, reader = codec.to(teacher.device), Reader(width).to(teacher.device)
    if not args.init:
        with torch.no_grad():
            codec.scale_to(teacher.read(drawn(teacher.encoder, args.seed, args.batch, "train")))
    weights: list[Any] = [*codec.parameters(), *reader.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=args.lr, weight_decay=0.01, betas=(0.9, 0.98))
    tokenizer = find("default", places().models) / "tokenizer.json"
    began, number, seconds = time.monotonic(), 0, 60 * args.minutes
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as pool:
        for events in _batches(pool, tokenizer, args.seed, args.batch):
            number += 1
            progress = (time.monotonic() - began) / seconds
            if progress >= 1:
                break
            optimiser.param_groups[0]["lr"] = _rate(number, progress, args.lr)
            optimiser.zero_grad()
            with torch.autocast(teacher.device.type, dtype=torch.bfloat16):
                answers, read = _step(teacher, codec, reader, events, [asked(one, dice) for one in events], table)
            if nn.utils.clip_grad_norm_(weights, 1.0).isfinite():
                optimiser.step()
            if number % _SAID == 0:
                _say(step=number, answers=round(answers.item(), 3), read=round(read.item(), 3), s=round(time.monotonic() - began))
        pool.shutdown(wait=False, cancel_futures=True)
    save(codec, args.out, {"rows": rows_digest(teacher.table), "steps": number, "seed": args.seed, "batch": args.batch})


if __name__ == "__main__":
    main()
