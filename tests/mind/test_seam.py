"""The cache: exact rewinds, ids against rows, one chunk against a loop, and refusals that change nothing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import MistralConfig, MistralForCausalLM

from kairos.errors import FrameTooLong, RewindError
from kairos.mind.seam import Session


def _bytes(session):
    return session._cache.content()


def _equal(one, two):
    return all(torch.equal(a, b) for pair in zip(one, two, strict=True) for a, b in zip(*pair, strict=True))


@pytest.fixture
def session(tiny_model):
    opened = Session(tiny_model, max_positions=256)
    opened.prefill(range(20))
    opened.commit()
    return opened


def test_a_rewind_leaves_every_byte_and_the_next_logits_as_they_were(session):
    before, logits = _bytes(session), None
    for _ in range(3):
        again = session.prefill([5, 6, 7, 8])
        assert logits is None or torch.equal(again, logits)
        logits = again
        session.decode(9)
        session.rewind(20)
        assert _equal(before, _bytes(session))


def test_rows_of_ids_give_the_bytes_of_the_ids(session):
    ids = [4, 8, 15, 16, 23]
    by_ids = session.prefill(ids)
    kept = _bytes(session)
    session.rewind(20)

    by_rows = session.inject(session.embed(ids))

    assert torch.equal(by_ids, by_rows)
    assert _equal(kept, _bytes(session))


def test_the_strict_loop_is_byte_equal_to_single_injects_and_near_one_chunk(session):
    rows = session.embed([4, 8, 15, 16, 23])
    loop = session.inject_seq(rows)
    session.rewind(20)
    for row in rows:
        single = session.inject(row[None])
    session.rewind(20)

    chunk = session.inject(rows)

    assert torch.equal(loop, single)
    assert torch.allclose(loop, chunk, atol=1e-4)
    assert int(loop.argmax()) == int(chunk.argmax())


def test_a_rewind_below_the_commit_or_beyond_the_end_is_refused_and_changes_nothing(session):
    before = _bytes(session)
    for to in (19, 21, -1):
        with pytest.raises(RewindError) as caught:
            session.rewind(to)
        assert (caught.value.wanted, caught.value.oldest_kept) == (to, 20)
    assert session.pos == 20
    assert _equal(before, _bytes(session))


def test_a_frame_longer_than_the_ring_is_refused_before_it_is_fed(session):
    with pytest.raises(FrameTooLong, match=r"mind\.max_positions"):
        session.prefill([1] * 300)
    assert session.pos == 20


def test_score_is_the_log_probability_of_the_ids(session, tiny_model):
    ids = [3, 1, 4, 1, 5]
    found = session.score(ids)
    logits = tiny_model(torch.tensor([[*range(20), *ids]])).logits[0, 20:-1].detach().log_softmax(-1)

    assert found == pytest.approx(float(logits[range(4), ids[1:]].sum()), abs=1e-3)


def test_closing_twice_is_fine(session):
    session.close()
    session.close()
    assert session.pos == 0


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("prefill"), st.lists(st.integers(0, 299), min_size=1, max_size=9)),
        st.tuples(st.just("rewind"), st.just([])),
        st.tuples(st.just("commit"), st.just([])),
    ),
    max_size=10,
)


@given(steps=_steps)
@settings(max_examples=25, deadline=None)
def test_whatever_was_tried_and_rewound_the_cache_is_that_of_a_twin_who_never_tried(tiny_model, steps):
    """The twin lives only the surviving chunks, in their own shapes."""
    session, survived, open_chunks = Session(tiny_model, max_positions=256), [[1, 2, 3]], []
    session.prefill([1, 2, 3])
    anchor = session.commit()
    for what, ids in steps:
        if what == "prefill":
            session.prefill(ids)
            open_chunks.append(ids)
        elif what == "rewind":
            session.rewind(anchor)
            open_chunks = []
        else:
            anchor = session.commit()
            survived += open_chunks
            open_chunks = []
    session.rewind(anchor)
    twin = Session(tiny_model, max_positions=256)
    for chunk in survived:
        twin.prefill(chunk)

    assert session.pos == twin.pos
    assert _equal(_bytes(session), _bytes(twin))


PARTS = ([5, 6, 7], [8, 9], [5, 6, 7, 8, 9, 10])


def _one_by_one(session, only):
    found = []
    for part in PARTS:
        found.append(session.prefill(part, only=only))
        session.rewind(20)
    return torch.stack(found)


def test_what_is_tried_aside_gets_the_logits_of_the_next_chunk_and_leaves_every_byte(session):
    before = _bytes(session)
    found = session.aside(PARTS, only=[3, 1, 4])

    assert _equal(before, _bytes(session))
    assert torch.allclose(found, _one_by_one(session, [3, 1, 4]), atol=1e-4)


def test_aside_behind_a_sliding_window_goes_one_by_one_with_the_same_logits():
    torch.manual_seed(4)
    config = MistralConfig(
        vocab_size=300, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=3,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=4096, sliding_window=12,
    )  # fmt: skip
    session = Session(MistralForCausalLM(config).eval(), max_positions=256)
    session.prefill(range(20))
    session.commit()

    assert torch.allclose(session.aside(PARTS, only=[3, 1, 4]), _one_by_one(session, [3, 1, 4]), atol=1e-5)


def test_aside_fits_where_all_parts_at_once_would_not(tiny_model):
    session = Session(tiny_model, max_positions=28)
    session.prefill(range(20))
    session.commit()

    assert torch.allclose(session.aside(PARTS, only=[3, 1, 4]), _one_by_one(session, [3, 1, 4]), atol=1e-5)


def test_a_part_that_fits_nowhere_is_refused_and_changes_nothing(session):
    with pytest.raises(FrameTooLong):
        session.aside([[5], list(range(250))], only=[3])

    assert session.pos == 20
