"""The small steps between a model's matrix products, each as one kernel (Triton), for a frame of few rows.

What each computes, rounding included, is what the library's own step computes. With `PDL` a kernel is
launched while the one before it still drains (programmatic dependent launch, Hopper and later).
"""

# pyright: basic, reportMissingImports=false, reportIndexIssue=false

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

LAUNCH: dict[str, Any] = {"PDL": False, "launch_pdl": False}
"""How every kernel is launched."""


def early_launch(*, on: bool) -> None:
    """Whether each kernel's launch overlaps the end of the kernel before it (compute capability 9 and later)."""
    LAUNCH.update(PDL=on, launch_pdl=on)


@triton.jit
def begin(PDL: tl.constexpr):
    """Wait for the kernel before, and let the next one be launched."""
    if PDL:
        gdc_wait()
        gdc_launch_dependents()


@triton.jit
def _norm(x, other, total, weight, out, eps, a_step, b_step, o_a_step, o_b_step, width,
          ADD: tl.constexpr, PLUS_ONE: tl.constexpr, WIDTH: tl.constexpr, PDL: tl.constexpr):  # fmt: skip
    a, b = tl.program_id(0), tl.program_id(1)
    at = tl.arange(0, WIDTH)
    inside = at < width
    w = tl.load(weight + at, mask=inside, other=0.0)
    begin(PDL)
    row = tl.load(x + a * a_step + b * b_step + at, mask=inside, other=0.0)
    if ADD:
        row = (row.to(tl.float32) + tl.load(other + a * a_step + b * b_step + at, mask=inside, other=0.0).to(tl.float32)).to(
            x.dtype.element_ty
        )
        tl.store(total + a * a_step + b * b_step + at, row, mask=inside)
    row = row.to(tl.float32)
    row = row * tl.rsqrt(tl.sum(row * row, 0) / width + eps)
    if PLUS_ONE:
        row = row * (1.0 + w.to(tl.float32))
    else:
        row = row.to(x.dtype.element_ty).to(tl.float32) * w.to(tl.float32)
    tl.store(out + a * o_a_step + b * o_b_step + at, row.to(x.dtype.element_ty), mask=inside)


def norm(x: Tensor, weight: Tensor, eps: float, *, plus_one: bool, add: Tensor | None = None, total: Tensor | None = None) -> Tensor:
    """RMS norm of `x` [1, (A,) B, W]; given `add`, of `x + add`, which is left in `total`."""
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    *_, rows, width = x.shape
    heads = x.shape[1] if x.dim() == 4 else 1
    steps = [t.stride(1) if t.dim() == 4 else 0 for t in (x, out)]
    block = triton.next_power_of_2(width)
    _norm[(heads, rows)](x, add, total, weight, out, eps, steps[0], x.stride(-2), steps[1], out.stride(-2), width,
                         ADD=add is not None, PLUS_ONE=plus_one, WIDTH=block, num_warps=_warps(block), **LAUNCH)  # fmt: skip
    return out


@triton.jit
def _rotate(q, k, cos, sin, q_out, k_out, q_head, q_row, k_head, k_row, q_heads, rows, width,
            HALF: tl.constexpr, PDL: tl.constexpr):  # fmt: skip
    row, head = tl.program_id(0), tl.program_id(1)
    dtype: tl.constexpr = q.dtype.element_ty
    half = width // 2
    at = tl.arange(0, HALF)
    inside = at < half
    begin(PDL)
    if head < q_heads:
        source, target = q + head * q_head + row * q_row, q_out + (head * rows + row) * width
    else:
        source, target = k + (head - q_heads) * k_head + row * k_row, k_out + ((head - q_heads) * rows + row) * width
    c1, c2 = tl.load(cos + row * width + at, mask=inside), tl.load(cos + row * width + half + at, mask=inside)
    s1, s2 = tl.load(sin + row * width + at, mask=inside), tl.load(sin + row * width + half + at, mask=inside)
    x1, x2 = tl.load(source + at, mask=inside), tl.load(source + half + at, mask=inside)
    y1 = _times(x1, c1, dtype) - _times(x2, s1, dtype)
    y2 = _times(x2, c2, dtype) + _times(x1, s2, dtype)
    tl.store(target + at, y1.to(dtype), mask=inside)
    tl.store(target + half + at, y2.to(dtype), mask=inside)


