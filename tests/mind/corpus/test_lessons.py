"""Lives to learn from: numbered, with twins of hostile text, and rules asked of frames."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from kairos.mind.corpus.derived import derived
from kairos.mind.corpus.generate import Corpus
from kairos.mind.corpus.lessons import lesson


@pytest.fixture(scope="module")
def lives():
    corpus, rng = Corpus(3), Random(3)
    return [lesson(corpus, rng, depth=2, frames=80) for _ in range(40)]


def test_only_hostile_text_shares_its_number_and_its_harmless_twin_stands(lives):
    for life in lives:
        count = Counter(one.alike for one in life.frames)
        for one in life.frames:
            assert one.alike
            assert count[one.alike] == 1 or one.kind == "hostile"
            if one.stands:
                (other,) = (frame for frame in life.frames if frame.alike == one.alike and frame is not one)
                assert other.answer == one.answer
                assert not other.stands


def test_what_is_like_a_retained_action_is_among_the_frames_and_nothing_else_is_called_so(lives):
    for life in lives:
        named = {past.domain for past in life.retained}
        assert {one.domain for one in life.frames if one.kind == "like"} <= named
    assert sum(one.kind == "like" for life in lives for one in life.frames) > len(lives) / 2


def test_derived_rules_stand_beside_written_ones(lives):
    assert any(not one.worded for life in lives for one in life.frames if one.answer)
    assert max(len(life.rules) for life in lives) > 3


def test_a_frame_is_asked_its_own_rule_or_one_that_does_not_speak_of_it(lives):
    for life in lives:
        assert {one.rule for one in life.frames} <= {"", *life.rules}
        assert not any(one.turned and not one.rule for one in life.frames)


def test_what_a_rule_turned_has_another_verdict_without_it_and_what_it_did_not_has_the_same(lives):
    asked = [one for life in lives for one in life.frames if one.rule]

    assert all((one.answer != one.without_rule().answer) == one.turned for one in asked)
    assert all(one.without_rule().frame == one.frame for one in asked)


def test_rules_speak_of_some_of_what_they_are_asked_of_and_not_of_the_rest(lives):
    asked = [one for life in lives for one in life.frames if one.rule]
    spoken = sum(one.turned for one in asked) / len(asked)

    assert 0.3 < spoken < 0.6
    assert 0.2 < len(asked) / sum(len(life.frames) for life in lives) < 0.6


def test_a_name_that_a_derived_rule_is_about_is_in_no_frame_of_anything_else(monkeypatch):
    """Whatever else holds that name, hostile text and other rules' events too, would be no example of anything."""
    made: list[tuple[str, frozenset[str]]] = []

    def noted(*args, **kwargs):
        rule = derived(*args, **kwargs)
        made.append((rule.name, frozenset(case.text for case in rule.cases)))
        return rule

    monkeypatch.setattr("kairos.mind.corpus.lessons.derived", noted)
    corpus, rng = Corpus(5), Random(5)
    for _ in range(30):
        made.clear()
        life = lesson(corpus, rng, depth=0, frames=80)
        for name, own in made:
            if name:
                assert all(name not in one.frame.text or _is_of(own, one.frame.text) for one in life.frames)


def _is_of(texts, wrapped):
    return any(text in wrapped or _inner(text) in wrapped for text in texts)


def _inner(text):
    """As JSON and a plain sentence write it: neither its first character nor what they escape."""
    return text[1:].split('"')[0].split("\\")[0]
