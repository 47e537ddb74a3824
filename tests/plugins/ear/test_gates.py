"""The ear's gates, on a handful of clips: they measure what they say, and say what they could not."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from kairos.api import Trial
from kairos_plugins.ear.gates import events, exact, vad
from kairos_plugins.ear.training import alarms


def test_vectors_and_streams_are_exact(monkeypatch):
    monkeypatch.setattr(exact, "_QUICK", 8)
    monkeypatch.setattr(exact, "_FRAMES", 12)

    found = exact.run(Trial(quick=True))

    assert not found.failed
    assert found.figures["vectors"] == 49
    assert found.figures["stream_diffs"] == 0


def _recordings(folder):
    """A smoke alarm, a kitchen timer and a murmur, each in noise, with their table."""
    rng, rows = np.random.default_rng(8), ["file,onset,offset,label"]
    for kind, label in (("t3", "smoke"), ("kitchen", "beeper"), (None, "")):
        sound = 0.01 * rng.standard_normal(16_000 * 20)
        if kind:
            made = alarms.beeps(kind, np.random.default_rng(1), 18.0).sound
            sound[16_000 : 16_000 + len(made)] += 0.4 * made
        soundfile.write(folder / f"{kind}.wav", sound, 16_000)
        rows.append(f"{kind}.wav,{'1,19' if kind else '0,0'},{label}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_alarms_in_a_folder_are_told_from_timers_and_from_nothing(tmp_path):
    found = events.run(Trial(data=_recordings(tmp_path)))

    assert found.figures["ap_smoke"] == 1.0
    assert found.figures["timers_taken_for_alarms"] == 0
    assert found.figures["false_alarms"] == 0


def test_without_its_peers_the_gate_measures_the_ear_and_says_what_is_missing(tmp_path, monkeypatch):
    def missing():
        raise ImportError("No module named 'onnxruntime'")

    monkeypatch.setattr(vad, "Silero", missing)
    monkeypatch.setattr(vad, "WebRtc", missing)

    found = vad.run(Trial(data=_recordings(tmp_path)))

    assert found.figures["silero_margin"] is None
    assert "make bench-peers" in found.reasons["silero"]
    assert found.figures["seconds"] == pytest.approx(60, abs=0.2)


def test_an_onset_is_late_by_the_time_to_the_end_of_the_frame_that_told_it():
    marks = np.zeros(400, bool)
    marks[150:300] = True

    assert vad._delays(marks, [164]) == [140.0]
    assert vad._delays(marks, []) == [1000.0]
