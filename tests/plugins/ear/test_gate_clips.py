"""Recordings to judge by: of any rate, with marks from a table that says what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from kairos.api import GateError, Trial
from kairos_plugins.ear.gates.clips import clips
from kairos_plugins.ear.training.scenes import Sounds, marked, scene


def _folder(tmp_path, labels):
    time_s = np.arange(44_100 * 2) / 44_100
    soundfile.write(tmp_path / "a.flac", np.stack([0.3 * np.sin(2 * np.pi * 440 * time_s)] * 2, axis=1), 44_100)
    (tmp_path / "labels.csv").write_text("file,onset,offset,label\n" + labels, encoding="utf-8")
    return tmp_path


def test_a_clip_of_any_rate_is_heard_at_sixteen_kilohertz_with_its_marks(tmp_path):
    (clip,) = clips(Trial(data=_folder(tmp_path, "a.flac,0.5,1.25,speech\n")), "speech")

    assert len(clip.samples) == 32_000
    assert (int(clip.marks.argmax()), int(clip.marks.sum())) == (50, 75)
    assert abs(np.abs(clip.samples).max() / 32768 - 0.3) < 0.01


def test_a_clip_without_the_label_holds_none_of_it(tmp_path):
    (clip,) = clips(Trial(data=_folder(tmp_path, "a.flac,0.5,1.25,dog\n")), "speech")

    assert not clip.marks.any()


@pytest.mark.parametrize("row", ["a.flac,soon,1.25,speech\n", "a.flac\n"])
def test_a_broken_table_says_what_a_row_must_have(tmp_path, row):
    with pytest.raises(GateError, match="file, onset, offset, label"):
        list(clips(Trial(data=_folder(tmp_path, row)), "speech"))


def test_an_empty_folder_is_an_error_for_people(tmp_path):
    with pytest.raises(GateError, match=r"labels\.csv"):
        list(clips(Trial(data=tmp_path, quick=True), "speech"))


def test_marks_cover_a_voice_and_not_the_noise_of_its_recording():
    rng = np.random.default_rng(2)
    voice = 0.003 * rng.standard_normal(32_000)
    voice[8_000:20_000] += 0.3 * np.sin(np.arange(12_000) / 9)

    found = marked(voice)

    assert abs(int(found.argmax()) - 50) <= 1
    assert abs(int(found.sum()) - 75) <= 2


def test_a_scene_is_the_same_for_the_same_seed_and_fits_its_marks():
    voices = Sounds([[0.3 * np.sin(np.arange(16_000) / 7)]])

    one, two = (scene(np.random.default_rng(9), voices, Sounds([]), seconds=6) for _ in range(2))

    assert (one.samples == two.samples).all()
    assert len(one.samples) == 160 * len(one.speech) == 160 * len(one.tone)
