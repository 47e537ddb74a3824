"""Packets lie among the words, whatever the weights; they know their event and nothing that only fills up a batch."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kairos.errors import ModelMissing
from kairos.mind.packet.codec import LONGEST, SHIPPED, Codec, Read, cut, load, save, shared

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


@pytest.mark.parametrize("k", [1, 3, LONGEST])
def test_a_packet_is_k_rows_within_the_span_of_the_vocabulary(codec, table, k):
    packets = codec(_read(table, [5, 20]), torch.tensor([k, k]), table)

    assert packets.shape == (2, k, WIDTH)
    assert bool((packets.abs() <= table.abs().max()).all())


@given(k=st.integers(1, LONGEST), other=st.integers(1, LONGEST))
def test_what_fills_up_a_batch_changes_nothing(codec, table, k, other):
    both = _read(table, [6, 20])
    with torch.no_grad():
        together = cut(codec(both, torch.tensor([k, other]), table), [k, other])[0]
        alone = codec(Read(*(part[:1, :6] for part in both)), torch.tensor([k]), table)[0]

    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("k", [1, 8, 39, 40])
def test_rows_are_some_of_the_words_each_once_and_in_their_order(codec, table, k):
    event = _read(table, [40])._replace(rows=table[None, :40])
    likeness = torch.nn.functional.cosine_similarity(codec(event, torch.tensor([k]), table)[0][:, None], event.rows[0][None], dim=-1)
    places = likeness.argmax(1).tolist()

    assert bool((likeness.max(1).values > 0.9).all())
    assert places == sorted(set(places))


@given(weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=LONGEST), k=st.integers(1, LONGEST))
def test_shares_go_by_weight_up_to_one_row_and_come_to_k(weights, k):
    share = shared(torch.tensor([weights]), torch.tensor([k]))[0]

    assert float(share.max()) <= 1
    assert float(share.sum()) == pytest.approx(min(k, len(weights)), rel=1e-3)
    scale = share / torch.tensor(weights)
    assert bool(((share > 0.999) | torch.isclose(scale, scale.max(), rtol=1e-3)).all())


def test_the_heaviest_words_are_the_rows(codec, table):
    heavy, event, weights = copy.deepcopy(codec), _read(table, [30])._replace(rows=table[None, :30]), []
    heavy.weigh.register_forward_hook(lambda _module, _given, found: weights.append(found[0, :, 0]))
    with torch.no_grad():
        heavy.weigh.weight.normal_(std=20.0)
        drawn, other = (one(event, torch.tensor([4]), table) for one in (heavy, codec))

    likeness = torch.nn.functional.cosine_similarity(drawn[0][:, None], event.rows[0][None], dim=-1)
    assert likeness.argmax(1).tolist() == sorted(weights[0].topk(4).indices.tolist())
    assert not torch.allclose(drawn, other, atol=1e-2)


def test_a_codec_comes_back_as_it_was_saved(codec, table, tmp_path):
    save(codec, tmp_path / "c.safetensors", {"rows": "abc"})
    found, facts = load(tmp_path / "c.safetensors")

    assert facts == {"rows": "abc"}
    assert torch.allclose(*(one(_read(table, [9]), torch.tensor([2]), table) for one in (found, codec)), atol=0.02)


def test_what_is_no_codec_is_refused_by_name(tmp_path):
    (tmp_path / "x").write_bytes(b"nothing")

    with pytest.raises(ModelMissing, match="packet codec"):
        load(tmp_path / "x")


def test_the_shipped_one_says_which_embedding_it_is_for():
    _, facts = load(SHIPPED)

    assert len(facts["rows"]) == 32
    assert facts["steps"] > 0
