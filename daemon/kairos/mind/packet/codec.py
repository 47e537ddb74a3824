"""The encoder: rows of an event to fewer rows of the same embedding, each a mixture of words.

Every row is `g * copy @ event + (1 - g) * softmax(z @ W) @ W`: part of it words of the event, part words of the vocabulary,
so that it cannot leave their convex hull. Row number j of k has a code of its own, and so has k: what a mind
attends to is where a direction stands, not only which it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kairos.errors import ModelMissing

FORMAT: Final = "kairos-packet/1"
SHIPPED: Final = Path(__file__).parent.parent / "weights" / "packet.safetensors"
"""For the default mind."""
MOST: Final = 16
"""Rows of the longest packet."""
LONGEST: Final = 64
"""Rows of the longest event."""
_INNER: Final = 256
_HEADS: Final = 4
_FEED: Final = 768
_DEPTH: Final = 2
_SHARP: Final = 20.0
_COPIES: Final = 2.0
"""Log-odds of copying that it begins with."""


class Codec(nn.Module):
    """Events [B, N, H] to packets [B, k, H]."""

    def __init__(self, width: int) -> None:
        """`width` is H."""
        super().__init__()
        how: dict[str, Any] = {
            "d_model": _INNER, "nhead": _HEADS, "dim_feedforward": _FEED, "dropout": 0.0, "batch_first": True, "norm_first": True,
        }  # fmt: skip
        self.enter = nn.Linear(width, _INNER)
        self.places = nn.Parameter(0.02 * torch.randn(LONGEST, _INNER))
        self.codes = nn.Parameter(0.02 * torch.randn(MOST, _INNER))
        self.sizes = nn.Parameter(0.02 * torch.randn(MOST + 1, _INNER))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**how), _DEPTH, nn.LayerNorm(_INNER), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**how), _DEPTH, nn.LayerNorm(_INNER))
        self.point = nn.Linear(_INNER, _INNER)
        self.leave = nn.Linear(_INNER, width)
        self.gate = nn.Linear(_INNER, 1)
        nn.init.constant_(self.gate.bias, _COPIES)

    def forward(self, event: Tensor, valid: Tensor, k: int, table: Tensor) -> Tensor:
        """`event` [B, N, H] where `valid` [B, N], and the model's embedding `table` [V, H]: packets [B, k, H]."""
        scale = event.pow(2).mean(-1, keepdim=True).add(1e-8).rsqrt()
        memory = self.encoder(self.enter(event * scale) + self.places[: event.shape[1]], src_key_padding_mask=~valid)
        asked = (self.codes[:k] + self.sizes[k]).expand(len(event), k, _INNER)
        found = self.decoder(asked, memory, memory_key_padding_mask=~valid)
        reach = (self.point(found) @ memory.mT / _INNER**0.5 + _own_share(valid, k)).masked_fill(~valid[:, None], -torch.inf)
        words = nn.functional.normalize(self.leave(found), dim=-1) @ nn.functional.normalize(table, dim=-1).T
        share = torch.sigmoid(self.gate(found))
        return share * (reach.softmax(-1) @ event) + (1 - share) * ((_SHARP * words).softmax(-1) @ table)


def _own_share(valid: Tensor, k: int) -> Tensor:
    """Log-weights [B, k, N] that give row j the words around (j + 1/2) / k of the way: a packet begins as averages of neighbours."""
    length = valid.sum(1)[:, None, None]
    centre = (torch.arange(k, device=valid.device) + 0.5)[None, :, None] * length / k
    place = torch.arange(valid.shape[1], device=valid.device) + 0.5
    return -((place - centre) * k / length).pow(2) * 2


def save(codec: Codec, path: Path, facts: Mapping[str, Any]) -> None:
    """Weights in half precision, with what they are of; whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    tensors = {name: weight.detach().cpu().half().contiguous() for name, weight in codec.state_dict().items()}
    save_file(tensors, part, metadata={"format": FORMAT, "facts": json.dumps(dict(facts))})
    part.replace(path)


def load(path: Path) -> tuple[Codec, dict[str, Any]]:
    """A codec and its facts; raises `ModelMissing` where the file is none."""
    try:
        with safe_open(path, framework="pt") as file:
            meta = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ModelMissing(f"the packet codec {path}", f"it cannot be read: {error}") from error
    if meta.get("format") != FORMAT:
        raise ModelMissing(
            f"a packet codec of the format {FORMAT}", f"{path} is another; make one with `python -m kairos.mind.packet.train`"
        )
    codec = Codec(tensors["enter.weight"].shape[1])
    codec.load_state_dict(tensors)
    return codec.eval(), json.loads(meta["facts"])
