"""What a person would try first, to be beaten in the same run: severity words, and a bag of words."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Sequence
from typing import Any, Final

from kairos.events import Frame
from kairos.mind.corpus.generate import Example

SEVERITY_WORDS: Final = re.compile(
    r"\b(fatal|panic|emerg\w*|alert|crit\w*|severe|err\w*|fail\w*|denied|abort\w*|corrupt\w*|kill\w*|lost|timeout|warn\w*)\b", re.IGNORECASE
)
_GRADES: Final = {"fatal": 3.0, "panic": 3.0, "emerg": 3.0, "alert": 3.0, "crit": 3.0, "severe": 3.0, "err": 2.0, "warn": 1.0}
_BUCKETS: Final = 1 << 18
_WORD: Final = re.compile(r"[a-z]{2,}|\d+")


def severity(frame: Frame) -> float:
    """How bad the worst severity word is; 0 without any."""
    words = [word.lower() for word in SEVERITY_WORDS.findall(frame.text)]
    return max((next((grade for stem, grade in _GRADES.items() if word.startswith(stem)), 1.5) for word in words), default=0.0)


class BagOfWords:
    """Hashed one- and two-word counts, inverse document frequency, logistic regression; trained on the same corpus."""

    def __init__(self, examples: Sequence[Example], *, seed: int) -> None:
        import torch

        torch.manual_seed(seed)
        rows = [_features(example.frame) for example in examples]
        counts = torch.zeros(_BUCKETS)
        for row in rows:
            counts[sorted(set(row))] += 1
        self._idf = torch.log((1 + len(rows)) / (1 + counts)) + 1
        wanted = torch.tensor([float(example.answer is not None) for example in examples])
        self._weight = torch.nn.EmbeddingBag(_BUCKETS, 1, mode="sum")
        torch.nn.init.zeros_(self._weight.weight)
        self._bias = torch.zeros(1, requires_grad=True)
        optimiser = torch.optim.Adam([self._weight.weight, self._bias], lr=0.02)
        for _ in range(4):
            for start in range(0, len(rows), 512):
                logits = self._logits(rows[start : start + 512])
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted[start : start + 512])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

    def score(self, frame: Frame) -> float:
        """Log-odds of ACTION."""
        import torch

        with torch.no_grad():
            return float(self._logits([_features(frame)])[0])

    def _logits(self, rows: Sequence[list[int]]) -> Any:
        import torch

        flat = torch.tensor([bucket for row in rows for bucket in row])
        starts = torch.tensor([0, *(len(row) for row in rows[:-1])]).cumsum(0)
        lengths = torch.tensor([float(max(1, len(row))) for row in rows])
        each = self._idf[flat]
        return self._weight(flat, starts, per_sample_weights=each)[:, 0] / lengths.sqrt() + self._bias


def _features(frame: Frame) -> list[int]:
    words = ["#" if word.isdigit() else word for word in _WORD.findall(f"{frame.source} {frame.text} {frame.series or ''}".lower())]
    pairs = [f"{one} {two}" for one, two in itertools.pairwise(words)]
    return [zlib.crc32(feature.encode()) % _BUCKETS for feature in (*words, *pairs)] or [0]