@triton.jit
def _times(a, b, dtype: tl.constexpr):
    return (a.to(tl.float32) * b.to(tl.float32)).to(dtype).to(tl.float32)


def rotate(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Rotary embedding of `q` and `k` [1, heads, N, D] with `cos` and `sin` [1, N, D], halves paired."""
    q_out, k_out = (torch.empty(t.shape, dtype=t.dtype, device=t.device) for t in (q, k))
    rows, width = q.shape[2:]
    _rotate[(rows, q.shape[1] + k.shape[1])](q, k, cos.contiguous(), sin.contiguous(), q_out, k_out, q.stride(1), q.stride(2), k.stride(1), k.stride(2),
                                            q.shape[1], rows, width, HALF=triton.next_power_of_2(width // 2), num_warps=1, **LAUNCH)  # fmt: skip
    return q_out, k_out


@triton.jit
def _write(keys, values, new_keys, new_values, rows, size, width, k_head, k_row, v_head, v_row,
           WIDTH: tl.constexpr, PDL: tl.constexpr):  # fmt: skip
    n, head = tl.program_id(0), tl.program_id(1)
    at = tl.arange(0, WIDTH)
    inside = at < width
    begin(PDL)
    to = (head * size + tl.load(rows + n)) * width + at
    tl.store(keys + to, tl.load(new_keys + head * k_head + n * k_row + at, mask=inside), mask=inside)
    tl.store(values + to, tl.load(new_values + head * v_head + n * v_row + at, mask=inside), mask=inside)


def write_rows(keys: Tensor, values: Tensor, new_keys: Tensor, new_values: Tensor, rows: Tensor) -> None:
    """Put a chunk [1, heads, N, D] of K and of V at `rows` [N]."""
    _, heads, size, width = keys.shape
    _write[(rows.shape[0], heads)](keys, values, new_keys, new_values, rows, size, width,
                                   new_keys.stride(1), new_keys.stride(2), new_values.stride(1), new_values.stride(2),
                                   WIDTH=triton.next_power_of_2(width), num_warps=1, **LAUNCH)  # fmt: skip


@triton.jit
def _gate(gate, up, out, gate_row, up_row, width, ACT: tl.constexpr, BLOCK: tl.constexpr, PDL: tl.constexpr):
    row = tl.program_id(0)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = at < width
    dtype: tl.constexpr = gate.dtype.element_ty
    begin(PDL)
    g = tl.load(gate + row * gate_row + at, mask=inside, other=0.0).to(tl.float32)
    u = tl.load(up + row * up_row + at, mask=inside, other=0.0).to(tl.float32)
    if ACT == "silu":
        g = g * tl.sigmoid(g)
    else:
        g = g * tl.sigmoid(1.5957691216057308 * (g + 0.044715 * g * g * g))
    tl.store(out + row * width + at, (g.to(dtype).to(tl.float32) * u).to(dtype), mask=inside)


def gate(gate: Tensor, up: Tensor, act: str) -> Tensor:
    """`act(gate) * up` of [1, N, W]; `act` is silu or gelu_tanh."""
    out = torch.empty(gate.shape, dtype=gate.dtype, device=gate.device)
    _, rows, width = gate.shape
    block = min(1024, triton.next_power_of_2(width))
    _gate[(rows, triton.cdiv(width, block))](
        gate, up, out, gate.stride(1), up.stride(1), width, ACT=act, BLOCK=block, num_warps=4, **LAUNCH
    )
    return out


def _warps(block: int) -> int:
    return max(1, min(8, block // 512))
