"""A stream: frame by frame, with memory, to the bit what the whole recording gives, compiled or not."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos_drivers.gna import tables
from kairos_drivers.gna.arithmetic import activate
from kairos_drivers.gna.network import Network
from kairos_drivers.gna.operations import GnaLimit, Operation, Tap
from kairos_drivers.gna.stream import Stream


def _network(seed):
    """Delays, joins, squares, run-time FiLM, a convolution with pooling, int8 rows, sums that saturate."""
    rng = np.random.default_rng(seed)
    wild = 32767 if seed % 2 else 200

    def int16(*shape):
        return rng.integers(-wild, wild + 1, shape).astype(np.int16)

    def bias(count):
        return rng.integers(-(2**28), 2**28, count).astype(np.int32)

    pwl, _ = tables.line(2.0**-16)
    back = int(rng.integers(1, 5))
    return Network(
        24,
        [
            Operation(name="a", kind="affine", weights=int16(16, 24), bias=bias(16), pwl=pwl),
            Operation(name="b", kind="affine", taps=(Tap("a"), Tap("a", back), Tap("", 2)), weights=int16(8, 56), bias=bias(8), pwl=pwl),
            Operation(name="c", kind="conv1d", taps=(Tap("a", 1),), weights=int16(4, 8), bias=bias(4), stride=4, pool=("max", 2, 1), pwl=pwl),
            Operation(name="d", kind="conv1d", taps=(Tap("a"), Tap("b")), weights=int16(4, 8), bias=bias(4), stride=8, pwl=pwl),
            Operation(name="bb", kind="diagonal", taps=(Tap("b"),), weights_from="b", bias=bias(8)),
            Operation(name="film", kind="diagonal", taps=(Tap("b"),), weights_from="b", bias_from="bb", pwl=pwl),
            Operation(
                name="narrow", kind="affine", taps=(Tap("film", 3),), weights=rng.integers(-128, 128, (5, 8)).astype(np.int8),
                bias=bias(5), multiplier=rng.integers(0, 256, 5).astype(np.uint8),
            ),
        ],
    )  # fmt: skip


@given(seed=st.integers(0, 10_000), frames=st.integers(1, 12), compiled=st.booleans())
def test_a_stream_is_the_whole_recording_to_the_bit(seed, frames, compiled):
    network, rng = _network(seed), np.random.default_rng(seed + 1)
    x = rng.integers(-32768, 32768, (frames, 24)).astype(np.int16)
    whole, saturated = network.clip(x)

    stream = Stream(network, compiled=compiled)
    for number, frame in enumerate(x):
        for name, values in stream.step(frame).items():
            assert values.dtype == whole[name].dtype
            assert values.tolist() == whole[name][number].tolist(), (name, number)
    assert stream.saturated == saturated


def test_sums_that_cannot_overflow_and_sums_that_can_are_both_exact():
    rng = np.random.default_rng(3)
    for most in (80, 32767):
        network = Network(
            800,
            [
                Operation(
                    name="x", kind="affine", weights=rng.integers(-most, most + 1, (8, 800)).astype(np.int16), bias=np.zeros(8, np.int32)
                )
            ],
        )
        for x in (np.full(800, -32768, np.int16), np.full(800, 32767, np.int16), rng.integers(-32768, 32768, 800).astype(np.int16)):
            fast = Stream(network, compiled=True)
            assert fast.step(x)["x"].tolist() == network.run(x).values.tolist()
            assert fast.saturated == network.run(x).saturated


def test_before_the_first_frame_everything_was_zero():
    network = Network(
        8,
        [
            Operation(
                name="x",
                kind="affine",
                taps=(Tap("", 2),),
                weights=np.eye(8, dtype=np.int16),
                bias=np.zeros(8, np.int32),
                pwl=tables.line(1.0)[0],
            )
        ],
    )
    stream = Stream(network)
    frames = np.arange(32, dtype=np.int16).reshape(4, 8) * 256

    seen = [stream.step(frame)["x"].tolist() for frame in frames]

    assert seen[0] == seen[1] == Stream(network).step(np.zeros(8, np.int16))["x"].tolist()
    assert seen[2] != seen[1]


def test_a_frame_of_the_wrong_kind_is_refused():
    with pytest.raises(GnaLimit, match="a frame"):
        Stream(_network(2)).step(np.zeros(24, np.int32))


@given(ratio=st.floats(2.0**-18, 100.0), seed=st.integers(0, 999))
def test_a_line_is_exactly_its_ratio_rounded_down(ratio, seed):
    pwl, exact = tables.line(ratio)
    rng = Random(seed)
    most = int(min(2**31 - 1, 32000 / exact))
    x = np.array([0, *(rng.randint(-most, most) for _ in range(50))], np.int32)

    assert abs(exact / ratio - 1) < 0.01
    assert np.abs(activate(x, pwl).values - np.floor(x * exact)).max() <= 1
    assert activate(np.zeros(1, np.int32), pwl).values.tolist() == [0]


def test_the_logarithm_is_within_a_hundredth_of_an_octave():
    pwl, worst = tables.log2(512.0)
    x = np.unique(np.geomspace(32, 2**31 - 8, 9000).astype(np.int64)).astype(np.int32)

    assert len(pwl.x_base) <= 128
    assert np.abs(activate(x, pwl).values / 512 - np.log2(x)).max() <= 0.012
    assert worst <= 0.09 * 512  # between 4 and 8, where a table can have no finer steps
