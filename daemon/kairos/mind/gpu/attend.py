"""Attention of a few rows over a whole ring (Triton), spread over the chip.

The keys are split over all multiprocessors; a block of keys that no row sees is skipped, so one graph
serves every anchor and its time still follows what is held. The parts are added up in a fixed order: no
atomics, so the same frame gives the same bytes (flash decoding, arXiv 2205.14135).
"""

# pyright: basic, reportMissingImports=false, reportIndexIssue=false

from __future__ import annotations

from typing import Final

import torch
import triton
import triton.language as tl
from torch import Tensor

from kairos.mind.gpu.kernels import LAUNCH, begin

_KEYS: Final = 64
_SPLITS: Final = 128
_PROGRAMS: Final = 1024
_FEW_ROWS: Final = 96


@triton.jit
def _part(q, k, v, mask, parts, peaks, totals, scale, size, group, rows, width, q_head, q_row, span, splits,
          ROWS: tl.constexpr, KEYS: tl.constexpr, WIDTH: tl.constexpr, EXACT: tl.constexpr, PDL: tl.constexpr):  # fmt: skip
    head, split = tl.program_id(0), tl.program_id(1)
    r = tl.program_id(2) * ROWS + tl.arange(0, ROWS)
    d = tl.arange(0, WIDTH)
    live = r < group * rows
    n, h = r % rows, head * group + r // rows
    peak = tl.full([ROWS], float("-inf"), tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    acc = tl.zeros([ROWS, WIDTH], tl.float32)
    begin(PDL)
    for first in range(split * span, min(split * span + span, size), KEYS):
        j = first + tl.arange(0, KEYS)
        seen = tl.load(mask + n[:, None] * size + j[None, :], mask=live[:, None] & (j < size)[None, :], other=0) != 0
        if tl.max(seen.to(tl.int32)) > 0:
            query = tl.load(q + h[:, None] * q_head + n[:, None] * q_row + d[None, :], mask=live[:, None] & (d < width)[None, :], other=0.0)
            here = (j < size)[:, None] & (d < width)[None, :]
            key = tl.load(k + (head * size + j)[:, None] * width + d[None, :], mask=here, other=0.0)
            value = tl.load(v + (head * size + j)[:, None] * width + d[None, :], mask=here, other=0.0)
            score = tl.dot(query, tl.trans(key), input_precision="ieee" if EXACT else "tf32") * (scale * 1.4426950408889634)
            score = tl.where(seen, score, float("-inf"))
            new = tl.maximum(peak, tl.max(score, 1))
            safe = tl.where(new == float("-inf"), 0.0, new)
            share = tl.exp2(score - safe[:, None])
            old = tl.exp2(peak - safe)
            total = total * old + tl.sum(share, 1)
            acc = acc * old[:, None] + tl.dot(share.to(value.dtype), value, input_precision="ieee" if EXACT else "tf32")
            peak = new
    at = (h * rows + n) * splits + split
    tl.store(peaks + at, peak, mask=live)
    tl.store(totals + at, total, mask=live)
    if tl.max(total) > 0:
        tl.store(parts + at[:, None] * width + d[None, :], acc, mask=live[:, None] & (d < width)[None, :])


@triton.jit
def _sum(
    parts, peaks, totals, out, rows, heads, width, splits, SPLITS: tl.constexpr, STEP: tl.constexpr, WIDTH: tl.constexpr, PDL: tl.constexpr
):
    n, h = tl.program_id(0), tl.program_id(1)
    base = (h * rows + n) * splits
    d = tl.arange(0, WIDTH)
    every = tl.arange(0, SPLITS)
    begin(PDL)
    peak = tl.max(tl.load(peaks + base + every, mask=every < splits, other=float("-inf")))
    used = tl.load(totals + base + every, mask=every < splits, other=0.0) > 0
    acc = tl.zeros([WIDTH], tl.float32)
    total = 0.0
    for first in range(0, tl.max(tl.where(used, every + 1, 0)), STEP):
        s = first + tl.arange(0, STEP)
        mine = tl.load(totals + base + s, mask=s < splits, other=0.0)
        factor = tl.where(mine > 0, tl.exp2(tl.load(peaks + base + s, mask=s < splits, other=float("-inf")) - peak), 0.0)
        total += tl.sum(mine * factor)
        part = tl.load(parts + (base + s)[:, None] * width + d[None, :], mask=(mine > 0)[:, None] & (d < width)[None, :], other=0.0)
        acc += tl.sum(part * factor[:, None], 0)
    tl.store(out + (n * heads + h) * width + d, (acc / total).to(out.dtype.element_ty), mask=d < width)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float) -> Tensor:
    """Attention of `q` [1, H, N, D] over whole buffers `k`, `v` [1, heads, L, D] under a bool `mask` [1, 1, N, L]; returns [1, N, H, D]."""
    _, heads, rows, width = q.shape
    kv_heads, size = k.shape[1:3]
    group = heads // kv_heads
    block, warps = _tile(group * rows)
    blocks = triton.cdiv(group * rows, block)
    span = _KEYS * triton.cdiv(triton.cdiv(size, _KEYS), max(1, min(_SPLITS, _PROGRAMS // (kv_heads * blocks))))
    splits = triton.cdiv(size, span)
    wide = max(16, triton.next_power_of_2(width))
    parts = torch.empty(heads * rows * splits, width, dtype=torch.float32, device=q.device)
    peaks, totals = torch.empty(2, heads * rows * splits, dtype=torch.float32, device=q.device)
    out = torch.empty(1, rows, heads, width, dtype=q.dtype, device=q.device)
    _part[(kv_heads, splits, blocks)](
        q, k, v, mask, parts, peaks, totals, scale, size, group, rows, width, q.stride(1), q.stride(2), span, splits,
        ROWS=block, KEYS=_KEYS, WIDTH=wide, EXACT=q.dtype == torch.float32, num_warps=warps, num_stages=1, **LAUNCH)  # fmt: skip
    _sum[(rows, heads)](parts, peaks, totals, out, rows, heads, width, splits,
                        SPLITS=triton.next_power_of_2(splits), STEP=16, WIDTH=wide, num_warps=4, **LAUNCH)  # fmt: skip
    return out


def _tile(rows: int) -> tuple[int, int]:
    return (16, 4) if rows <= _FEW_ROWS else (64, 8)
