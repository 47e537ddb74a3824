"""Lives to learn from: numbered, with twins of hostile text, and the same once more without rules."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from kairos.mind.corpus.derived import derived
from kairos.mind.corpus.generate import Corpus
from kairos.mind.corpus.lessons import lesson, without_rules


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


def test_derived_rules_stand_beside_written_ones(lives):
    assert any(not one.worded for life in lives for one in life.frames if one.answer)
    assert max(len(life.rules) for life in lives) > 3
    assert any(not life.rules for life in lives)


def test_without_its_rules_a_life_has_its_plain_verdicts(lives):
    for life in lives:
        bare = without_rules(life)
        assert bare.rules == ()
        for under, plain in zip(life.frames, bare.frames, strict=True):
            assert under.frame == plain.frame
            assert plain.stands
            assert not plain.turned
            assert (under.answer != plain.answer) == under.turned


def test_rules_turn_something_in_most_lives_that_have_some(lives):
    ruled = [life for life in lives if life.rules]

    assert sum(any(one.turned for one in life.frames) for life in ruled) > len(ruled) // 2


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
