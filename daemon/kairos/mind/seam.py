"""The seam: the calls by which everything above drives the model's cache.

Legal order: `open` -> (`prefill` | `inject` | `inject_seq` | `decode` | `score`)* -> `rewind` | `commit` -> ... -> `close`.
`rewind(to)` is whole or raises `RewindError`, leaving the cache as it was. A frame is always one
chunk of its own length: same shape, same bytes. One thread, one session.

The cache is a `RingCache`: bounded, exact across a wrapped sliding window, refusing what it cannot do
before anything is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from kairos.errors import RewindError
from kairos.events import Rows
from kairos.mind.cache import RingCache

_SLACK: Final = 768
_DTYPES = {"f16": torch.float16, "f32": torch.float32, "bf16": torch.bfloat16}


class Session:
    """One living cache over one model."""

    def __init__(self, model: Any, *, max_positions: int, slack: int = _SLACK) -> None:
        """`slack` bounds one chunk, and one rewind where a window has wrapped. Raises `ModelUnfit`."""
        self._model = model
        self._cache = RingCache(model.config, max_positions=max_positions, slack=slack)
        self._oldest = 0
        self._slack = slack
        self.max_positions = max_positions

    @property
    def pos(self) -> int:
        """Positions the cache holds."""
        return self._cache.pos

    @property
    def width(self) -> int:
        """Numbers in one row."""
        return int(self._model.get_input_embeddings().weight.shape[1])

    def prefill(self, ids: Sequence[int]) -> Tensor:
        """Feed `ids` as one chunk; returns the logits [V] after the last."""
        self._cache.check_room(len(ids))
        return self._forward(input_ids=torch.tensor([list(ids)], device=self._model.device))

    def embed(self, ids: Sequence[int]) -> Tensor:
        """The model's own input rows [N, H] of `ids`."""
        with torch.inference_mode():
            return self._model.get_input_embeddings()(torch.tensor(list(ids), device=self._model.device))

    def inject(self, rows: Tensor) -> Tensor:
        """Feed `rows` [N, H] as one chunk; returns the logits [V] after the last."""
        self._cache.check_room(rows.shape[0])
        return self._forward(inputs_embeds=rows[None])

    def inject_seq(self, rows: Tensor) -> Tensor:
        """Feed `rows` [N, H] one by one; returns the logits [V] after the last."""
        self._cache.check_room(rows.shape[0])
        logits = torch.empty(0)
        for row in rows:
            logits = self._forward(inputs_embeds=row[None, None])
        return logits

    def decode(self, token: int) -> Tensor:
        """Feed one token; returns the logits [V] after it."""
        return self.prefill([token])

    def score(self, ids: Sequence[int]) -> float:
        """Feed `ids` as one chunk; returns the log-probability of all but the first, each after what precedes it."""
        self._cache.check_room(len(ids))
        with torch.inference_mode():
            out = self._model(input_ids=torch.tensor([list(ids)], device=self._model.device), past_key_values=self._cache, use_cache=True)
        logs = out.logits[0, :-1].float().log_softmax(-1)
        return float(logs.gather(1, torch.tensor(list(ids[1:]), device=logs.device)[:, None]).sum())

    def rewind(self, to: int) -> None:
        """Drop every position from `to` on. Raises `RewindError` outside `[committed, pos]`."""
        if not self._oldest <= to <= self.pos:
            raise RewindError(to, self._oldest)
        self._cache.rewind(to)

    def commit(self) -> int:
        """Nothing before here can be rewound any more; returns the position."""
        self._oldest = self.pos
        return self._oldest

    def content(self) -> list[tuple[Tensor, Tensor]]:
        """Copies of K and V as the next chunk would meet them, layer by layer; for gates and tests."""
        return self._cache.content()

    def close(self) -> None:
        """Let the cache go. Closing twice is fine."""
        self._cache = RingCache(self._model.config, max_positions=self.max_positions, slack=self._slack)
        self._oldest = 0

    @torch.inference_mode()
    def _forward(self, **inputs: Tensor) -> Tensor:
        out = self._model(**inputs, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        return out.logits[0, -1]


def tensor(rows: Rows, *, dtype: torch.dtype, device: str) -> Tensor:
    """Rows from the wire as a tensor [N, H] of the model's dtype."""
    flat = torch.frombuffer(bytearray(rows.data), dtype=_DTYPES[rows.dtype])
    return flat.reshape(rows.shape).to(device=device, dtype=dtype)
