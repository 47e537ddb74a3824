"""Fewer kernels for any Hugging Face decoder, without touching its code.

Known steps (RMS norm, gated MLP, half-paired rotary embedding, attention) are found by name and replaced;
linears over one input become one product. A replacement is kept only where it gives the module's own
numbers on random input; what is not known stays the library's. Measured by `bench tick-gpu`: of 23.7 ms
a tick of a 12 B shape as one graph of the library's forward, 8.2 ms are left.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from kairos.mind import attention
from kairos.mind.gpu import kernels
from kairos.mind.gpu.attend import attend
from kairos.mind.gpu.joint import LateAdd, join_linears

_TOLERANCE: Final = {torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1e-2}
_ACTIVATIONS: Final = ("silu", "gelu_tanh")
_EARLY_LAUNCH: Final = (9, 0)
"""The compute capability from which kernels may be launched early."""


def fuse(model: Any) -> None:
    """All of it, in place."""
    kernels.early_launch(on=torch.cuda.get_device_capability(model.device) >= _EARLY_LAUNCH)
    join_linears(model)
    _fuse_norms(model)
    _fuse_mlps(model)
    _fuse_rotary(model)
    AttentionInterface.register(attention.NAME, _attend)


@torch.inference_mode()
def _fuse_norms(model: nn.Module) -> None:
    """Every RMS norm of either form; a held-back addition before it goes along."""
    forms: dict[type, bool | None] = {}
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if not type(module).__name__.endswith("RMSNorm") or not isinstance(weight, Tensor):
            continue
        if type(module) not in forms:
            forms[type(module)] = _norm_form(module)
        plus_one = forms[type(module)]
        if plus_one is not None:
            module.forward = partial(_norm, weight, _epsilon(module), plus_one)


@torch.inference_mode()
def _fuse_mlps(model: nn.Module) -> None:
    """Every gated MLP whose activation is known."""
    forms: dict[type, str | None] = {}
    for module in model.modules():
        if not all(isinstance(getattr(module, name, None), nn.Linear) for name in ("gate_proj", "up_proj", "down_proj")):
            continue
        if type(module) not in forms:
            forms[type(module)] = _mlp_form(module)
        activation = forms[type(module)]
        if activation is not None:
            module.forward = partial(_mlp, module, activation)


@torch.inference_mode()
def _fuse_rotary(model: nn.Module) -> None:
    """The rotary function of the attention's own source file, where it pairs halves; elsewhere it calls the original."""
    for source in {sys.modules[type(m).__module__] for m in model.modules() if hasattr(m, "num_key_value_groups")}:
        own: Any = getattr(source, "apply_rotary_pos_emb", None)
        if own is not None and not isinstance(own, partial) and _rotates_halves(own, next(model.parameters())):
            source.__dict__["apply_rotary_pos_emb"] = partial(_rotary, own)


def _attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, scaling: float | None = None, **rest: Any
) -> tuple[Tensor, None]:
    """The chip-wide kernel where it knows how; elsewhere the folded one."""
    plain = query.is_cuda and rest.get("softcap") is None and key.shape == value.shape
    if attention_mask is None or not plain:
        return attention.attend(module, query, key, value, attention_mask, scaling=scaling, **rest)
    return attend(query, key, value, attention_mask, query.shape[-1] ** -0.5 if scaling is None else scaling), None


def _norm(weight: Tensor, eps: float, plus_one: bool, x: Tensor) -> Tensor:  # noqa: FBT001 - bound by partial
    held = LateAdd.current.take(x) if LateAdd.current else None
    if held is None:
        return kernels.norm(x, weight, eps, plus_one=plus_one)
    return kernels.norm(held[0], weight, eps, plus_one=plus_one, add=held[1], total=x)


def _mlp(module: Any, activation: str, x: Tensor) -> Tensor:
    return module.down_proj(kernels.gate(module.gate_proj(x), module.up_proj(x), activation))


def _rotary(own: Any, q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    if args or kwargs or not q.is_cuda or cos.shape[-1] != q.shape[-1]:
        return own(q, k, cos, sin, *args, **kwargs)
    return kernels.rotate(q, k, cos, sin)


def _epsilon(module: Any) -> float:
    return float(getattr(module, "variance_epsilon", None) or module.eps)


def _norm_form(module: Any) -> bool | None:
    """Whether its weight counts from one; None for a norm of another kind."""
    x = _random(module.weight, 1, 4, module.weight.shape[0])
    return next((form for form in (False, True) if _same(_norm(module.weight, _epsilon(module), form, x), module(x))), None)


def _mlp_form(module: Any) -> str | None:
    x = _random(module.down_proj.weight, 1, 4, module.gate_proj.in_features)
    return next((name for name in _ACTIVATIONS if _same(_mlp(module, name, x), module(x))), None)


def _rotates_halves(own: Any, like: Tensor) -> bool:
    q, k = _random(like, 1, 2, 4, 32), _random(like, 1, 1, 4, 32)
    angles = _random(like, 1, 4, 16).repeat(1, 1, 2)
    given = (q, k, angles.cos(), angles.sin())
    try:
        theirs = own(*given)
    except TypeError:  # it takes something else: Gemma 3n and 4 turn q and k one by one
        return False
    return all(_same(a, b) for a, b in zip(kernels.rotate(*given), theirs, strict=True))


def _random(like: Tensor, *shape: int) -> Tensor:
    return torch.randn(shape, dtype=like.dtype, device=like.device)


def _same(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).float().norm() <= _TOLERANCE[b.dtype] * b.float().norm())
