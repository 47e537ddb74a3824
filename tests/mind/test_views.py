"""The ring cache over every family: equal to the library's own cache, exact across the wrap, bounded."""

from __future__ import annotations

import random

import pytest
import torch
from transformers import DynamicCache, MambaConfig

from kairos.errors import FrameTooLong, ModelUnfit, RewindError
from kairos.gates import families
from kairos.mind.seam import Session
from kairos.mind.views import ViewCache

SLACK = 40


@pytest.fixture(scope="module", params=families.FAMILIES)
def model(request):
    return families.build(request.param)


@pytest.fixture(scope="module", params=families.SLIDING)
def sliding(request):
    return families.build(request.param)


def _ids(rng, most=18):
    return [rng.randrange(1, 128) for _ in range(rng.randint(1, most))]


def _same(one, two):
    return all(torch.equal(a, b) for x, y in zip(one, two, strict=True) for a, b in zip(x, y, strict=True))


def test_logits_are_those_of_the_librarys_own_cache_past_many_wraps(model):
    session, theirs, rng = Session(model, max_positions=400, slack=SLACK), DynamicCache(config=model.config), random.Random(1)
    for _ in range(20):
        ids = _ids(rng)
        with torch.inference_mode():
            wanted = model(input_ids=torch.tensor([ids]), past_key_values=theirs, use_cache=True, logits_to_keep=1).logits[0, -1]
        assert torch.allclose(session.prefill(ids), wanted, atol=1e-5)


def test_a_rewound_cache_is_byte_for_byte_that_of_a_twin_who_lived_only_what_survived(model):
    rng = random.Random(2)
    session, twin = (Session(model, max_positions=600, slack=SLACK) for _ in range(2))
    for _ in range(25):
        survived = _ids(rng)
        last = session.prefill(survived)
        assert torch.equal(last, twin.prefill(survived))
        anchor = session.commit()
        for _ in range(rng.randrange(3)):
            session.prefill(_ids(rng, SLACK))
            session.rewind(anchor)
        assert session.pos == twin.pos
        assert _same(session._cache.content(), twin._cache.content())


def test_no_cache_memory_is_allocated_after_the_first_forward(model):
    session, rng = Session(model, max_positions=400, slack=SLACK), random.Random(3)
    session.prefill(_ids(rng))
    held, places = session.buffers(), [layer.keys.data_ptr() for layer in session._cache.rings]
    for _ in range(15):
        session.prefill(_ids(rng))
        session.decode(5)

    assert session.buffers() == held
    assert all(place % 64 == 0 for place in places)


def test_rows_of_ids_are_the_ids_also_across_the_wrap(model):
    one, two, rng = (Session(model, max_positions=400, slack=SLACK) for _ in range(2)), None, random.Random(4)
    by_ids, by_rows = one
    del two
    for _ in range(12):
        ids = _ids(rng)
        assert torch.equal(by_ids.prefill(ids), by_rows.inject(by_rows.embed(ids)))
    assert _same(by_ids._cache.content(), by_rows._cache.content())


def test_a_rewind_beyond_the_slack_is_refused_and_leaves_every_layer_as_it_was(sliding):
    session, rng = Session(sliding, max_positions=600, slack=SLACK), random.Random(5)
    for _ in range(25):
        session.prefill(_ids(rng))
    before, pos = session._cache.content(), session.pos

    with pytest.raises(RewindError) as caught:
        session.rewind(pos - SLACK - 10)

    assert caught.value.oldest_kept >= pos - SLACK
    assert session.pos == pos
    assert _same(before, session._cache.content())
    session.rewind(caught.value.oldest_kept)


def test_a_chunk_longer_than_the_slack_is_refused_before_any_layer_is_touched(sliding):
    session = Session(sliding, max_positions=600, slack=SLACK)
    session.prefill([1, 2, 3])

    with pytest.raises(FrameTooLong):
        session.prefill([1] * (SLACK + 1))
    assert session.pos == 3


def test_a_sliding_layer_is_bounded_however_many_positions_there_are(sliding):
    small, large = (ViewCache(sliding.config, max_positions=m, slack=SLACK) for m in (500, 5000))
    rows = {max(layer._rows for layer in cache.rings if layer.is_sliding) for cache in (small, large)}

    assert rows == {2 * (families.WINDOW - 1 + SLACK)}


def test_a_model_whose_state_is_no_keys_and_values_is_refused_by_name():
    with pytest.raises(ModelUnfit, match="mamba"):
        ViewCache(MambaConfig(hidden_size=16, num_hidden_layers=2, state_size=4), max_positions=64, slack=8)
