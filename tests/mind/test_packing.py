"""Training rows: what is learned at an anchor is what the seam does there."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
import torch

from kairos.mind.corpus.generate import Corpus
from kairos.mind.corpus.lessons import lesson
from kairos.mind.packing import _ACTUATORS, IGNORE, batch, collate, row
from kairos.mind.seam import Session


@pytest.fixture
def life():
    return lesson(Corpus(5), Random(5), depth=3, frames=40)


def test_a_frame_in_a_row_gets_the_logits_it_gets_after_a_rewind(tiny_model, encoder, life):
    """Frames of one row do not see each other, and stand where a daemon's frame would stand; so do rules asked behind them."""
    made = row(encoder, life, _ACTUATORS, 4000)
    given = collate([made], 4000)
    with torch.inference_mode():
        logits = tiny_model(input_ids=given.ids, position_ids=given.positions, attention_mask=given.mask("cpu"), use_cache=False).logits
    packed, ruled = logits[given.verdicts], iter(logits[given.ruled])
    session = Session(tiny_model, max_positions=4000, slack=4000)
    session.prefill(encoder.policy(_ACTUATORS))
    for past in life.retained:
        session.prefill(encoder.frame(past.frame))
        session.prefill(encoder.answer(past.answer))
    anchor = session.commit()
    for found, example in zip(packed, made.frames, strict=True):
        assert torch.allclose(found, session.prefill(encoder.frame(example.frame)), atol=1e-4)
        if example.rule:
            assert torch.allclose(next(ruled), session.prefill(encoder.rule(example.rule)), atol=1e-4)
        session.rewind(anchor)
    assert next(ruled, None) is None


def test_the_label_after_a_frame_is_its_verdict(encoder, life):
    made = row(encoder, life, _ACTUATORS, 4000)
    asked = [label for label, first in zip(made.labels, made.verdicts, strict=True) if first]

    assert asked == [encoder.no_op_id if e.without_rule().answer is None else encoder.action_id for e in made.frames]


def test_the_label_after_a_rule_is_what_it_wants_or_other(encoder, life):
    made = row(encoder, life, _ACTUATORS, 4000)
    said = [label for label, ruled in zip(made.labels, made.ruled, strict=True) if ruled]
    wanted = [
        (encoder.no_op_id if e.answer is None else encoder.action_id) if e.turned else encoder.other_id for e in made.frames if e.rule
    ]

    assert said == wanted
    assert len(set(said)) == 3  # silent, told, and not spoken of


def test_a_row_too_long_drops_old_actions_and_late_frames(encoder, life):
    made = row(encoder, life, _ACTUATORS, 900)

    assert len(made.ids) <= 900
    assert 0 < len(made.frames) < len(life.frames)


def test_the_same_seed_gives_the_same_batch(encoder):
    one, two, other = (batch(encoder, seed, tokens=2048) for seed in (1, 1, 2))

    assert torch.equal(one.ids, two.ids)
    assert not torch.equal(one.ids[:, :900], other.ids[:, :900])
    assert len(one.frames) == int(one.verdicts.sum())


@pytest.fixture
def batches(encoder):
    return [batch(encoder, seed, tokens=32768, length=16384) for seed in range(2)]


def _paired(given):
    return [(given.frames[place], given.frames[other]) for place, other in given.pairs.tolist()]


def test_hostile_text_is_paired_with_its_harmless_twin(batches):
    pairs = [pair for given in batches for pair in _paired(given)]

    assert pairs
    for one, other in pairs:
        assert one.frame != other.frame
        assert other.stands
        assert not one.stands
        assert one.answer == other.answer


def test_where_nobody_wrote_what_is_said_only_the_verdict_is_learnt(encoder, life):
    unworded = replace(life, frames=(replace(life.frames[0], answer="notify anything", rule="", worded=False),))
    made = row(encoder, unworded, _ACTUATORS, 4000)

    assert [label for label in made.labels if label != IGNORE] == [encoder.action_id]


def test_silence_is_learnt_whole_whoever_wrote_the_sentence(encoder, life):
    quiet = replace(life, frames=(replace(life.frames[0], answer=None, rule="", worded=False),))
    made = row(encoder, quiet, _ACTUATORS, 4000)

    assert [label for label in made.labels if label != IGNORE] == encoder.answer(None)
