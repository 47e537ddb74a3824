"""An utterance is handed over whole, with a little of what came before it, once it is over."""

from __future__ import annotations

import numpy as np

from kairos_plugins.ear.utterances import _BEFORE, _LONGEST, Utterances


def _handed(speaking):
    said = Utterances()
    rows = (np.full(320, number, np.int16) for number in range(len(speaking)))
    found = (said.feed(row, speaking=now) for row, now in zip(rows, speaking, strict=True))
    return [[int(row[0]) for row in features] for features in found if features is not None]


def test_it_begins_before_the_onset_and_ends_with_the_last_frame_of_speech():
    assert _handed([False] * 40 + [True] * 10 + [False]) == [list(range(40 - _BEFORE, 50))]


def test_silence_is_nothing():
    assert _handed([False] * 100) == []


def test_who_speaks_on_is_heard_in_pieces():
    pieces = _handed([False] * 5 + [True] * (2 * _LONGEST) + [False])

    assert [len(piece) for piece in pieces[:2]] == [_LONGEST, _LONGEST]
    assert [number for piece in pieces for number in piece] == list(range(2 * _LONGEST + 5))


def test_what_was_said_before_it_was_muted_is_handed_over():
    said = Utterances()
    assert said.rest() is None
    for number in range(5):
        said.feed(np.full(320, number, np.int16), speaking=number > 1)

    assert [int(row[0]) for row in said.rest()] == [0, 1, 2, 3, 4]
    assert said.rest() is None
