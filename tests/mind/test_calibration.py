"""Calibration: a margin means a probability, and a threshold is where the costs are even."""

from __future__ import annotations

import math
from random import Random

import pytest

from kairos.mind.calibration import Calibration, fit, stated


def _drawn(slope, offset, count=4000):
    rng, truth = Random(3), Calibration(slope, offset)
    margins = [rng.uniform(-12, 12) for _ in range(count)]
    return margins, [rng.random() < truth.probability(margin) for margin in margins]


@pytest.mark.parametrize(("slope", "offset"), [(0.5, 1.0), (1.3, -2.0), (0.2, 0.0)])
def test_a_fit_finds_what_the_outcomes_were_drawn_with(slope, offset):
    found = fit(*_drawn(slope, offset))

    assert found.slope == pytest.approx(slope, rel=0.15)
    assert found.offset == pytest.approx(offset, abs=0.3)


def test_margins_that_separate_completely_still_have_a_finite_fit():
    found = fit([-9.0, -8.0, 8.0, 9.0], [False, False, True, True])

    assert 0 < found.slope < math.inf
    assert found.probability(9.0) > 0.7
    assert found.probability(-9.0) < 0.3


@pytest.mark.parametrize("sensitivity", [0.1, 0.33, 1.0, 10.0])
def test_at_the_threshold_both_mistakes_cost_the_same(sensitivity):
    calibration = Calibration(0.7, -1.2)
    p = calibration.probability(calibration.threshold(sensitivity))

    assert p * sensitivity == pytest.approx(1 - p)


def test_sensitivity_0_never_acts_and_more_of_it_acts_sooner():
    thresholds = [Calibration().threshold(s) for s in (0, 0.33, 1, 10)]

    assert thresholds[0] == math.inf
    assert thresholds == sorted(thresholds, reverse=True)


def test_an_adapter_carries_its_calibration_and_one_without_has_the_identity():
    assert stated(Calibration(0.61234, -2.5).header()) == pytest.approx((0.61234, -2.5))
    assert stated({"rank": "16"}) == Calibration()
