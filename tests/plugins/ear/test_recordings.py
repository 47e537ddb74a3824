"""Recordings of any kind, as the ear hears them."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from kairos.api import KairosError
from kairos_plugins.ear.recordings import pcm


@pytest.mark.parametrize(("name", "rate", "channels"), [("a.wav", 8_000, 1), ("a.flac", 44_100, 2), ("a.wav", 16_000, 3)])
def test_any_rate_and_number_of_channels_becomes_sixteen_kilohertz_mono(tmp_path, name, rate, channels):
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    soundfile.write(tmp_path / name, np.stack([tone] * channels, axis=1), rate)

    found = pcm(tmp_path / name)

    assert (found.dtype, len(found)) == (np.int16, 32_000)
    assert abs(np.abs(found).max() / 32768 - 0.3) < 0.01


def test_a_file_that_is_no_sound_is_named(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no sound")

    with pytest.raises(KairosError, match=r"x\.wav"):
        pcm(tmp_path / "x.wav")
