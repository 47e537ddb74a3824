"""The encoder: an event as the mind reads it to fewer rows of the same embedding, each a mixture of words.

Beside its rows it sees the states they had in the mind at a third, at two thirds and at the end of its depth: what a word
means beside its neighbours need not be learned again.

A packet has as many rows as it is asked to have, k of n. Every word has a weight, and the k heaviest, in their order, are its rows:
of averages of words a mind makes less than of a few of them. Each becomes `g * word + (1 - g) * softmax(z @ W) @ W`, so that it can say
what was left out beside it, and cannot leave the convex hull of the vocabulary W. Row number j of k has a code of its own, and so
has k: what a mind attends to is where a direction stands, not only which it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kairos.errors import ModelMissing

FORMAT: Final = "kairos-packet/3"
SHIPPED: Final = Path(__file__).parent.parent / "weights" / "packet.safetensors"
"""For the default mind."""
LONGEST: Final = 64
"""Rows of the longest event, and so of the longest packet."""
INNER: Final = 256
LAYER: Final[dict[str, Any]] = {
    "d_model": INNER, "nhead": 4, "dim_feedforward": 768, "dropout": 0.0, "batch_first": True, "norm_first": True,
}  # fmt: skip
"""Of a transformer, here and of the reader it is trained with."""
_DEPTH: Final = 2
_SHARP: Final = 20.0
_FAR: Final = 8.0
_NEAR: Final = 3.0
"""How fast a row's interest falls with the square of the distance, in words, that it begins with."""
_HALVINGS: Final = 40
_COPIES: Final = 3.0
"""Log-odds of copying that it begins with."""


class Read(NamedTuple):
    """Events side by side, as they were read."""

    rows: Tensor
    """[B, N, H], float32."""
    states: Tensor
    """[B, N, D, H] of the mind at D depths."""
    valid: Tensor
    """[B, N]: where there is a row."""


def _known(event: Read) -> Tensor:
    """[B, N, (1 + D) H]: rows beside their states."""
    return torch.cat([event.rows[:, :, None], event.states], dim=2).flatten(2)


class Codec(nn.Module):
    """Events to packets [B, K, H], of which an event's own are the first k."""

    def __init__(self, width: int, depths: int) -> None:
        """`width` is H, `depths` D."""
        super().__init__()
        self.centre: Tensor
        self.spread: Tensor
        self.register_buffer("centre", torch.zeros(width * (1 + depths)))
        self.register_buffer("spread", torch.ones(width * (1 + depths)))
        self.enter = nn.Linear(width * (1 + depths), INNER)
        self.places = nn.Parameter(0.02 * torch.randn(LONGEST, INNER))
        self.codes = nn.Parameter(0.02 * torch.randn(LONGEST, INNER))
        self.sizes = nn.Parameter(0.02 * torch.randn(LONGEST + 1, INNER))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**LAYER), _DEPTH, nn.LayerNorm(INNER), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**LAYER), _DEPTH, nn.LayerNorm(INNER))
        self.weigh = nn.Linear(INNER, 1)
        self.near = nn.Parameter(torch.tensor(_NEAR))
        self.leave = nn.Linear(INNER, width)
        self.gate = nn.Linear(INNER, 1)
        nn.init.constant_(self.gate.bias, _COPIES)

    def scale_to(self, event: Read) -> None:
        """Take what is known of these as the scale of what it will be given."""
        known = _known(event)[event.valid]
        self.centre.copy_(known.mean(0))
        self.spread.copy_(known.std(0).clamp_min(1e-4))

    def forward(self, event: Read, k: Tensor, table: Tensor) -> Tensor:
        """Each event in its `k` [B] rows; `table` [V, H] is the model's embedding."""
        rows, valid = event.rows, event.valid
        known = ((_known(event) - self.centre) / self.spread).clamp(-_FAR, _FAR)
        memory = self.encoder(self.enter(known) + self.places[: rows.shape[1]], src_key_padding_mask=~valid)
        near = self._near(memory, valid, k)
        asked = near @ memory + self.codes[: near.shape[1]] + self.sizes[k][:, None]
        unused = torch.arange(near.shape[1], device=k.device) >= k[:, None]
        found = self.decoder(asked, memory, tgt_key_padding_mask=unused, memory_key_padding_mask=~valid)
        words = nn.functional.normalize(self.leave(found), dim=-1) @ nn.functional.normalize(table, dim=-1).T
        share = torch.sigmoid(self.gate(found))
        return share * (near @ rows) + (1 - share) * ((_SHARP * words).softmax(-1) @ table)

    def _near(self, memory: Tensor, valid: Tensor, k: Tensor) -> Tensor:
        """[B, K, N]: the word each row is, the `k` heaviest in their order; while it learns, those around its place among the shares."""
        weight = nn.functional.softplus(self.weigh(memory)[..., 0].float() + 1) * valid
        row = torch.arange(int(k.max()), device=valid.device)[None, :, None]
        if not self.training:
            kept = (weight.argsort(1, descending=True).argsort(1) < k[:, None]) & valid
            return (kept[:, None] & (kept.cumsum(1)[:, None] == row + 1)).to(memory.dtype)
        share = shared(weight, k)
        spread = (valid.sum(1) / share.sum(1))[:, None, None]
        away = ((share.cumsum(1) - share / 2)[:, None] - row - 0.5) * spread
        return (-self.near * away.square()).masked_fill(~valid[:, None], -torch.inf).softmax(-1)


def shared(weight: Tensor, k: Tensor) -> Tensor:
    """Of `k` [B] rows, how much each word [B, N] would get in proportion to its weight: one at most, none where that is 0."""
    with torch.no_grad():
        low, high = torch.zeros_like(weight[:, :1]), k[:, None] / weight.where(weight > 0, torch.inf).amin(1, keepdim=True)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            enough = (middle * weight).clamp_max(1).sum(1, keepdim=True) >= k[:, None]
            low, high = low.where(enough, middle), middle.where(enough, high)
    return (high * weight).clamp_max(1)


def cut(packets: Tensor, k: Sequence[int]) -> list[Tensor]:
    """The first `k` rows of each packet."""
    return [packet[:count] for packet, count in zip(packets, k, strict=True)]


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
    width, known = tensors["leave.weight"].shape[0], tensors["enter.weight"].shape[1]
    codec = Codec(width, known // width - 1)
    codec.load_state_dict(tensors)
    return codec.eval(), json.loads(meta["facts"])
