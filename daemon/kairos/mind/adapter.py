"""Low-rank adapters (LoRA, arXiv 2106.09685): trained here, merged into the weights at load.

Merged, a tick costs nothing more than with the bare model. The file is plain safetensors: `<name>.A`
of shape [rank, in] and `<name>.B` of shape [out, rank], bfloat16, delta = scale * B @ A.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kairos.errors import ModelUnfit

_TARGETS: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_SPREAD: Final = 0.02
Corrections: TypeAlias = dict[str, tuple[Tensor, Tensor]]
"""A and B of every layer, by name."""


class LoraLinear(nn.Module):
    """A frozen linear layer and its trainable low-rank correction."""

    def __init__(self, base: nn.Linear, *, rank: int, scale: float, dropout: float) -> None:
        super().__init__()
        self.base = base.requires_grad_(requires_grad=False)
        self.A = nn.Parameter(torch.randn(rank, base.in_features, device=base.weight.device) * _SPREAD)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.scale: Final = scale
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """`base(x)` plus the correction; shapes as in the base layer."""
        return self.base(x) + self.scale * ((self.dropout(x) @ self.A.to(x.dtype).T) @ self.B.to(x.dtype).T)


def _linears(model: nn.Module) -> Iterator[tuple[str, nn.Module, str, nn.Linear]]:
    for name, module in list(model.named_modules()):
        for child, layer in list(module.named_children()):
            if child in _TARGETS and isinstance(layer, nn.Linear):
                yield f"{name}.{child}", module, child, layer


def wrap(model: nn.Module, *, rank: int, scale: float, dropout: float = 0.0) -> dict[str, LoraLinear]:
    """Put a correction on every projection of `model`, in place; returns them by name."""
    model.requires_grad_(requires_grad=False)
    wrapped: dict[str, LoraLinear] = {}
    for name, module, child, layer in _linears(model):
        wrapped[name] = LoraLinear(layer, rank=rank, scale=scale, dropout=dropout)
        setattr(module, child, wrapped[name])
    return wrapped


def save(wrapped: dict[str, LoraLinear], path: Path, *, metadata: dict[str, str]) -> None:
    """Write the corrections in bfloat16; `metadata` is kept in the file's header."""
    tensors: dict[str, Tensor] = {}
    for name, layer in wrapped.items():
        tensors[f"{name}.A"] = layer.A.detach().to("cpu", torch.bfloat16).contiguous()
        tensors[f"{name}.B"] = layer.B.detach().to("cpu", torch.bfloat16).contiguous()
    scale = next(iter(wrapped.values())).scale
    save_file(tensors, path, metadata={**metadata, "scale": str(scale)})


def copy(wrapped: dict[str, LoraLinear]) -> Corrections:
    """The corrections as they are now."""
    return {name: (layer.A.detach().clone(), layer.B.detach().clone()) for name, layer in wrapped.items()}


def put(wrapped: dict[str, LoraLinear], kept: Corrections) -> None:
    """Back to what `copy` kept."""
    with torch.no_grad():
        for name, (down, up) in kept.items():
            wrapped[name].A.copy_(down)
            wrapped[name].B.copy_(up)


def factors(path: Path) -> Corrections:
    """A and B of every layer of the adapter at `path`, as `put` takes them."""
    with safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
        names: list[str] = sorted({str(key)[:-2] for key in file.keys()})  # noqa: SIM118 - not a dict
        return {name: (file.get_tensor(f"{name}.A"), file.get_tensor(f"{name}.B")) for name in names}


def averaged(paths: Sequence[Path], *, rank: int, scale: float) -> Corrections:
    """The mean of the corrections of several adapters, cut to `rank` by singular values.

    Adapters trained from one base with other seeds lie in one basin, and their mean generalises better than
    any of them (model soups, arXiv 2203.05482). Where they have fewer ranks than `rank`, the rest starts anew.
    """
    every = [(float(read_metadata(path).get("scale", "1")), factors(path)) for path in paths]
    found: Corrections = {}
    for name in every[0][1]:
        pairs = [(own, *corrections[name]) for own, corrections in every]
        ups = torch.cat([own / len(pairs) * up.float() for own, _, up in pairs], dim=1)
        downs = torch.cat([down.float() for _, down, _ in pairs])
        left, between, right = _thin(ups, downs)
        kept = min(rank, between.numel())
        root = (between[:kept] / scale).sqrt()
        down, up = torch.randn(rank, downs.shape[1]) * _SPREAD, torch.zeros(ups.shape[0], rank)
        down[:kept], up[:, :kept] = root[:, None] * right[:kept], left[:, :kept] * root
        found[name] = (down, up)
    return found


def _thin(ups: Tensor, downs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Singular vectors and values of `ups @ downs` ([out, R] and [R, in]) without ever making that product."""
    (left, above), (right, below) = torch.linalg.qr(ups), torch.linalg.qr(downs.T)
    inner_left, values, inner_right = torch.linalg.svd(above @ below.T)
    return left @ inner_left, values, inner_right @ right.T


def read_metadata(path: Path) -> dict[str, str]:
    """The header of an adapter: what it was trained on, its scale, its threshold."""
    with safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
        header: Any = file.metadata()
        return dict(header or {})


def merge(model: nn.Module, path: Path) -> None:
    """Add the adapter at `path` to the weights of `model`, in place.

    Raises `ModelUnfit` naming the first layer that is missing or of another shape, before any weight
    is touched.
    """
    layers = {name: layer for name, _, _, layer in _linears(model)}
    scale = float(read_metadata(path).get("scale", "1"))
    corrections = factors(path)
    for name, (down, up) in corrections.items():
        layer = layers.get(name)
        if layer is None or layer.weight.shape != (up.shape[0], down.shape[1]):
            found = None if layer is None else tuple(layer.weight.shape)
            raise ModelUnfit(str(path), f"the adapter's layer {name} does not fit (model has {found})")
    with torch.no_grad():
        for name, (down, up) in corrections.items():
            weight = layers[name].weight
            weight += scale * (up.to(weight) @ down.to(weight))
