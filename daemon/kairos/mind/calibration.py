"""From a margin to a probability, and from what mistakes cost to a threshold.

Training fits one slope and one offset on frames it never learnt from (Platt 1999, "Probabilistic outputs
for support vector machines"); the adapter carries them. A probability holds for a mix like that of the
corpus, where four frames of ten matter: read it as a scale that means the same from one adapter to the
next, not as how often the next line of a quiet machine is a disaster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_ROUNDS: Final = 100
VERDICTS: Final = "calibration"
RULES: Final = "rules"
"""What an adapter's two calibrations are called in its header: of verdicts, and of what rules have to say."""


class Calibration(NamedTuple):
    """P(a person should be told | margin) = sigmoid(slope * margin + offset)."""

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, margin: float) -> float:
        """Between 0 and 1."""
        z = self.slope * margin + self.offset
        return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))

    def margin(self, probability: float) -> float:
        """The margin of a probability in (0, 1)."""
        return (math.log(probability / (1 - probability)) - self.offset) / self.slope

    def threshold(self, sensitivity: float) -> float:
        """The margin above which ACTION costs less than NO_OP, a miss costing `sensitivity` false alarms; 0 never acts."""
        return self.margin(1 / (1 + sensitivity)) if sensitivity > 0 else math.inf

    def header(self, name: str = VERDICTS) -> dict[str, str]:
        """As an adapter carries it, under `name`."""
        return {f"{name}_slope": f"{self.slope:.5f}", f"{name}_offset": f"{self.offset:.5f}"}


def stated(header: Mapping[str, str], name: str = VERDICTS) -> Calibration:
    """What an adapter carries under `name`; the identity if it carries none."""
    if f"{name}_slope" not in header:
        return Calibration()
    return Calibration(float(header[f"{name}_slope"]), float(header[f"{name}_offset"]))


def fit(margins: Sequence[float], labels: Sequence[bool]) -> Calibration:
    """Least cross-entropy by Newton's method, with Platt's smoothed targets; the slope stays above 0."""
    positives = sum(labels)
    high, low = (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2)
    targets = [high if label else low for label in labels]
    slope, offset = 1.0, 0.0
    for _ in range(_ROUNDS):
        found = [Calibration(slope, offset).probability(m) for m in margins]
        wrong = [p - t for p, t in zip(found, targets, strict=True)]
        weights = [max(p * (1 - p), 1e-9) for p in found]
        g1, g0 = sum(w * m for w, m in zip(wrong, margins, strict=True)), sum(wrong)
        h11, h10, h00 = (
            sum(w * m**power for w, m in zip(weights, margins, strict=True)) + ridge for power, ridge in ((2, 1e-6), (1, 0.0), (0, 1e-6))
        )
        by = h11 * h00 - h10 * h10
        step1, step0 = (h00 * g1 - h10 * g0) / by, (h11 * g0 - h10 * g1) / by
        slope, offset = max(1e-3, slope - max(-0.5, min(0.5, step1))), offset - max(-2.0, min(2.0, step0))
        if abs(step1) + abs(step0) < 1e-7:  # noqa: PLR2004
            break
    return Calibration(slope, offset)
