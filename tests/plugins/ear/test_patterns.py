"""Beepers by their rhythm: T3 and T4 within the tolerance of their standards, and nothing else taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairos_plugins.ear.filters import OCTAVE
from kairos_plugins.ear.patterns import Patterns
from kairos_plugins.ear.training import alarms

seeds = st.integers(0, 10_000)
few = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def heard_in(tone, bands):
    """What a listener makes of it: patterns with the second they were told at."""
    patterns, found = Patterns(), []
    for start in range(0, len(tone), 4):
        heard = patterns.feed(tone[start : start + 4].tolist(), bands[start : start + 4])
        if heard is not None:
            found.append((heard.kind, start / 100))
    return found, patterns


@pytest.fixture
def kinds(sound_of):
    return lambda plan, seconds, **how: [kind for kind, _ in heard_in(*sound_of(plan, seconds, **how))[0]]


@few
@given(seed=seeds)
def test_a_smoke_alarm_is_named_once_within_six_seconds_of_its_third_beep_group(sound_of, seed):
    plan = alarms.t3(np.random.default_rng(seed), 30)
    third = 1 + 2 * sum(on + off for on, off in plan[:3]) + sum(on + off for on, off in plan[:2]) + plan[2][0]

    found, _ = heard_in(*sound_of(plan, 30, seed=seed))

    assert [kind for kind, _ in found] == ["smoke"]
    assert found[0][1] <= third + 3


@few
@given(seed=seeds)
def test_a_carbon_monoxide_alarm_is_named_once_and_not_for_smoke(kinds, seed):
    assert kinds(alarms.t4(np.random.default_rng(seed), 40), 40, seed=seed) == ["carbon_monoxide"]


@few
@given(seed=seeds, kind=st.sampled_from(["kitchen", "steady", "chirp"]))
def test_other_beepers_are_no_alarm(kinds, seed, kind):
    assert set(kinds(alarms.PLANS[kind](np.random.default_rng(seed), 40), 40, seed=seed)) <= {"beeper"}


@few
@given(seed=seeds)
def test_pulses_at_random_are_no_alarm(kinds, seed):
    rng = np.random.default_rng(seed)

    assert set(kinds([(rng.uniform(0.03, 1.0), rng.uniform(0.05, 2.0)) for _ in range(60)], 60, seed=seed)) <= {"beeper"}


@pytest.mark.parametrize("plan", [[(0.5, 0.5)], [(0.9, 0.45)], [(0.1, 0.1)], [(0.5, 0.5), (0.5, 0.5), (0.5, 0.5), (0.5, 1.0)]])
def test_even_beats_and_groups_of_four_are_no_alarm(kinds, plan):
    assert set(kinds(plan * 60, 40)) <= {"beeper"}


def test_an_alarm_is_heard_through_music_elsewhere_in_the_spectrum_and_without_the_network(sound_of):
    tone, bands = sound_of(alarms.t3(np.random.default_rng(5), 30), 30, tone=0.0)
    bands[:, :20] += (9 * OCTAVE * np.random.default_rng(6).random((len(bands), 20))).astype(np.int16)

    assert [kind for kind, _ in heard_in(tone, bands)[0]] == ["smoke"]


def test_beeps_that_go_on_are_told_once_they_can_be_no_alarm(sound_of):
    found, _ = heard_in(*sound_of([(0.2, 0.4)] * 60, 40))

    assert [kind for kind, _ in found] == ["beeper"]
    assert 16 <= found[0][1] < 24


def test_an_alarm_has_ended_when_its_longest_pause_is_over(sound_of):
    tone, bands = sound_of(alarms.t3(np.random.default_rng(1), 20), 60)

    _, patterns = heard_in(tone[:2000], bands[:2000])
    assert patterns.sounding is not None

    for start in range(2000, 4000, 4):
        patterns.feed(tone[start : start + 4].tolist(), bands[start : start + 4])
    assert patterns.sounding is None


def test_a_quiet_room_makes_no_pattern(kinds):
    assert kinds([], 60) == []
