"""Both halves: causal below, position by position above."""

from __future__ import annotations

import torch

from kairos_plugins.projector.network import Projector, WordsNetwork


def test_a_context_knows_the_past_and_nothing_of_what_comes():
    torch.manual_seed(1)
    network, features = WordsNetwork().eval(), torch.randn(1, 100, 320)
    changed = features.clone()
    changed[:, 60:] += 1.0

    before, after = network(features), network(changed)

    assert torch.equal(before[:, :60], after[:, :60])
    assert not torch.equal(before[:, 60], after[:, 60])
    assert network.reach * 0.04 < 2.0  # seconds


def test_no_position_of_the_projector_sees_another():
    torch.manual_seed(1)
    projector, contexts = Projector(7).eval(), torch.randn(1, 9, 640)
    changed = contexts.clone()
    changed[:, 4] += 1.0

    differing = (projector(contexts) != projector(changed)).any(-1)[0]

    assert differing.tolist() == [place == 4 for place in range(9)]
