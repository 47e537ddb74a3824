"""Rates and slopes with their intervals, and areas under curves: what training chooses by and gates report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean
from typing import Final, TypeVar

T = TypeVar("T")
_Z: Final = 1.959964
_RESAMPLES: Final = 1000


def upper95(wrong: int, of: int) -> float:
    """Upper end of Wilson's 95 % interval of a rate (Wilson 1927); 1 of nothing."""
    if not of:
        return 1.0
    rate, z = wrong / of, _Z * _Z / of
    return (rate + z / 2 + _Z * math.sqrt(rate * (1 - rate) / of + z / (4 * of))) / (1 + z)


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least squares, and the upper end of its 95 % interval; in units of y a unit of x."""
    mean_x, mean_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points) or 1.0
    found = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = sum((y - mean_y - found * (x - mean_x)) ** 2 for x, y in points)
    return found, found + _Z * math.sqrt(rest / max(1, len(points) - 2) / spread)


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Area under the ROC curve (Mann-Whitney), ties half; 0.5 where there is only one class."""
    ranked = sorted(zip(scores, labels, strict=True))
    positives, place, total = sum(labels), 0, 0.0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        total += sum(label for _, label in ranked[place:end]) * (place + 1 + end) / 2
        place = end
    pairs = positives * (len(ranked) - positives)
    return (total - positives * (positives + 1) / 2) / pairs if pairs else 0.5


def precision_recall(scores: Sequence[float], labels: Sequence[bool], points: int = 60) -> list[tuple[float, float]]:
    """(recall, precision) as the score to act at falls, at about `points` places."""
    ranked = sorted(zip(scores, labels, strict=True), reverse=True)
    positives, step, caught = max(1, sum(labels)), max(1, len(ranked) // points), 0
    found: list[tuple[float, float]] = []
    for place, (_, label) in enumerate(ranked, 1):
        caught += label
        if place % step == 0 or place == len(ranked):
            found.append((caught / positives, caught / place))
    return found


def average_precision(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Precision averaged over what is found as the score to act at falls, ties falling together; 0 where there is nothing to find."""
    ranked = sorted(zip(scores, labels, strict=True), reverse=True)
    positives, place, caught, total = sum(labels), 0, 0, 0.0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        fresh = sum(label for _, label in ranked[place:end])
        caught += fresh
        total += fresh * caught / end
        place = end
    return total / positives if positives else 0.0


def reliability(probabilities: Sequence[float], labels: Sequence[bool], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability, share that was so, count) of equal bins that hold anything."""
    found: list[tuple[float, float, int]] = []
    for number in range(bins):
        inside = [(p, label) for p, label in zip(probabilities, labels, strict=True) if min(bins - 1, int(p * bins)) == number]
        if inside:
            found.append((fmean(p for p, _ in inside), fmean(label for _, label in inside), len(inside)))
    return found


def calibration_error(probabilities: Sequence[float], labels: Sequence[bool]) -> float:
    """Expected calibration error: mean distance of the bins of `reliability` from the diagonal, by count."""
    return sum(abs(p - share) * count for p, share, count in reliability(probabilities, labels)) / max(1, len(labels))


def bootstrap(items: Sequence[T], figure: Callable[[Sequence[T]], float], *, seed: int, resamples: int = _RESAMPLES) -> tuple[float, float]:
    """The 95 % interval of `figure` over resampled `items`."""
    rng = Random(seed)  # noqa: S311 - resampling, no secret
    found = sorted(figure(rng.choices(items, k=len(items))) for _ in range(resamples))
    return found[int(0.025 * resamples)], found[int(0.975 * resamples)]


def false_rate_at_recall(scores: Sequence[float], labels: Sequence[bool], recall: float) -> float:
    """The share of negatives at or above the score that catches `recall` of the positives."""
    grave = sorted((s for s, label in zip(scores, labels, strict=True) if label), reverse=True)
    quiet = [s for s, label in zip(scores, labels, strict=True) if not label]
    if not grave or not quiet:
        return 0.0
    limit = grave[min(len(grave) - 1, max(0, math.ceil(recall * len(grave)) - 1))]
    return sum(s >= limit for s in quiet) / len(quiet)
