"""Faster forwards compute the same: packed weights, folded attention, and a head as narrow as asked."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from kairos.gates.families import FAMILIES, build
from kairos.mind.packed import PackedLinear, narrow, pack
from kairos.mind.seam import Session


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 24, 77])
def test_a_packed_layer_gives_the_layers_own_numbers(bias, rows):
    layer = nn.Linear(48, 80, bias=bias)
    x = torch.randn(1, rows, 48)
    with torch.inference_mode():
        assert torch.allclose(PackedLinear(layer)(x), layer(x), atol=1e-5)


def test_packing_leaves_the_head_alone():
    model = build("llama")
    pack(model)

    assert type(model.model.layers[0].mlp.up_proj) is PackedLinear
    assert type(model.get_output_embeddings()) is not PackedLinear


@pytest.mark.parametrize("family", FAMILIES)
def test_a_narrow_head_gives_the_same_two_logits_and_is_whole_again_after(family):
    session = Session(build(family), max_positions=200, slack=40)
    every = session.prefill([5, 6, 7])
    session.rewind(0)

    few = session.prefill([5, 6, 7], only=(9, 4))

    assert torch.allclose(few, every[[9, 4]], atol=1e-5)
    session.rewind(0)
    assert torch.equal(session.prefill([5, 6, 7]), every)


def test_there_is_one_head_however_many_sessions():
    model = build("llama")

    assert narrow(model) is narrow(model)


@pytest.mark.parametrize("family", FAMILIES)
def test_folded_attention_is_the_librarys_own_within_rounding(family):
    ours, theirs = build(family), build(family)
    theirs.set_attn_implementation("eager")
    sessions = [Session(model, max_positions=300, slack=40) for model in (ours, theirs)]
    for length in (7, 1, 20, 9, 1, 15, 20, 3):  # past the window, single steps between
        one, two = (session.prefill([3 + (length * i) % 100 for i in range(length)]) for session in sessions)
        assert torch.allclose(one, two, atol=1e-4)


def test_no_key_is_copied_for_a_query_head():
    """The copies of one tick over a long ring are those of its own few rows, whatever the ring holds."""
    from torch.profiler import ProfilerActivity, profile

    session = Session(build("llama"), max_positions=4096)
    for _ in range(40):
        session.prefill(range(3, 103))
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, record_shapes=True) as seen:
        session.prefill([5, 6, 7])
    largest = max(max((n for n in map(_numbers, event.input_shapes)), default=0) for event in seen.events() if event.name == "aten::copy_")

    assert largest < 4000 * 16  # one key head of the ring


def _numbers(shape):
    found = 1
    for side in shape:
        found *= side
    return found if shape else 0
