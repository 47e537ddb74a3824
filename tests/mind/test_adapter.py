"""Adapters: the mean of several is their mean, and one alone stays what it is."""

from __future__ import annotations

import copy

import pytest
import torch

from kairos.mind import adapter


@pytest.fixture
def make(tiny_model, tmp_path):
    def build(seed, rank=4, scale=2.0):
        model = copy.deepcopy(tiny_model)
        wrapped = adapter.wrap(model, rank=rank, scale=scale)
        noise = torch.Generator().manual_seed(seed)
        for layer in wrapped.values():
            layer.B.data = torch.randn(layer.B.shape, generator=noise) * 0.1
        path = tmp_path / f"{seed}.safetensors"
        adapter.save(wrapped, path, metadata={})
        return path

    return build


def _deltas(corrections, scale):
    return {name: scale * (up.float() @ down.float()) for name, (down, up) in corrections.items()}


def test_one_adapter_averaged_is_itself_and_room_for_more_changes_nothing(make):
    path = make(1)
    wanted = _deltas(adapter.factors(path), 2.0)
    for rank in (4, 9):
        found = _deltas(adapter.averaged([path], rank=rank, scale=1.5), 1.5)
        assert all(torch.allclose(found[name], wanted[name], atol=1e-5) for name in wanted)


def test_the_mean_of_two_is_their_mean_where_the_rank_suffices(make):
    paths = [make(1), make(2)]
    one, two = (_deltas(adapter.factors(path), 2.0) for path in paths)
    found = _deltas(adapter.averaged(paths, rank=8, scale=2.0), 2.0)

    assert all(torch.allclose(found[name], (one[name] + two[name]) / 2, atol=1e-5) for name in one)


def test_cut_to_a_smaller_rank_it_is_the_nearest_there_is(make):
    paths = [make(1), make(2)]
    whole, cut = (_deltas(adapter.averaged(paths, rank=rank, scale=2.0), 2.0) for rank in (8, 3))
    for name, delta in whole.items():
        values = torch.linalg.svdvals(delta)
        assert torch.linalg.matrix_norm(delta - cut[name]) == pytest.approx(float(values[3:].square().sum().sqrt()), rel=1e-3, abs=1e-4)
