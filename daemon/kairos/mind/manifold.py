"""Where latent rows may lie: near the rows of the model's own vocabulary, each of which reads as a word.

Rows from outside are held against the vocabulary before they are fed: what they read as goes into the receipt and is
all that an answer may quote, and rows far from every word are refused.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from kairos.errors import RowsRefused
from kairos.events import Rows
from kairos.mind.seam import tensor

_SAMPLED: Final = 4096


class Manifold:
    """The input embedding [V, H] of one model."""

    def __init__(self, table: Tensor, *, farthest: float) -> None:
        """Rows whose 1 - cosine to the nearest word is over `farthest` are refused."""
        self._table = table
        self._farthest = farthest
        self.digest = rows_digest(table)

    @cached_property
    def _norms(self) -> Tensor:
        """[V] length of each row, worked out when rows first arrive."""
        return torch.linalg.vector_norm(self._table.detach(), dim=1, dtype=torch.float32).clamp_min(1e-12)

    def read(self, rows: Rows) -> tuple[list[int], float]:
        """The nearest word's id for each row, and the largest distance; raises `RowsRefused`."""
        if rows.model != self.digest:
            raise RowsRefused(f"they are rows of {rows.model or 'an unnamed model'}, the resident model's are {self.digest}")
        if rows.shape[1] != self._table.shape[1]:
            raise RowsRefused(f"they are {rows.shape[1]} wide, must be {self._table.shape[1]}")
        found = tensor(rows, dtype=self._table.dtype, device=str(self._table.device))
        with torch.inference_mode():
            likeness = (found @ self._table.T).float() / (found.float().norm(dim=1).clamp_min(1e-12)[:, None] * self._norms)
            best = likeness.max(dim=1)
        distance = max(0.0, 1.0 - float(best.values.min()))
        if not distance <= self._farthest:  # NaN too
            raise RowsRefused(f"one lies {distance:.2f} from every word, the most is {self._farthest:g} (`mind.latent_distance`)")
        return best.indices.tolist(), distance


def rows_digest(table: Tensor) -> str:
    """blake2b over rows spread through the table, in bfloat16, and its shape: the same whatever dtype the model is loaded in."""
    spread = table.detach()[:: max(1, table.shape[0] // _SAMPLED)].to(dtype=torch.bfloat16, device="cpu").contiguous()
    state = hashlib.blake2b(repr(tuple(table.shape)).encode(), digest_size=16)
    state.update(spread.view(torch.uint8).numpy().tobytes())
    return state.hexdigest()
