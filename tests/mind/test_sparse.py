"""Attention by blocks: what a frame sees is what the dense mask says, no more and no less."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from kairos.mind import sparse
from kairos.mind.packing import batch


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_by_blocks_a_row_attends_as_under_the_dense_mask(encoder):
    given = batch(encoder, 3, tokens=1024, length=512)
    torch.manual_seed(1)
    query, key, value = (torch.randn(2, heads, 512, 16) for heads in (6, 2, 2))

    found, _ = sparse.attend(None, query, key, value, sparse.blocks(given.branches), scaling=0.2)

    wanted = scaled_dot_product_attention(query, key, value, given.mask("cpu"), scale=0.2, enable_gqa=True)
    assert torch.allclose(found, wanted.transpose(1, 2), atol=1e-5)


def test_blocks_that_no_frame_sees_are_left_out():
    """Of sixteen frames of a block each, every one sees the anchor's block and its own."""
    branches = torch.arange(17).repeat_interleave(128)[None]

    made = sparse.blocks(branches)

    assert int(made.kv_num_blocks.sum() + made.full_kv_num_blocks.sum()) == 1 + 2 * 16


def test_a_model_that_was_not_told_to_keeps_its_own_way(tiny_model):
    assert not sparse.installed(tiny_model)
