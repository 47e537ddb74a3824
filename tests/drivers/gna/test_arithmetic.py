"""GNA-class arithmetic: the golden vectors, and random operations against integers worked out one by one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos_drivers.gna import arithmetic
from kairos_drivers.gna.vectors import SHIPPED, vectors

LOW, HIGH = -(2**31), 2**31 - 1
STEP = (12288, 6144, 4032, 3072, 2400, 2016, 1728, 1536)


def _array(rng, shape, dtype, *, wild):
    info = np.iinfo(dtype)
    edge = [info.min, info.max, 0, 1]
    low, high = (info.min, info.max) if wild else (max(info.min, -300), min(info.max, 300))
    flat = [rng.choice(edge) if wild and rng.random() < 0.3 else rng.randint(low, high) for _ in range(int(np.prod(shape)))]
    return np.array(flat, dtype=dtype).reshape(shape)


def _clamp(value, low=LOW, high=HIGH):
    return min(max(value, low), high)


def _affine(x, weights, bias, multiplier):
    step, flag = STEP[x.shape[1] - 1], False
    rows = [[int(w) * (1 if multiplier is None else int(multiplier[m])) for w in row] for m, row in enumerate(weights)]
    out = []
    for m, row in enumerate(rows):
        for n in range(x.shape[1]):
            total = int(bias[m])
            for start in range(0, len(row), step):
                exact = total + sum(row[k] * int(x[k, n]) for k in range(start, min(start + step, len(row))))
                total = _clamp(exact)
                flag |= total != exact
            out.append(total)
    return out, flag


def _conv(x, filters, bias, stride, pool):
    positions = range(0, len(x) - filters.shape[1] + 1, stride)
    sums = [[int(b) + sum(int(w) * int(x[p + k]) for k, w in enumerate(f)) for f, b in zip(filters, bias, strict=True)] for p in positions]
    if pool is not None:
        kind, window, step = pool
        merge = max if kind == "max" else sum
        sums = [[merge(row[f] for row in sums[q : q + window]) for f in range(len(bias))] for q in range(0, len(sums), step)]
    flat = [value for row in sums for value in row]
    return [_clamp(value) for value in flat], any(_clamp(value) != value for value in flat)


def _activate(x, pwl):
    out, flag = [], False
    starts = [int(b) & ~3 for b in pwl.x_base]
    for value in map(int, x):
        if value <= starts[0]:
            out.append(int(pwl.y_base[0]))
            continue
        s = max(place for place, start in enumerate(starts) if start <= value)
        shift = 8 * ((int(pwl.x_base[s]) & 3) + 1)
        exact = int(pwl.y_base[s]) + (((value - starts[s]) * int(pwl.slope[s])) >> shift)
        out.append(_clamp(exact, -32768, 32767))
        flag |= out[-1] != exact
    return out, flag


def _pwl(rng):
    count = rng.choice([2, 3, 5, 16, 128])
    starts = sorted(rng.sample(range(-(2**29), 2**29), count))
    if rng.random() < 0.5:
        starts[0] = -(2**29)
    x_base = np.array([4 * start | rng.randrange(4) for start in starts], dtype=np.int32)
    return arithmetic.Pwl(x_base, _array(rng, (count,), np.int16, wild=True), _array(rng, (count,), np.int16, wild=True))


def _one(seed):
    """One random operation and activation: what the engine says, and what integers one by one say."""
    rng = Random(seed)
    kind, wild = rng.choice(["affine", "diagonal", "conv1d"]), rng.random() < 0.5
    narrow = kind != "conv1d" and rng.random() < 0.5
    dtype = np.int8 if narrow else np.int16
    inputs, batch = 8 * rng.randint(1, 5), 1 if kind == "conv1d" else rng.randint(1, 8)
    x = _array(rng, (inputs, batch), np.int16, wild=wild)
    if kind == "affine":
        rows = rng.randint(1, 6)
        weights, bias = _array(rng, (rows, inputs), dtype, wild=wild), _array(rng, (rows,), np.int32, wild=wild)
        multiplier = _array(rng, (rows,), np.uint8, wild=wild) if narrow else None
        found, wanted = arithmetic.affine(x, weights, bias, multiplier), _affine(x, weights, bias, multiplier)
    elif kind == "diagonal":
        weights, bias = _array(rng, (inputs,), dtype, wild=wild), _array(rng, (inputs,), np.int32, wild=wild)
        multiplier = _array(rng, (inputs,), np.uint8, wild=wild) if narrow else None
        found = arithmetic.diagonal(x, weights, bias, multiplier)
        factors = [int(w) * (1 if multiplier is None else int(multiplier[i])) for i, w in enumerate(weights)]
        exact = [int(bias[i]) + factors[i] * int(x[i, n]) for i in range(inputs) for n in range(batch)]
        wanted = [_clamp(value) for value in exact], any(_clamp(value) != value for value in exact)
    else:
        width = 8 * rng.randint(1, inputs // 8)
        filters, bias = _array(rng, (4, width), np.int16, wild=wild), _array(rng, (4,), np.int32, wild=wild)
        stride = rng.randint(1, width)
        pool = (rng.choice(["max", "sum"]), rng.randint(1, 6), rng.randint(1, 6)) if rng.random() < 0.5 else None
        found, wanted = arithmetic.conv1d(x, filters, bias, stride=stride, pool=pool), _conv(x[:, 0], filters, bias, stride, pool)
    pwl = _pwl(rng)
    active = arithmetic.activate(found.values, pwl)
    return (found.values.ravel().tolist(), found.saturated, active.values.ravel().tolist(), active.saturated), (
        *wanted, *_activate(found.values.ravel(), pwl),
    )  # fmt: skip


@pytest.mark.parametrize("vector", list(vectors(SHIPPED)), ids=lambda vector: vector.name)
def test_a_golden_vector_is_met_to_the_bit_with_its_flag(vector):
    found = vector.network.run(vector.x)

    assert found.values.dtype == vector.output.dtype
    assert found.values.ravel().tolist() == vector.output.ravel().tolist()
    assert found.saturated == vector.saturated


@given(st.integers(0, 2**40))
def test_a_random_operation_is_what_integers_say_one_by_one(seed):
    found, wanted = _one(seed)

    assert found == wanted


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_thousand_random_operations_are_what_integers_say_one_by_one():
    assert [seed for seed in range(20_000) if len({repr(side) for side in _one(seed)}) > 1] == []
