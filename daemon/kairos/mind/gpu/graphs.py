"""One chunk = one CUDA graph, captured for each bucket of rows and replayed at any anchor.

Host and device share one small pinned page, and copying it is part of the graph: a tick writes some
integers, replays, and reads what it asked for. A replay never enters the model's Python, so nothing is
compiled or captured again while the daemon lives. All captures share one stream and one pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from kairos.logs import get_logger
from kairos.mind.fixed import FixedCache
from kairos.mind.gpu.joint import LateAdd
from kairos.mind.packed import NarrowHead

_WARMUPS: Final = 2
Only = tuple[int, ...] | None

log = get_logger("mind")


class Graphs:
    """The graphs of one session; made on first use, or ahead by `warm`."""

    def __init__(self, model: Any, cache: FixedCache, head: NarrowHead) -> None:
        self._model = model
        self._cache = cache
        self._head = head
        self._stream = torch.cuda.Stream(model.device)
        self._pool: Any = torch.cuda.graph_pool_handle()
        self._steps: dict[tuple[int, Only, bool], Step] = {}
        self.given_up = False
        """Whether the model does something no graph can hold; then chunks are fed step by step."""

    def warm(self, buckets: Sequence[int], only: Only) -> None:
        """Capture for these buckets now."""
        for rows in buckets:
            self._step(rows, only, by_rows=False)

    def run(self, given: Tensor, at: int, only: Only) -> Tensor | None:
        """Feed `given`, ids [1, N] or rows [1, N, H], at position `at`; returns the logits after its last, [V] or [len(only)].

        None if this model cannot be captured; then nothing was fed.
        """
        step = self._step(self._cache.padded(given.shape[1]), only, by_rows=given.is_floating_point())
        return step and step(given[0], at)

    def _step(self, rows: int, only: Only, *, by_rows: bool) -> Step | None:
        key = (rows, only, by_rows)
        if key not in self._steps and not self.given_up:
            step = Step(self._model, self._cache, self._head, rows, only, by_rows=by_rows)
            try:
                step.capture(self._stream, self._pool)
            except RuntimeError as error:  # it copies from the host, or asks the device a question, in the middle
                self.given_up = True
                log.warning("graphs.given_up", reason=str(error).splitlines()[0], meaning="chunks are fed step by step, which is slower")
                return None
            self._steps[key] = step
        return self._steps.get(key)


class Step:
    """The forward of `rows` rows at any position."""

    def __init__(self, model: Any, cache: FixedCache, head: NarrowHead, rows: int, only: Only, *, by_rows: bool) -> None:
        self._model, self._cache, self._head = model, cache, head
        self._rows, self._only = rows, only
        device, table = model.device, model.get_input_embeddings().weight
        self._page = torch.zeros(rows + 2, dtype=torch.int64, pin_memory=True)
        """Ids, then the position of the first, then the number of the last."""
        self._inputs = self._page.to(device)
        self._embeds = torch.zeros(1, rows, table.shape[1], dtype=table.dtype, device=device) if by_rows else None
        self._offsets = torch.arange(rows, device=device)
        self._graph = torch.cuda.CUDAGraph()
        self._logits = torch.empty(0)

    def capture(self, stream: torch.cuda.Stream, pool: Any) -> None:
        """Make the graph; the ring is written where the page says, which is past every position held."""
        self._page[-2] = self._cache.pos
        with torch.inference_mode():
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(_WARMUPS):
                    self._forward()
            with torch.cuda.graph(self._graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                self._forward()
        torch.cuda.synchronize()

    def __call__(self, given: Tensor, at: int) -> Tensor:
        """Feed ids [N] or rows [N, H] at `at`; returns a copy of the logits."""
        count = given.shape[0]
        if self._embeds is None:
            self._page[:count] = given.cpu()
        else:
            self._embeds[0, :count] = given
        self._page[-2], self._page[-1] = at, count - 1
        self._graph.replay()
        logits = self._logits.clone()
        torch.cuda.current_stream().synchronize()  # the page may be written again from here on
        return logits

    def _forward(self) -> None:
        self._inputs.copy_(self._page, non_blocking=True)
        positions = self._inputs[-2] + self._offsets
        fed = {"input_ids": self._inputs[None, : self._rows]} if self._embeds is None else {"inputs_embeds": self._embeds}
        with LateAdd(), self._head.only(self._only):
            out = self._model(
                **fed, **self._cache.begin(positions), past_key_values=self._cache, use_cache=True, logits_to_keep=self._inputs[-1:]
            )
        self._logits = out.logits[0, -1]
