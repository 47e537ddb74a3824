"""The network as it learns and as it is described for fixed point are one: batch normalisation is folded away, delays are taps."""

from __future__ import annotations

import numpy as np
import torch

from kairos_plugins.ear.frontend import FEATURES, UNIT
from kairos_plugins.ear.hearing import engine
from kairos_plugins.ear.training.network import EarNetwork


def _learnt() -> EarNetwork:
    torch.manual_seed(4)
    model = EarNetwork()
    for norm in model.norms:
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias, std=0.3)
        norm.running_mean.normal_(std=0.3)
        norm.running_var.uniform_(0.3, 2.0)
    return model.eval()


def test_in_integers_it_answers_as_in_float(tmp_path):
    model, gna = _learnt(), engine()
    heard = np.random.default_rng(5).integers(-4000, 4000, (80, FEATURES)).astype(np.int16)

    drift = gna.compile(FEATURES, model.described(), heard, tmp_path / "m.safetensors", input_scale=float(UNIT))
    network = gna.load(tmp_path / "m.safetensors")
    outputs, saturated = network.clip(heard)

    with torch.no_grad():
        wanted = model(torch.from_numpy(heard).float()[None] / UNIT)[0].numpy()
    found = outputs["heads"] / network.scale("heads")
    assert not saturated
    assert max(drift.values()) < 0.02
    assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max()


def test_a_moment_knows_its_past_and_not_its_future():
    model, heard = _learnt(), torch.randn(1, 60, FEATURES)
    changed = heard.clone()
    changed[:, 30] += 1.0

    with torch.no_grad():
        before, after = model(heard)[0], model(changed)[0]

    differs = (before - after).abs().amax(dim=1) > 1e-6
    assert not differs[:30].any()
    assert differs[30]
    assert differs[31:].any()
