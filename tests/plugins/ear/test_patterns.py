"""Beepers by their rhythm: T3 and T4 within the tolerance of their standards, and nothing else taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos_plugins.ear.patterns import Patterns
from kairos_plugins.ear.training import alarms


def _heard(plan, seconds, *, probability=0.9):
    """What a listener makes of pulses: patterns with the cell they were told at."""
    cells = np.zeros(int(seconds * 100))
    place = 100
    for on, off in plan:
        start, end = int(place), round(place + on * 100)
        cells[start:end] = probability
        place += (on + off) * 100
    patterns, found = Patterns(), []
    for start in range(0, len(cells), 4):
        heard = patterns.feed(cells[start : start + 4].tolist())
        if heard is not None:
            found.append((heard.kind, start))
    return found


@given(seed=st.integers(0, 10_000))
def test_a_smoke_alarm_is_named_once_within_six_seconds_of_its_third_beep_group(seed):
    plan = alarms.t3(np.random.default_rng(seed), 30)
    third = 100 + 100 * (2 * sum(on + off for on, off in plan[:3]) + sum(on + off for on, off in plan[:2]) + plan[2][0])

    found = _heard(plan, 30)

    assert [kind for kind, _ in found] == ["smoke"]
    assert found[0][1] <= third + 600


@given(seed=st.integers(0, 10_000))
def test_a_carbon_monoxide_alarm_is_named_once_and_not_for_smoke(seed):
    assert [kind for kind, _ in _heard(alarms.t4(np.random.default_rng(seed), 40), 40)] == ["carbon_monoxide"]


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["kitchen", "steady", "chirp"]))
def test_other_beepers_are_no_alarm(seed, kind):
    assert {found for found, _ in _heard(alarms.PLANS[kind](np.random.default_rng(seed), 40), 40)} <= {"beeper"}


@given(seed=st.integers(0, 10_000))
def test_pulses_at_random_are_no_alarm(seed):
    rng = np.random.default_rng(seed)
    plan = [(rng.uniform(0.03, 1.0), rng.uniform(0.05, 2.0)) for _ in range(60)]

    assert {kind for kind, _ in _heard(plan, 60)} <= {"beeper"}


def test_a_pulse_with_a_hole_is_one_pulse():
    patterns, cells = (
        Patterns(),
        ([0.9] * 21 + [0.1] * 7 + [0.9] * 22 + [0.0] * 50 + [0.9] * 50 + [0.0] * 50 + [0.9] * 50 + [0.0] * 150) * 3,
    )

    found = [heard.kind for heard in (patterns.feed([cell]) for cell in cells) if heard]

    assert found == ["smoke"]


def test_an_alarm_has_ended_when_its_longest_pause_is_over():
    patterns = Patterns()
    for on, off in alarms.t3(np.random.default_rng(1), 12):
        patterns.feed([0.9] * round(on * 100) + [0.0] * round(off * 100))
    assert patterns.sounding is not None

    patterns.feed([0.0] * 1300)

    assert patterns.sounding is None


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.39])
def test_what_is_no_tone_makes_no_pattern(probability):
    assert _heard(alarms.t3(np.random.default_rng(3), 30), 30, probability=probability) == []
