"""Features: the same streamed and whole, whatever the gain, and whole numbers all the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairos_drivers.gna.engine import Gna
from kairos_plugins.ear.frontend import FEATURES, FRAME, Frontend, whole
from kairos_plugins.ear.hearing import BANK, WEIGHTS, Ear, Models
from kairos_plugins.ear.training.noises import NOISES


@pytest.fixture(scope="module")
def models():
    return Models(Gna())


@pytest.fixture(scope="module")
def bank():
    return Gna().load(WEIGHTS / BANK)


def _sound(seed, frames, level):
    rng = np.random.default_rng(seed)
    noise = NOISES[list(NOISES)[seed % len(NOISES)]](rng, frames * FRAME)
    return np.clip(np.round(noise * level), -32768, 32767).astype(np.int16)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), frames=st.integers(1, 20), level=st.sampled_from([0.4, 3, 33, 3000, 60000]))
def test_a_stream_of_frames_is_the_whole_clip_to_the_bit(models, seed, frames, level):
    x = _sound(seed, frames, level)
    ear = Ear(models)

    streamed = [ear.frame(x[start : start + FRAME]) for start in range(0, len(x), FRAME)]
    whole_clip = models.whole(x)

    assert np.concatenate([frame.speech for frame in streamed]).tolist() == whole_clip.speech.tolist()
    assert np.concatenate([frame.tone for frame in streamed]).tolist() == whole_clip.tone.tolist()
    assert np.array_equal(np.concatenate([frame.bands for frame in streamed]), whole_clip.bands)


def test_a_thousandth_of_the_gain_leaves_the_features_nearly_as_they_were(bank):
    loud = _sound(0, 50, 6000)
    quiet = np.round(loud / 180).astype(np.int16)  # about -60 dBFS

    far = np.abs(whole(bank, loud)[5:].astype(int) - whole(bank, quiet)[5:].astype(int))

    assert np.median(far) < 256  # 1.5 dB, where it went down by 45


@pytest.mark.parametrize("level", [12_000, -12_000])
def test_a_constant_is_silence(bank, level):
    silence, constant = (whole(bank, np.full(FRAME * 140, value, np.int16))[100:].astype(int) for value in (0, level))

    assert np.abs(constant - silence).max() < 512  # 3 dB, of 75


def test_exact_zeros_are_heard_as_a_very_quiet_room(models):
    silence = models.whole(np.zeros(FRAME * 100, np.int16))

    assert silence.speech[100:].max() < 0.5
    assert silence.tone[100:].max() < 0.5


def test_full_scale_square_waves_do_not_saturate_the_network(models):
    x = (32767 * np.sign(np.sin(2 * np.pi * 440 * np.arange(FRAME * 50) / 16_000))).astype(np.int16)
    ear = Ear(models)

    for frame in ear.frames(x):
        ear.frame(frame)

    assert not ear.saturated


def test_samples_arrive_in_any_pieces(models):
    x, ear = _sound(3, 10, 3000), Ear(models)
    pieces = np.split(x, [1, 7, 640, 641, 1300, 5000])

    frames = [frame for piece in pieces for frame in ear.frames(piece)]

    assert np.concatenate(frames).tolist() == x.tolist()


def test_a_frame_has_as_many_features_as_the_network_takes(bank, models):
    assert Frontend(bank).frame(np.zeros(FRAME, np.int16)).shape == (FEATURES,) == (models.network.inputs,)


def test_a_frame_hands_on_all_that_the_networks_were_given(models):
    assert Ear(models).frame(np.zeros(FRAME, np.int16)).features.shape == (FEATURES,)
