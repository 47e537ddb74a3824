"""Models of the ear: refused by the name of the limit they break, and the same after a stay on disk."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kairos_drivers.gna.arithmetic import Pwl
from kairos_drivers.gna.network import Network
from kairos_drivers.gna.operations import GnaLimit, Operation, Tap
from kairos_drivers.gna.stored import load, save

RELU = Pwl(np.array([-(2**31) & ~3, 0], np.int32), np.zeros(2, np.int16), np.array([0, 256], np.int16))
RNG = np.random.default_rng(5)


def _int16(*shape):
    return RNG.integers(-300, 300, shape).astype(np.int16)


def _bias(count):
    return RNG.integers(-900, 900, count).astype(np.int32)


CONV = Operation(name="conv", kind="conv1d", weights=_int16(4, 16), bias=_bias(4), stride=8, pool=("max", 2, 2), pwl=RELU)
DENSE = Operation(name="dense", kind="affine", weights=_int16(5, 8), bias=_bias(5))
FILM = Operation(name="film", kind="diagonal", weights=_int16(8), bias=_bias(8))
NARROW = dataclasses.replace(DENSE, weights=np.ones((5, 8), np.int8), multiplier=np.full(5, 3, np.uint8))


@pytest.fixture
def network():
    gamma = Operation(name="gamma", kind="affine", taps=(Tap("conv"),), weights=_int16(8, 8), bias=_bias(8), pwl=RELU)
    beta = Operation(name="beta", kind="affine", taps=(Tap("conv"),), weights=_int16(8, 8), bias=_bias(8))
    film = Operation(name="film", kind="diagonal", taps=(Tap("conv"),), weights_from="gamma", bias_from="beta", pwl=RELU)
    return Network(40, [CONV, gamma, beta, film, dataclasses.replace(NARROW, taps=(Tap("film"),))])


def test_a_model_runs_its_operations_in_order_film_at_run_time_too(network):
    x = _int16(40)
    conv, gamma, beta = (Network(40, network.operations[: n + 1]).run(x).values for n in range(3))
    film = np.clip((np.clip(conv.astype(np.int64) * gamma + beta, -(2**31), 2**31 - 1) * 256 >> 8) * (1), 0, 32767)

    assert Network(40, network.operations[:4]).run(x).values.tolist() == [max(0, int(v)) for v in film]
    assert network.run(x).values.shape == (network.outputs,)


def test_a_model_is_the_same_after_a_stay_on_disk(network, tmp_path):
    save(network, tmp_path / "ear.safetensors", metadata={"card": "see README"})
    again = load(tmp_path / "ear.safetensors")
    frames = [_int16(40) for _ in range(20)]

    assert again.nbytes == network.nbytes
    assert [again.run(x).values.tolist() for x in frames] == [network.run(x).values.tolist() for x in frames]


@pytest.mark.parametrize(
    ("inputs", "operation", "limit"),
    [
        (12, dataclasses.replace(DENSE, weights=_int16(5, 12)), "inputs"),
        (65536, DENSE, "inputs"),
        (16, DENSE, "weights of a row"),
        (8, dataclasses.replace(DENSE, bias=_bias(4)), "biases"),
        (8, dataclasses.replace(DENSE, bias=np.zeros(5, np.int64)), "bias"),
        (8, dataclasses.replace(DENSE, weights=np.zeros((5, 8), np.float32)), "weights"),
        (8, dataclasses.replace(NARROW, multiplier=None), "multiplier"),
        (8, dataclasses.replace(DENSE, multiplier=np.ones(5, np.uint8)), "multiplier"),
        (8, dataclasses.replace(NARROW, multiplier=np.ones(5, np.int16)), "multiplier"),
        (8, dataclasses.replace(FILM, bias=None), "bias is missing"),
        (40, dataclasses.replace(CONV, weights=_int16(6, 16), bias=_bias(6)), "filters"),
        (40, dataclasses.replace(CONV, weights=_int16(4, 12)), "filter width"),
        (40, dataclasses.replace(CONV, weights=_int16(4, 48)), "filter width"),
        (40, dataclasses.replace(CONV, weights=np.ones((4, 16), np.int8)), "weights"),
        (40, dataclasses.replace(CONV, stride=17), "stride"),
        (40, dataclasses.replace(CONV, pool=("max", 7, 1)), "pool window"),
        (40, dataclasses.replace(CONV, pool=("max", 2, 0)), "pool stride"),
        (40, dataclasses.replace(CONV, pwl=None), "pooling"),
        (8, dataclasses.replace(DENSE, pwl=Pwl(*(part[:1] for part in RELU))), "segments"),
        (8, dataclasses.replace(DENSE, pwl=Pwl(RELU.x_base[::-1].copy(), RELU.y_base, RELU.slope)), "starts of segments"),
        (8, dataclasses.replace(DENSE, pwl=Pwl(RELU.x_base, RELU.y_base.astype(np.int32), RELU.slope)), "y_base"),
    ],
)
def test_a_model_that_could_not_live_on_the_chip_is_refused_by_the_limit_it_breaks(inputs, operation, limit):
    with pytest.raises(GnaLimit, match=limit):
        Network(inputs, [operation])


@pytest.mark.parametrize(
    ("operations", "limit"),
    [
        ([], "operations"),
        ([DENSE, DENSE], "name"),
        ([dataclasses.replace(DENSE, taps=(Tap("nowhere"),))], "what it reads"),
        ([FILM, dataclasses.replace(DENSE, taps=(Tap("film"),))], "input is int32"),
        ([dataclasses.replace(FILM, weights=None, weights_from="dense")], "weights at run time"),
    ],
)
def test_operations_that_do_not_fit_together_are_refused(operations, limit):
    with pytest.raises(GnaLimit, match=limit):
        Network(8, operations)


def test_a_frame_of_the_wrong_shape_or_type_is_refused(network):
    for x in (_int16(32), np.zeros(40, np.int32)):
        with pytest.raises(GnaLimit, match="a frame"):
            network.run(x)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_file_that_is_no_model_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)

    with pytest.raises(GnaLimit):
        load(tmp_path / "x.safetensors")
