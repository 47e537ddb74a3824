"""Labels: each token due a fixed time after its word, the rest due nothing; and the arithmetic of errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos_plugins.projector.training.disguise import disguised
from kairos_plugins.projector.training.examples import DELAY, RUN, Maker, due_in, edits, vocabulary
from kairos_plugins.projector.training.speakers import _filled_in


def _marks(words, ends, frames=80, tokens=None):
    maker = Maker.__new__(Maker)
    maker._tokens = tokens or {"one": (1,), "two": (2, 3)}
    return maker._marks(words, ends, frames)


def test_a_word_of_two_tokens_gives_them_one_after_the_other():
    marks = _marks(["two"], [1.0])

    start = 25 + DELAY
    assert marks.tolist() == [0] * start + [2] * RUN + [3] * RUN + [0] * (80 - start - 2 * RUN)


def test_words_that_end_together_wait_for_each_other():
    assert due_in(_marks(["one", "two", "one"], [1.0, 1.02, 1.04])) == [1, 2, 3, 1]


def test_words_outside_the_language_are_due_nothing():
    assert due_in(_marks(["one", "zeppelin", "one"], [0.5, 1.0, 1.5])) == [1, 1]


def test_classes_are_the_models_own_tokens_after_a_blank():
    class Two:
        words = ("ab", "b")

    ids, classes = vocabulary(Two, lambda text: [ord(letter) for letter in text.strip()])

    assert ids == [97, 98]
    assert classes == {"ab": [1, 2], "b": [2]}


def test_what_was_said_in_one_breath_is_divided_by_its_letters():
    assert _filled_in([0, 3, 7], {0: 0.0, 7: 0.7}, 1.0) == pytest.approx((0.0, 0.3, 0.7, 1.0), abs=0.01)


@given(said=st.lists(st.integers(0, 4), max_size=8), truth=st.lists(st.integers(0, 4), max_size=8))
def test_edits_are_a_distance(said, truth):
    assert edits(said, truth) == edits(truth, said)
    assert (edits(said, truth) == 0) == (said == truth)
    assert abs(len(said) - len(truth)) <= edits(said, truth) <= max(len(said), len(truth))


def test_a_disguise_moves_the_pitch_and_keeps_the_time():
    time = np.arange(16_000) / 16_000
    tone = np.sin(2 * np.pi * 200 * time)

    found = disguised(tone, pitch=1.5, formants=1.0, tempo=1.25)

    assert len(found) == pytest.approx(1.25 * len(tone), rel=0.01)
    spectrum = np.abs(np.fft.rfft(found[4000:12_000] * np.hanning(8000)))
    assert spectrum.argmax() * 2 == pytest.approx(300, abs=6)
