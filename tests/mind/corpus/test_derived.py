"""Rules made from events: what they speak of differs from its neighbours in just what the rule names."""

from __future__ import annotations

import re
from random import Random

import pytest

from kairos.mind.corpus.derived import SHAPES, derived
from kairos.mind.corpus.splits import domains


def test_the_same_seed_makes_the_same_rule():
    assert derived(Random(5), 9) == derived(Random(5), 9)
    assert derived(Random(5), 9) != derived(Random(6), 9)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_split_has_rules_of_its_own_events(split):
    known = {case.text for seed in range(300) for case in derived(Random(seed), 6).cases}

    assert not known & {case.text for seed in range(300) for case in derived(Random(seed), 6, split).cases}


@pytest.mark.parametrize("about", SHAPES)
def test_every_slot_is_filled_and_what_a_mute_rule_silences_has_a_sentence(about):
    for seed in range(300):
        rule = derived(Random(seed), 8, about=about)
        assert len(rule.cases) == 8
        assert not re.search(r"\{\w+\}", rule.sentence)
        for case in rule.cases:
            assert not re.search(r"\{\w+(:[^}]*)?\}", re.sub(r'\{"', "", case.text))
            assert case.said is not None or rule.kind == "tell"


def test_a_rule_about_a_name_speaks_of_what_holds_it_and_of_its_weekday_only():
    """A user called `root` is in no `root filesystem`, so a few of the others hold the word."""
    on_a_day = by_chance = 0
    for seed in range(400):
        rule = derived(Random(seed), 10, about="name")
        day = re.search(r"\b(\w+day)s?\b", rule.sentence)
        assert rule.name in rule.sentence
        for case in rule.cases:
            met = rule.name in case.text and (day is None or _stamped_on(case.text, day[1]))
            assert met or not case.about, (rule.sentence, case.text)
            by_chance += met and not case.about
        on_a_day += day is not None
    assert on_a_day > 50
    assert by_chance < 100


def test_a_rule_about_what_happened_leaves_the_same_to_others_and_other_trouble_to_itself():
    for seed in range(300):
        rule = derived(Random(seed), 10, about="what")
        about, near = ({case.text for case in rule.cases if case.about is side} for side in (True, False))
        assert rule.kind == "mute"
        assert len(about) <= 1
        assert not about & near


def test_a_rule_about_a_domain_names_it():
    names = {row["name"].replace("-", " ") for row in domains("train")}
    for seed in range(100):
        assert any(name in derived(Random(seed), 4, about="domain").sentence.lower() for name in names)


def test_a_rule_about_a_limit_divides_readings_by_its_number():
    """Below a limit that is nearer than the reading's own, or beyond one that is further, by what the rule is for."""
    for seed in range(600):
        rule = derived(Random(seed), 10, about="limit")
        groups = ([_reading(case.said) for case in rule.cases if case.about is side] for side in (True, False))
        about, near = groups
        if about and near:
            assert max(about) <= min(near) or max(near) <= min(about), rule


def test_a_limit_that_is_fallen_short_of_is_said_in_words_of_falling():
    said = {derived(Random(seed), 4, about="limit").sentence for seed in range(3000)}

    assert any("is the most I take" in one and "tell me of more" in one for one in said)
    assert any("is the least I take" in one and "tell me of less" in one for one in said)


def _stamped_on(text, day):
    return re.search(rf"(^|[\[(]){day[:3]}\w*,? \d+:\d\d", text) is not None


def _reading(said):
    found = re.search(r" is (-?[\d.]+)", said)
    assert found is not None
    return float(found[1])
