"""Attention that never copies the cache: the query heads of a group become more rows of one head.

The library repeats K and V for every query head of a group before it multiplies; on a processor that
copy of all of Ring 1, in every layer and every tick, costs more than the products. Grouped-query
attention (arXiv 2305.13245) needs no copy: q [1, G*g, N, D] is read as [1, G, g*N, D], each of the G
key heads meets its g*N rows in one product, and the mask is the same rows again.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

NAME: Final = "kairos"


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None,
    dropout: float = 0.0, scaling: float | None = None, softcap: float | None = None, **_: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Q [1, H, N, D], k and v [1, G, L, D], mask [1, 1, N, L] (None: causal, or N = 1) to [1, N, H, D]."""
    del module, dropout
    batch, heads, count, width = query.shape
    groups = key.shape[1]
    mask = _causal(count, key) if attention_mask is None and count > 1 else attention_mask
    if mask is not None and heads > groups:
        mask = mask.repeat(1, 1, heads // groups, 1)
    folded = query.reshape(batch, groups, -1, width)
    if softcap is None:
        out = scaled_dot_product_attention(folded, key, value, attn_mask=mask, scale=scaling)
    else:
        out = _capped(folded, key, value, mask, scale=width**-0.5 if scaling is None else scaling, cap=softcap)
    return out.reshape(batch, heads, count, -1).transpose(1, 2).contiguous(), None


def install(model: Any) -> None:
    """Let `model` attend so, where its code can be told to; a family with learned sinks keeps the library's way."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    if any(name.endswith("sinks") for name, _ in model.named_parameters()):
        return
    model.set_attn_implementation(NAME)


def _causal(count: int, key: Tensor) -> Tensor:
    """The mask [1, 1, N, L] the library leaves out when a chunk meets only itself."""
    length = key.shape[2]
    rows = torch.arange(length - count, length, device=key.device)
    return (torch.arange(length, device=key.device) <= rows[:, None])[None, None]


def _capped(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, scale: float, cap: float) -> Tensor:
    """Soft-capped logits (Gemma 2, arXiv 2408.00118), which no fused kernel knows."""
    scores = cap * torch.tanh(query @ key.transpose(2, 3) * scale / cap)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1, dtype=torch.float32).to(query.dtype) @ value
