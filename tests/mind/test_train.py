"""What training asks of a judgement that should be another's."""

from __future__ import annotations

import torch

from kairos.mind.train import _drift


def test_judgements_alike_do_not_drift_and_only_the_one_that_moved_is_pulled():
    margins = torch.tensor([2.0, 2.0, -1.0], requires_grad=True)
    _drift(margins, torch.tensor([[0, 1]])).backward()
    assert margins.grad is not None
    assert torch.allclose(margins.grad, torch.zeros(3), atol=1e-6)

    drift = _drift(margins, torch.tensor([[2, 1]]))
    (pull,) = torch.autograd.grad(drift, margins)
    assert drift.item() > 0
    assert pull[2] < 0  # a step against the gradient raises it towards the one that stands
    assert pull[1] == 0


def test_a_difference_between_two_certain_judgements_counts_for_little():
    near, far = (_drift(torch.tensor(pair), torch.tensor([[0, 1]])).item() for pair in ([-0.5, 0.5], [9.0, 12.0]))

    assert near > 100 * far


def test_without_pairs_nothing_drifts():
    assert _drift(torch.tensor([1.0]), torch.empty(0, 2, dtype=torch.long)).item() == 0.0
