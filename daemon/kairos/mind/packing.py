"""Training rows as a daemon lives them: one ring, and many frames tried at the same anchor.

A row is the policy, the retained actions, and then frame after frame, each with its answer. A frame sees
what is before the anchor and itself, and its positions begin at the anchor: exactly what a rewind makes
of them. So a long history is paid for once and teaches dozens of verdicts, and nothing leaks from one
frame to the next.

    policy  action  action | frame NO_OP | frame ACTION log ... | frame NO_OP
    0 ..........................A      A..+n         A..+m          A..+k       positions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import torch
from torch import Tensor

from kairos.mind.corpus.generate import SHARES, Corpus, Example, Life
from kairos.mind.corpus.lessons import lesson, without_rules
from kairos.mind.corpus.splits import Split
from kairos.mind.frames import FrameEncoder

_ACTUATORS: Final = ("log", "notify")
_MORE: Final = ("publish", "command.restart-nginx", "command.lamp", "webhook.chat", "command.siren", "webhook.pager")
_SHORT, _LONG = 2048, 4608
_LONG_SHARE: Final = 0.15
_TWICE_SHARE: Final = 0.4
"""How often a life under rules is lived once more without them."""
IGNORE: Final = -100


@dataclass(frozen=True, kw_only=True)
class Row:
    """Token ids with all that training needs to know of them; every list has one entry a token."""

    ids: list[int]
    positions: list[int]
    branches: list[int]
    """0 before the anchor, then the number of the frame."""
    labels: list[int]
    """-100 but where an answer's token is to be predicted next."""
    verdicts: list[bool]
    """Where that token is the verdict itself."""
    frames: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows as tensors, all [B, T]."""

    ids: Tensor
    positions: Tensor
    branches: Tensor
    labels: Tensor
    verdicts: Tensor
    frames: list[Example]
    """In the order of the True entries of `verdicts`, row by row."""
    pairs: Tensor
    """[P, 2]: places in that order of a frame and of the one whose judgement it deserves."""

    def mask(self, device: str) -> Tensor:
        """[B, 1, T, T], True where a query sees a key: what is before the anchor, and its own frame, up to itself."""
        branches = self.branches.to(device)
        own = branches[:, :, None] == branches[:, None, :]
        trunk = (branches == 0)[:, None, :]
        length = branches.shape[1]
        return ((own | trunk) & torch.ones(length, length, dtype=torch.bool, device=device).tril())[:, None]


def row(encoder: FrameEncoder, life: Life, actuators: Sequence[str], length: int) -> Row:
    """`life` in at most `length` tokens: the oldest actions and the last frames are left out as need be."""
    policy = encoder.policy(actuators, life.rules)
    trunk = [encoder.frame(past.frame) + encoder.answer(past.answer) for past in life.retained]
    while trunk and len(policy) + sum(map(len, trunk)) > length * 4 // 5:
        trunk.pop(0)
    ids = policy + [token for part in trunk for token in part]
    anchor = len(ids)
    positions, branches = list(range(anchor)), [0] * anchor
    labels, verdicts, kept = [IGNORE] * anchor, [False] * anchor, list[Example]()
    for example in life.frames:
        frame, answer = encoder.frame(example.frame), encoder.answer(example.answer)
        if example.answer is not None and not example.worded:
            answer = answer[:1]
        part = frame + answer[:-1]
        if len(ids) + len(part) > length:
            break
        kept.append(example)
        ids += part
        positions += range(anchor, anchor + len(part))
        branches += [len(kept)] * len(part)
        labels += [IGNORE] * (len(frame) - 1) + answer
        verdicts += [False] * (len(frame) - 1) + [True] + [False] * (len(answer) - 1)
    return Row(ids=ids, positions=positions, branches=branches, labels=labels, verdicts=verdicts, frames=tuple(kept))


def collate(rows: Sequence[Row], length: int) -> Batch:
    """Rows padded to `length`."""

    def padded(name: str, fill: int) -> Tensor:
        return torch.tensor([getattr(r, name) + [fill] * (length - len(r.ids)) for r in rows])

    frames = [example for r in rows for example in r.frames]
    return Batch(
        ids=padded("ids", 0), positions=padded("positions", 0), branches=padded("branches", -1), labels=padded("labels", IGNORE),
        verdicts=padded("verdicts", fill=False).bool(), frames=frames, pairs=torch.tensor(_pairs(frames), dtype=torch.long).reshape(-1, 2),
    )  # fmt: skip


def _pairs(frames: Sequence[Example]) -> list[tuple[int, int]]:
    """Frames that deserve the judgement of another, with the place of that one; what a rule turned deserves its own."""
    standing = {one.alike: place for place, one in reversed(list(enumerate(frames))) if one.stands}
    kept = [(place, standing.get(one.alike)) for place, one in enumerate(frames) if one.alike and not (one.stands or one.turned)]
    return [(place, other) for place, other in kept if other is not None]


def batch(
    encoder: FrameEncoder, seed: object, *, split: Split = "train", tokens: int, length: int = 0, shares: Mapping[str, float] = SHARES
) -> Batch:
    """The batch that `seed` names: rows of one length, of about `tokens` tokens in all; `shares` as in `Corpus`.

    Rows are short or, now and then, long enough for 64 actions; with a `length` they have that one.
    """
    rng, corpus = Random(f"batch/{seed}/{split}"), Corpus(seed, split, shares)  # noqa: S311 - a corpus, no secret
    dice = Random(f"lessons/{seed}")  # noqa: S311 - a corpus, no secret
    long = not length and rng.random() < _LONG_SHARE
    length = length or (_LONG if long else _SHORT)
    rows, count = list[Row](), max(1, tokens // length)
    while len(rows) < count:
        depth = rng.choice([24, 32, 48, 64]) if long else rng.choice([0, 0, 0, 1, 2, 4, 8, 16])
        actuators = [*_ACTUATORS, *rng.sample(_MORE, rng.randint(0, 3))]
        rng.shuffle(actuators)
        size = {"depth": min(depth, length // 128), "frames": length // 24}
        life = lesson(corpus, dice, **size) if split == "train" else corpus.life(**size)
        rows.append(row(encoder, life, actuators, length))
        if split == "train" and life.rules and len(rows) < count and dice.random() < _TWICE_SHARE:
            rows.append(row(encoder, without_rules(life), actuators, length))
    return collate(rows, length)
