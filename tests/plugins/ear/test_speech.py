"""Onset and offset of speech: quick to begin, patient to end."""

from __future__ import annotations

from kairos_plugins.ear.speech import Voice


def _news(probabilities):
    voice = Voice()
    return [news for news in (voice.feed([p]) for p in probabilities) if news is not None]


def test_twenty_milliseconds_begin_it_and_half_a_second_of_silence_ends_it():
    onset, offset = _news([0.0] * 20 + [0.9] * 100 + [0.0] * 60)

    assert (onset.start, onset.end) == (20, None)
    assert (offset.start, offset.end) == (20, 120)
    assert round(offset.probability, 2) == 0.9


def test_a_click_is_no_speech():
    assert _news([0.0] * 20 + [0.99] + [0.0] * 60) == []


def test_a_pause_for_breath_does_not_end_it():
    assert len(_news([0.9] * 50 + [0.0] * 40 + [0.9] * 50 + [0.0] * 60)) == 2


def test_it_may_begin_again():
    assert [news.end is None for news in _news(([0.9] * 30 + [0.0] * 60) * 2)] == [True, False, True, False]
