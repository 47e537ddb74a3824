"""Packets lie among the words, whatever the weights; they know their event and nothing that only fills up a batch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kairos.errors import ModelMissing
from kairos.mind.packet.codec import MOST, SHIPPED, Codec, load, save

WIDTH = 48


@pytest.fixture(scope="module")
def table():
    return torch.randn(90, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def codec():
    torch.manual_seed(2)
    return Codec(WIDTH).eval()


def _events(table, lengths):
    ids = torch.randint(0, len(table), (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(3))
    return table[ids], torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("k", [1, 3, MOST])
def test_a_packet_is_k_rows_within_the_span_of_the_vocabulary(codec, table, k):
    packets = codec(*_events(table, [5, 20]), k, table)

    assert packets.shape == (2, k, WIDTH)
    assert bool((packets.abs() <= table.abs().max()).all())


@given(k=st.integers(1, MOST))
def test_what_fills_up_a_batch_changes_nothing(codec, table, k):
    rows, valid = _events(table, [6, 20])
    with torch.no_grad():
        together, alone = codec(rows, valid, k, table)[0], codec(rows[:1, :6], valid[:1, :6], k, table)[0]

    assert torch.allclose(together, alone, atol=1e-5)


def test_an_untrained_packet_is_averages_of_neighbours_in_their_order(codec, table):
    rows, valid = _events(table, [16])
    packet = codec(rows, valid, 4, table)[0]
    means = rows[0].reshape(4, 4, WIDTH).mean(1)
    likeness = torch.nn.functional.cosine_similarity(packet[:, None], means[None], dim=-1)

    assert likeness.argmax(1).tolist() == [0, 1, 2, 3]


def test_a_codec_comes_back_as_it_was_saved(codec, table, tmp_path):
    save(codec, tmp_path / "c.safetensors", {"rows": "abc"})
    found, facts = load(tmp_path / "c.safetensors")

    assert facts == {"rows": "abc"}
    assert torch.allclose(found(*_events(table, [9]), 2, table), codec(*_events(table, [9]), 2, table), atol=0.02)


def test_what_is_no_codec_is_refused_by_name(tmp_path):
    (tmp_path / "x").write_bytes(b"nothing")

    with pytest.raises(ModelMissing, match="packet codec"):
        load(tmp_path / "x")


def test_the_shipped_one_says_which_embedding_it_is_for():
    _, facts = load(SHIPPED)

    assert len(facts["rows"]) == 32
    assert facts["steps"] > 0
