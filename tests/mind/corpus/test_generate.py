"""The corpus: seeded, complete, and split by whole domains, styles, rules and tactics."""

from __future__ import annotations

import re
from itertools import islice
from random import Random

import pytest

from kairos.mind.corpus.generate import Corpus, examples
from kairos.mind.corpus.numbers import comparison, quantity
from kairos.mind.corpus.slots import Draw
from kairos.mind.corpus.splits import DOMAINS, domains, quantities, rules, styles, tactics

SPLITS = ("train", "valid", "test")


def _take(count, split="train"):
    return list(islice(examples(7, split), count))


def test_the_same_seed_gives_the_same_examples():
    assert _take(200) == _take(200)


@pytest.mark.parametrize("part", [domains, styles, rules, tactics, quantities])
def test_nothing_is_in_two_splits(part):
    seen = [str(row) for split in SPLITS for row in part(split)]

    assert len(seen) == len(set(seen))
    assert all(part(split) for split in SPLITS)


def test_every_domain_that_is_kept_back_exists():
    for split in ("valid", "test"):
        assert {row["name"] for row in domains(split)} == set(DOMAINS[split])


@pytest.mark.parametrize("split", ["valid", "test"])
def test_held_out_examples_come_from_held_out_domains_in_held_out_styles_only(split):
    for example in _take(1000, split):
        assert example.domain in (*DOMAINS[split], "idle", "quantity") or example.domain.startswith("injection:")
        assert example.style in (*styles(split), "idle", "number")


def test_every_slot_is_filled_and_every_answer_names_an_actuator():
    for example in _take(6000) + _take(2000, "valid") + _take(2000, "test"):
        assert not re.search(r"\{\w+(:[^}]*)?\}", re.sub(r'\{"', "", example.frame.text)), example
        if example.answer is not None:
            assert example.answer.split()[0] in ("log", "notify")
            assert "{" not in example.answer


def test_both_verdicts_are_there_in_sober_shares():
    share = sum(example.answer is not None for example in _take(4000)) / 4000

    assert 0.3 < share < 0.5


def test_a_life_retains_actions_only_and_tries_frames_of_both_kinds():
    life = Corpus(7).life(depth=9, frames=60)

    assert len(life.retained) == 9
    assert all(past.answer is not None for past in life.retained)
    assert {example.answer is None for example in life.frames} == {True, False}


@pytest.mark.parametrize(("kind", "acts"), [("mute", False), ("tell", True)])
def test_a_rule_turns_the_verdicts_it_speaks_of_and_no_others(kind, acts):
    corpus = Corpus(7)
    for rule in [rule for rule in rules("train") if rule["kind"] == kind][:20]:
        sentence, ruled = corpus.ruled(rule, 12)
        assert "{" not in sentence
        for example in ruled:
            spoken_of = example.domain.endswith(":about")
            assert (example.answer is not None) == (acts if spoken_of else not acts)


def test_hostile_text_changes_neither_the_verdict_nor_the_sentence():
    corpus = Corpus(7)
    for tactic in tactics("train")[:20]:
        hostile, harmless = corpus.injected(tactic)
        assert hostile.answer == harmless.answer
        assert hostile.frame.text != harmless.frame.text


def _retained(corpus, count):
    return [past for past in (corpus.event() for _ in range(count)) if past.answer is not None]


@pytest.mark.parametrize("split", SPLITS)
def test_what_is_like_an_event_is_of_its_domain_in_its_style(split):
    corpus = Corpus(7, split)
    for past in _retained(corpus, 300):
        found = corpus.like(past)
        assert (found.domain, found.style, found.kind) == (past.domain, past.style, "like")


def test_a_grave_line_of_another_name_stays_grave_and_other_lines_keep_their_own_verdict():
    corpus = Corpus(7)
    found = [(past, corpus.like(past)) for past in _retained(corpus, 2000)]

    assert {one.answer is None for _, one in found} == {True, False}
    renamed = [
        (past, one) for past, one in found if past.drawn_from[0] and "{" in past.drawn_from[0] and not one.drawn_from[0] and one.answer
    ]
    assert any(one.answer != past.answer and one.answer.split()[:3] == past.answer.split()[:3] for past, one in renamed)


def test_what_was_grave_by_its_number_alone_has_no_line_to_say_again():
    assert not any(one.drawn_from[0] for one in (Corpus(seed).event() for seed in range(2000)) if one.kind == "series")


def test_rules_nobody_gave_change_no_verdict():
    corpus = Corpus(7)
    for rule in rules("train")[:20]:
        _, found = corpus.ruled(rule, 8, given=False)
        assert {example.answer is not None for example in found} == {rule["kind"] == "mute"}


def test_a_reading_past_its_limit_is_grave_and_one_that_healed_is_not():
    rng = Random(5)
    for _ in range(600):
        frame, answer = quantity(rng, quantities("train"))
        if (
            frame.kind == "metric"
            or "again after" in frame.text
            or "cleared" in frame.text
            or "self-test" in frame.text
            or "back to" in frame.text
        ):
            assert answer is None
        if answer is not None:
            value = re.search(r" is (-?[\d.]+)", answer)
            assert value is not None
            assert value[1] in frame.text


def test_a_made_up_reading_is_grave_only_past_its_made_up_limit_or_off_its_count():
    rng, seen = Random(6), {True: 0, False: 0}
    for _ in range(2000):
        frame, answer = comparison(rng)
        match = re.search(r"notify .* is (-?[\d.]+).*?(limit|where) (-?[\d.]+)", answer or "")
        assert (match is None) == (answer is None)
        if match:
            assert float(match[1]) != float(match[3])
            assert match[1] in frame.text
            assert match[3] in frame.text
        counted = re.fullmatch(r".* (\d+) counted, (\d+) wanted", frame.text)
        if counted:
            assert (answer is None) == (counted[1] == counted[2])
        seen[answer is None] += 1
    assert min(seen.values()) > 500


@pytest.mark.parametrize("split", SPLITS)
def test_every_quantity_has_its_limit_between_what_is_fine_and_what_is_bad(split):
    for row in quantities(split):
        low, high = sorted([row["ok"], row["bad"]])
        assert low[0] <= low[1] <= row["limit"] <= high[0] <= high[1], row


def test_a_name_keeps_its_value_and_its_numbered_twin_has_another():
    for seed in range(200):
        drawn = Draw(Random(seed))
        one, two, again = drawn.fill("{host} {host2} {host}").split()
        assert one == again != two


def test_ranges_and_choices_are_drawn_as_they_are_written():
    text = Draw(Random(1)).fill("{a:5..9} {t:1.5..2.5} {w:red|dark blue} {a}")

    assert re.fullmatch(r"([5-9]) [12]\.\d (red|dark blue) \1", text)
