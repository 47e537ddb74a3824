"""The corpus: seeded, complete, and split by whole domains and styles."""

from __future__ import annotations

from itertools import islice

from kairos.mind.corpus.generate import HELD_OUT_DOMAINS, HELD_OUT_STYLES, examples, histories


def _take(count, **split):
    return list(islice(examples(7, **split), count))


def test_the_same_seed_gives_the_same_examples():
    assert _take(200) == _take(200)


def test_no_held_out_domain_or_style_is_ever_in_training():
    for example in _take(4000):
        assert example.domain not in HELD_OUT_DOMAINS
        assert example.style not in HELD_OUT_STYLES


def test_held_out_examples_come_from_held_out_domains_in_held_out_styles_only():
    for example in _take(2000, held_out=True):
        assert example.domain in (*HELD_OUT_DOMAINS, "idle")
        assert example.style in (*HELD_OUT_STYLES, "idle")


def test_every_slot_is_filled_and_every_answer_names_an_actuator():
    for example in _take(4000) + _take(1000, held_out=True):
        assert "{few}" not in example.frame.text
        if example.answer is not None:
            assert example.answer.split()[0] in ("log", "notify", "publish")
            assert "{" not in example.answer


def test_both_verdicts_are_there_in_sober_shares():
    share = sum(example.answer is not None for example in _take(4000)) / 4000

    assert 0.25 < share < 0.5


def test_histories_hold_actions_only_and_reach_their_bound():
    longest = 0
    for retained, _ in islice(histories(7), 2000):
        assert all(past.answer is not None for past in retained)
        longest = max(longest, len(retained))
    assert longest == 24
