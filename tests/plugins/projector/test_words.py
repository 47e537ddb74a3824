"""Which tokens are kept, and that their rows stay within the vocabulary's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.api import KairosError
from kairos_drivers.gna.engine import Gna
from kairos_plugins.projector.words import WEIGHTS, Binder, Words, bound, kept, wire


def _logits(frames, *due, sure=9.0, size=6):
    """Blank everywhere but at (frame, token)."""
    found = np.zeros((frames, size), np.float32)
    found[:, 0] = 8.0
    for frame, token in due:
        found[frame, token + 1] = 8.0 + sure
    return found


def test_a_token_of_two_frames_is_kept_once_and_in_order():
    found = kept(_logits(30, (5, 3), (6, 3), (10, 1), (11, 1), (12, 2), (13, 2)))

    assert [one.token for one in found] == [3, 1, 2]


def test_the_same_word_twice_is_two_tokens():
    assert [one.token for one in kept(_logits(30, (5, 3), (6, 3), (14, 3), (15, 3)))] == [3, 3]


def test_blank_is_nothing_and_so_is_no_sound():
    assert kept(_logits(30)) == []
    assert kept(np.zeros((0, 6), np.float32)) == []


def test_what_is_not_sure_is_left_out():
    assert kept(_logits(30, (5, 3), sure=-3.0)) == []


@given(seed=st.integers(0, 1000), frames=st.integers(1, 40))
def test_kept_tokens_are_in_order_and_no_two_share_a_frame(seed, frames):
    found = kept(np.random.default_rng(seed).normal(0, 4, (frames, 9)).astype(np.float32))

    assert [one.frame for one in found] == sorted({one.frame for one in found})


def test_a_sure_row_is_the_vocabularys_own_and_an_unsure_one_lies_between():
    table = np.random.default_rng(1).normal(size=(5, 16)).astype(np.float32)

    sure = bound(_logits(1, (0, 2))[:, 1:], table)
    unsure = bound(np.array([[4.0, 4.0, 0, 0, 0]], np.float32), table)

    assert np.allclose(sure[0], table[2], atol=1e-4)
    assert np.allclose(unsure[0], (table[0] + table[1]) / 2, atol=1e-3)


def test_the_shipped_halves_fit_each_other_and_hear_nothing_in_silence():
    words = Words(Gna())

    found = words.heard(np.zeros((40, 320), np.int16))

    assert found.rows.shape == (0, words.binder.table.shape[1])
    assert len(words.binder.ids) == len(words.binder.table) >= 400
    assert wire(words.binder.table[:2], words.binder.model).shape == (2, words.binder.table.shape[1])


def test_a_file_that_is_no_projector_is_refused_by_name(tmp_path):
    (tmp_path / "x").write_bytes(b"no")

    with pytest.raises(KairosError, match="no projector"):
        Binder(tmp_path / "x")
    with pytest.raises(KairosError, match="kairos train projector"):
        Binder(WEIGHTS / "words.safetensors")
