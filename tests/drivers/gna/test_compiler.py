"""From float to fixed point: little drift, no saturation, and what cannot be compiled is named."""

from __future__ import annotations

import numpy as np
import pytest

from kairos.errors import KairosError
from kairos.ports import Layer
from kairos_drivers.gna.engine import Gna

RNG = np.random.default_rng(7)


def _layers():
    return [
        Layer(name="a", weights=RNG.normal(0, 0.2, (32, 24)), bias=RNG.normal(0, 0.1, 32), activation="relu"),
        Layer(name="b", taps=(("a", 0), ("a", 1), ("a", 4)), weights=RNG.normal(0, 0.1, (16, 96)), activation="relu"),
        Layer(name="c", taps=(("a", 0), ("b", 0)), weights=RNG.normal(0, 0.1, (8, 48)), activation="identity"),
        Layer(name="heads", taps=(("c", 0),), weights=RNG.normal(0, 0.5, (3, 8)), bias=np.array([1.0, 0.0, -1.0])),
    ]


def test_a_compiled_model_says_what_the_float_one_says(tmp_path):
    x = (RNG.normal(0, 1, (400, 24)) * 1000).clip(-32768, 32767).astype(np.int16)

    drift = Gna().compile(24, _layers(), x, tmp_path / "m.safetensors", input_scale=1000.0)

    assert set(drift) == {"a", "b", "c", "heads"}
    assert max(drift.values()) < 0.01


def test_no_input_whatsoever_saturates_the_sums(tmp_path):
    x = (RNG.normal(0, 1, (200, 24)) * 1000).clip(-32768, 32767).astype(np.int16)
    engine = Gna()
    engine.compile(24, [_layers()[0]], x, tmp_path / "m.safetensors", input_scale=1000.0)
    network = engine.load(tmp_path / "m.safetensors")

    outputs, _ = network.clip(np.where(RNG.random((500, 24)) < 0.5, -32768, 32767).astype(np.int16))

    assert outputs["a"].min() >= 0
    assert network.scale("a") > 0
    assert network.width("a") == 32


def test_power_and_its_logarithm_of_a_tone_are_those_of_the_formula(tmp_path):
    layers = [
        Layer(name="re", kind="conv1d", stride=16, weights=np.cos(np.outer([1, 2, 3, 4], np.arange(16)) * np.pi / 8) / 16, activation="identity", scale=0.7),
        Layer(name="im", kind="conv1d", stride=16, weights=np.sin(np.outer([1, 2, 3, 4], np.arange(16)) * np.pi / 8) / 16, activation="identity", scale=0.7),
        Layer(name="im2", kind="square", taps=(("im", 0),)),
        Layer(name="power", kind="square", taps=(("re", 0),), adds="im2", activation="log2", scale=256.0),
    ]  # fmt: skip
    t = np.arange(32)
    x = np.stack([np.round(a * np.sin(2 * np.pi / 16 * t)) for a in (300, 3000, 30000)]).astype(np.int16)

    engine = Gna()
    engine.compile(32, layers, x, tmp_path / "m.safetensors")
    outputs, saturated = engine.load(tmp_path / "m.safetensors").clip(x)

    assert not saturated
    first = outputs["power"].reshape(3, 2, 4)[:, :, 0] / 256
    wanted = np.log2((0.7 * np.array([300, 3000, 30000]) / 2) ** 2)
    assert np.abs(first - wanted[:, None]).max() < 0.1


def test_a_layer_that_could_not_live_on_the_chip_is_named(tmp_path):
    with pytest.raises(KairosError, match="wide: inputs is 20"):
        Gna().compile(20, [Layer(name="wide", weights=np.ones((4, 20)))], np.ones((4, 20), np.int16), tmp_path / "m")


def test_calibration_that_saturates_names_the_layer(tmp_path):
    x = np.full((8, 8), 20000, np.int16)

    with pytest.raises(KairosError, match="loud: saturation"):
        Gna().compile(8, [Layer(name="loud", weights=np.eye(8), activation="identity", scale=8.0)], x, tmp_path / "m")
