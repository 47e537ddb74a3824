"""The projector's gates: their sentences mean what they should, and a projector that hears nothing fails them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from kairos.api import GateError, Judgement, Trial, Verdict
from kairos_plugins.projector.gates import ladder, pivot
from kairos_plugins.projector.words import Bound


class Mind:
    """Acts on whatever is read as `fire`."""

    rows_digest = "m"

    def encode(self, text):
        return [ord(letter) for letter in text]

    def rows(self, ids):
        return np.random.default_rng(1).normal(size=(len(ids), 24)).astype(np.float32)

    def judge(self, frame):
        text = frame.text or "fire"
        verdict = Verdict.ACTION if "fire" in text else Verdict.NO_OP
        return Judgement(verdict=verdict, margin=0.0, threshold=0.0, positions=1, ms=1.0, read=text, distance=0.1)


class Deaf:
    binder = SimpleNamespace(model="m")

    def __init__(self, *_, **__):
        self.binder = Deaf.binder

    def heard(self, features):
        return Bound(np.zeros((0, 24), np.float32), [], 0.0)


class Hearing(Deaf):
    def heard(self, features):
        return Bound(np.ones((2, 24), np.float32), [1, 2], 1.0)


@pytest.fixture
def clips(tmp_path):
    time = np.arange(16_000 * 2) / 16_000
    voice = 0.3 * np.sign(np.sin(2 * np.pi * 130 * time)) * (np.sin(2 * np.pi * 3 * time) > 0)
    soundfile.write(tmp_path / "a.wav", voice, 16_000)
    (tmp_path / "labels.csv").write_text("file,text,verdict\na.wav,fire,ACTION\n", encoding="utf-8")
    return tmp_path


def test_a_projector_that_hears_nothing_fails(clips, monkeypatch):
    monkeypatch.setattr(pivot, "Words", Deaf)

    found = pivot.run(Trial(data=clips, mind=Mind))

    assert (found.figures["salient"], found.figures["action_rate"], found.figures["token_error_rate"]) == (1, 0.0, 1.0)
    assert any("action_rate" in line for line in found.failed)


def test_what_was_heard_is_judged_as_rows_and_counted_right(clips, monkeypatch):
    monkeypatch.setattr(pivot, "Words", Hearing)
    monkeypatch.setattr(pivot, "heard_in", lambda *_: iter([np.zeros((40, 320), np.int16)]))

    figures = pivot.run(Trial(data=clips, mind=Mind)).figures

    assert (figures["action_rate"], figures["distance_p99"]) == (1.0, 0.1)


def test_a_folder_without_labels_is_refused_by_name(tmp_path):
    with pytest.raises(GateError, match="labels"):
        pivot.run(Trial(data=tmp_path, mind=Mind))


def test_no_reader_of_anchors_beats_the_nearest_and_a_learned_one_comes_near(monkeypatch):
    rng = np.random.default_rng(1)
    anchors = ladder._unit(rng.standard_normal((12, 640)))

    found = ladder._climbed(anchors, anchors, (0.1,), 60, 2_000, Trial(), rng)[0.1]

    assert found["ceiling"] == 1.0
    assert found["top1"] > 0.95
