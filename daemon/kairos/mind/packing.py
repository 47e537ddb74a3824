"""Training rows as a daemon lives them: one ring, and many frames tried at the same anchor.

A row is the policy, the retained actions, and then frame after frame, each with its answer. A frame sees
what is before the anchor and itself, and its positions begin at the anchor: exactly what a rewind makes
of them. So a long history is paid for once and teaches dozens of verdicts, and nothing leaks from one
frame to the next.

    policy  action  action | frame NO_OP | frame ACTION log ... | frame NO_OP, rule OTHER
    0 ..........................A      A..+n         A..+m               A..+k       positions

Of a frame that a rule is asked of, the plain verdict is learnt first and then the rule's, behind the question; its words are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

import torch
from torch import Tensor

from kairos.mind.corpus.generate import SHARES, Corpus, Example, Life
from kairos.mind.corpus.lessons import lesson
from kairos.mind.corpus.splits import Split
from kairos.mind.frames import FrameEncoder

_ACTUATORS: Final = ("log", "notify")
_MORE: Final = ("publish", "command.restart-nginx", "command.lamp", "webhook.chat", "command.siren", "webhook.pager")
_SHORT, _LONG = 2048, 4608
_LONG_SHARE: Final = 0.15
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
    ruled: list[bool]
    """Where it is what a rule has to say."""
    frames: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows as tensors, all [B, T]."""

    ids: Tensor
    positions: Tensor
    branches: Tensor
    labels: Tensor
    verdicts: Tensor
    ruled: Tensor
    frames: list[Example]
    """In the order of the True entries of `verdicts`, row by row; those with a rule, in that of `ruled`."""
    pairs: Tensor
    """[P, 2]: places in that order of a frame and of the one whose judgement it deserves."""

    def mask(self, device: str) -> Tensor:
        """[B, 1, T, T], True where a query sees a key: what is before the anchor, and its own frame, up to itself."""
        branches = self.branches.to(device)
        own = branches[:, :, None] == branches[:, None, :]
        trunk = (branches == 0)[:, None, :]
        length = branches.shape[1]
        return ((own | trunk) & torch.ones(length, length, dtype=torch.bool, device=device).tril())[:, None]


class _Part(NamedTuple):
    """One frame as a row holds it."""

    ids: list[int]
    labels: list[int]
    verdict: int
    """Places of the two verdicts."""
    ruled: int | None


def row(encoder: FrameEncoder, life: Life, actuators: Sequence[str], length: int) -> Row:
    """`life` in at most `length` tokens: the oldest actions and the last frames are left out as need be."""
    policy = encoder.policy(actuators)
    trunk = [encoder.frame(past.frame) + encoder.answer(past.answer) for past in life.retained]
    while trunk and len(policy) + sum(map(len, trunk)) > length * 4 // 5:
        trunk.pop(0)
    ids = policy + [token for part in trunk for token in part]
    anchor = len(ids)
    positions, branches, kept = list(range(anchor)), [0] * anchor, list[Example]()
    labels, verdicts, ruled = [IGNORE] * anchor, [False] * anchor, [False] * anchor
    for example in life.frames:
        part = _asked(encoder, example) if example.rule else _answered(encoder, example)
        size = len(part.ids)
        if len(ids) + size > length:
            break
        kept.append(example)
        ids += part.ids
        positions += range(anchor, anchor + size)
        branches += [len(kept)] * size
        labels += part.labels
        verdicts += [place == part.verdict for place in range(size)]
        ruled += [place == part.ruled for place in range(size)]
    return Row(ids=ids, positions=positions, branches=branches, labels=labels, verdicts=verdicts, ruled=ruled, frames=tuple(kept))


def _answered(encoder: FrameEncoder, example: Example) -> _Part:
    frame, answer = encoder.frame(example.frame), encoder.answer(example.answer)
    if example.answer is not None and not example.worded:
        answer = answer[:1]
    return _Part(frame + answer[:-1], [IGNORE] * (len(frame) - 1) + answer, len(frame) - 1, None)


def _asked(encoder: FrameEncoder, example: Example) -> _Part:
    frame, rule = encoder.frame(example.frame), encoder.rule(example.rule)
    plain, wanted = (
        encoder.no_op_id if answer is None else encoder.action_id for answer in (example.without_rule().answer, example.answer)
    )
    said = wanted if example.turned else encoder.other_id
    labels = [*[IGNORE] * (len(frame) - 1), plain, *[IGNORE] * (len(rule) - 1), said]
    return _Part(frame + rule, labels, len(frame) - 1, len(labels) - 1)


def collate(rows: Sequence[Row], length: int) -> Batch:
    """Rows padded to `length`."""

    def padded(name: str, fill: int) -> Tensor:
        return torch.tensor([getattr(r, name) + [fill] * (length - len(r.ids)) for r in rows])

    frames = [example for r in rows for example in r.frames]
    return Batch(
        ids=padded("ids", 0), positions=padded("positions", 0), branches=padded("branches", -1), labels=padded("labels", IGNORE),
        verdicts=padded("verdicts", fill=False).bool(), ruled=padded("ruled", fill=False).bool(), frames=frames, pairs=torch.tensor(_pairs(frames), dtype=torch.long).reshape(-1, 2),
    )  # fmt: skip


def _pairs(frames: Sequence[Example]) -> list[tuple[int, int]]:
    """Frames that deserve the judgement of another, with the place of that one."""
    standing = {one.alike: place for place, one in reversed(list(enumerate(frames))) if one.stands}
    kept = [(place, standing.get(one.alike)) for place, one in enumerate(frames) if one.alike and not one.stands]
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
        rows.append(row(encoder, lesson(corpus, dice, **size), actuators, length))
    return collate(rows, length)
