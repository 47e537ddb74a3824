"""Packets lie among the words, whatever the weights; they know their event and nothing that only fills up a batch."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kairos.errors import ModelMissing
from kairos.mind.packet.codec import MOST, SHIPPED, Codec, Read, load, save

WIDTH, DEPTHS = 48, 2


@pytest.fixture(scope="module")
def table():
    return torch.randn(90, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def codec():
    torch.manual_seed(2)
    return Codec(WIDTH, DEPTHS).eval()


def _read(table, lengths):
    dice = torch.Generator().manual_seed(3)
    ids = torch.randint(0, len(table), (len(lengths), max(lengths)), generator=dice)
    valid = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return Read(table[ids], torch.randn(*ids.shape, DEPTHS, WIDTH, generator=dice), valid)


@pytest.mark.parametrize("k", [1, 3, MOST])
def test_a_packet_is_k_rows_within_the_span_of_the_vocabulary(codec, table, k):
    packets = codec(_read(table, [5, 20]), k, table)

    assert packets.shape == (2, k, WIDTH)
    assert bool((packets.abs() <= table.abs().max()).all())


@given(k=st.integers(1, MOST))
def test_what_fills_up_a_batch_changes_nothing(codec, table, k):
    both = _read(table, [6, 20])
    with torch.no_grad():
        together, alone = codec(both, k, table)[0], codec(Read(*(part[:1, :6] for part in both)), k, table)[0]

    assert torch.allclose(together, alone, atol=1e-5)


def test_an_untrained_packet_is_some_of_the_words_in_their_order(codec, table):
    event = _read(table, [40])
    packet = codec(event, 8, table)[0]
    likeness = torch.nn.functional.cosine_similarity(packet[:, None], event.rows[0][None], dim=-1)
    places = likeness.argmax(1).tolist()

    assert places == sorted(places)
    assert all(abs(place - 5 * (row + 0.5)) < 3 for row, place in enumerate(places))
    assert bool((likeness.max(1).values > 0.6).all())


def test_weight_draws_rows_to_the_words_that_have_it(codec, table):
    heavy = copy.deepcopy(codec)
    with torch.no_grad():
        heavy.weigh.weight.zero_()
        even = heavy(_read(table, [30]), 4, table)
        heavy.weigh.weight.normal_(std=20.0)
        drawn = heavy(_read(table, [30]), 4, table)

    assert not torch.allclose(even, drawn, atol=1e-2)


def test_a_codec_comes_back_as_it_was_saved(codec, table, tmp_path):
    save(codec, tmp_path / "c.safetensors", {"rows": "abc"})
    found, facts = load(tmp_path / "c.safetensors")

    assert facts == {"rows": "abc"}
    assert torch.allclose(found(_read(table, [9]), 2, table), codec(_read(table, [9]), 2, table), atol=0.02)


def test_what_is_no_codec_is_refused_by_name(tmp_path):
    (tmp_path / "x").write_bytes(b"nothing")

    with pytest.raises(ModelMissing, match="packet codec"):
        load(tmp_path / "x")


def test_the_shipped_one_says_which_embedding_it_is_for():
    _, facts = load(SHIPPED)

    assert len(facts["rows"]) == 32
    assert facts["steps"] > 0
