"""The seam: the calls by which everything above drives the model's cache.

    call                         moves pos   raises, and then nothing was touched
    open (the constructor)       to 0        ModelUnfit; RingTooLarge at the first chunk
    prefill(ids), decode(id)     forward     FrameTooLong
    inject(rows), inject_seq     forward     FrameTooLong, RowsRefused
    score(ids)                   forward     FrameTooLong
    aside(parts)                 no          FrameTooLong
    rewind(to)                   back        RewindError outside [committed, pos]
    commit()                     no          -
    snapshot(to)                 no          RewindError where a wrapped window no longer holds `to`
    restore(pos, blocks)         to `pos`    returns what does not fit
    close()                      to 0        -

Any call may follow any other, but that `restore` wants a session that has been fed once. A frame is
always one chunk of its own length: same shape, same bytes. `inject(rows)` of the rows of ids is byte
for byte `prefill(ids)`; `inject_seq` is the strict loop, byte for byte that many single injects, and
near one chunk within the tolerance of `gate inject-null`. One thread, one session.

A model with per-layer embeddings must know the id behind each row. Rows of its own vocabulary are
traced back to their ids; any other is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import torch
from torch import Tensor

from kairos.errors import RewindError, RowsRefused
from kairos.events import Rows
from kairos.mind.cache import RingCache
from kairos.mind.fixed import FixedCache
from kairos.mind.packed import NarrowHead, narrow
from kairos.mind.views import ViewCache

if TYPE_CHECKING:
    from kairos.mind.gpu.graphs import Graphs

Layers = Literal["views", "fixed"]
_SLACK: Final = 768
_NO_GEOMETRY: Final = ("architectures", "transformers_version", "dtype", "torch_dtype", "name_or_path")
_DTYPES = {"f16": torch.float16, "f32": torch.float32, "bf16": torch.bfloat16}


class Session:
    """One living cache over one model."""

    def __init__(self, model: Any, *, max_positions: int, slack: int = _SLACK, layers: Layers = "views") -> None:
        """`slack` bounds one chunk, and one rewind where a window has wrapped. Raises `ModelUnfit`.

        `layers` are "views" (K and V exactly as long as needed, for a processor) or "fixed" (static shapes, for a GPU).
        """
        self._model = model
        self._layers: Layers = layers
        self._head = narrow(model)
        self._oldest = 0
        self._wants_ids = bool(getattr(model.config, "hidden_size_per_layer_input", 0))
        self.max_positions = max_positions
        sizes = {"max_positions": max_positions, "slack": slack}
        self._cache: RingCache
        self._graphs: Graphs | None = None
        if layers == "views":
            self._cache = ViewCache(model.config, **sizes)
        else:
            self._cache = fixed = FixedCache(model.config, **sizes, device=model.device)
            self._graphs = _graphs(model, fixed, self._head)

    @property
    def pos(self) -> int:
        """Positions the cache holds."""
        return self._cache.pos

    @property
    def width(self) -> int:
        """Numbers in one row."""
        return int(self._model.get_input_embeddings().weight.shape[1])

    def beside(self, max_positions: int) -> Session:
        """Another session over the same model, empty, with a cache of its own."""
        return Session(self._model, max_positions=max_positions, layers=self._layers)

    def geometry(self) -> str:
        """blake2b of all that fixes the shape and the phase of a key: layers, heads, windows, rotary parameters."""
        config = self._model.config
        facts = {name: value for name, value in config.to_dict().items() if not name.startswith("_") and name not in _NO_GEOMETRY}
        return hashlib.blake2b(repr(sorted(facts.items(), key=str)).encode(), digest_size=16).hexdigest()

    def prefill(self, ids: Sequence[int], *, only: Sequence[int] | None = None) -> Tensor:
        """Feed `ids` as one chunk; returns the logits [V] after the last, or those of `only` and no others."""
        self._cache.check_room(len(ids))
        return self._forward(only, input_ids=self._ids(ids))

    def embed(self, ids: Sequence[int]) -> Tensor:
        """The model's own input rows [N, H] of `ids`."""
        with torch.inference_mode():
            return self._model.get_input_embeddings()(torch.tensor(list(ids), device=self._model.device))

    def inject(self, rows: Tensor, *, only: Sequence[int] | None = None) -> Tensor:
        """Feed `rows` [N, H] as one chunk; returns logits as `prefill` does."""
        self._check(rows)
        return self._forward(only, **self._input(rows))

    def inject_seq(self, rows: Tensor) -> Tensor:
        """Feed `rows` [N, H] one by one; returns the logits [V] after the last."""
        self._check(rows)
        ((name, given),) = self._input(rows).items()
        logits = torch.empty(0)
        for number in range(given.shape[1]):
            logits = self._forward(None, **{name: given[:, number : number + 1]})
        return logits

    def decode(self, token: int) -> Tensor:
        """Feed one token; returns the logits [V] after it."""
        return self.prefill([token])

    def score(self, ids: Sequence[int]) -> float:
        """Feed `ids` as one chunk; returns the log-probability of all but the first, each after what precedes it."""
        self._cache.check_room(len(ids))
        device = self._model.device
        logits = self._run(None, torch.arange(len(ids), device=device), {"input_ids": self._ids(ids).to(device)})
        logs = logits[:-1].float().log_softmax(-1)
        return float(logs.gather(1, torch.tensor(list(ids[1:]), device=logs.device)[:, None]).sum())

    def aside(self, parts: Sequence[Sequence[int]], *, only: Sequence[int]) -> Tensor:
        """The logits [len(parts), len(only)] after each of `parts`, were it the next chunk; the cache stands where it stood.

        Where every layer keeps all positions they are one chunk whose parts do not see each other; elsewhere one after the other.
        """
        behind, count = self.pos, sum(map(len, parts))
        try:
            if len(parts) > 1 and self._graphs is None and self._cache.keeps_all and behind + count <= self.max_positions:
                return self._side_by_side(parts, only)
            found: list[Tensor] = []
            for part in parts:
                found.append(self.prefill(part, only=only))
                self._cache.rewind(behind)
            return torch.stack(found)
        finally:
            self._cache.rewind(behind)

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
        """Copies of K and V as the next chunk would meet them, layer by layer."""
        return self._cache.content()

    def buffers(self) -> list[tuple[int, int]]:
        """Address and bytes of every buffer of Ring 1; both stay as they are from the first chunk on."""
        pairs = ((layer.keys, layer.values) for layer in self._cache.rings)
        return [(b.data_ptr(), b.untyped_storage().nbytes()) for pair in pairs for b in pair if b is not None]

    def snapshot(self, to: int) -> dict[str, Tensor]:
        """Copies of K and V as they stood at `to`, by layer: `0.k`, `0.v`, `1.k`, ...; [B, heads, held, D], on the processor."""
        blocks: dict[str, Tensor] = {}
        for number, (keys, values) in enumerate(self._cache.content(to)):
            blocks |= {f"{number}.k": keys.cpu(), f"{number}.v": values.cpu()}
        return blocks

    @torch.inference_mode()
    def restore(self, pos: int, blocks: Mapping[str, Tensor]) -> str:
        """Hold what `snapshot` gave instead; returns what does not fit, empty if all does. Committed stays where it was."""
        numbers = range(len(blocks) // 2)
        if set(blocks) != {f"{n}.{part}" for n in numbers for part in "kv"}:
            return "its blocks are not one K and one V for each layer"
        device = self._model.device
        return self._cache.replace(pos, [(blocks[f"{n}.k"].to(device), blocks[f"{n}.v"].to(device)) for n in numbers])

    def close(self) -> None:
        """Let all that was lived go; the buffers stay. Closing twice is fine."""
        self._cache.clear()
        self._oldest = 0

    def warm(self, buckets: Sequence[int], only: Sequence[int] | None) -> None:
        """Meet chunks of these sizes ahead of time, so that none is met for the first time when it matters. GPU alone."""
        if self._graphs is not None:
            self._graphs.warm(buckets, None if only is None else tuple(only))

    def _check(self, rows: Tensor) -> None:
        if rows.ndim != 2 or rows.shape[1] != self.width:  # noqa: PLR2004 - [N, H]
            raise RowsRefused(f"their shape is {tuple(rows.shape)}, must be (N, {self.width})")
        if not bool(rows.isfinite().all()):
            raise RowsRefused("a number is NaN or infinite")
        self._cache.check_room(rows.shape[0])

    def _input(self, rows: Tensor) -> dict[str, Tensor]:
        """What the model is called with for `rows` [N, H]."""
        if not self._wants_ids:
            return {"inputs_embeds": rows[None]}
        with torch.inference_mode():
            table = self._model.get_input_embeddings()
            every = table(torch.arange(table.num_embeddings, device=rows.device))
            ids = torch.cdist(rows.float(), every.float(), compute_mode="donot_use_mm_for_euclid_dist").argmin(-1)
            if not torch.equal(table(ids), rows):
                raise RowsRefused("this model has per-layer embeddings and takes only rows of its own vocabulary")
        return {"input_ids": ids[None]}

    def _ids(self, ids: Sequence[int]) -> Tensor:
        """[1, N]; on the host where a graph copies them to the device itself."""
        return torch.tensor([list(ids)], device=None if self._graphs is not None else self._model.device)

    def _forward(self, only: Sequence[int] | None, **inputs: Tensor) -> Tensor:
        (given,) = inputs.values()
        if self._graphs is not None:
            logits = self._graphs.run(given, self.pos, None if only is None else tuple(only))
            if logits is not None:
                self._cache.advance(given.shape[1])
                return logits
            inputs = {name: value.to(self._model.device) for name, value in inputs.items()}
        last = torch.tensor([given.shape[1] - 1], device=self._model.device)
        return self._run(only, last, inputs)[0]

    def _side_by_side(self, parts: Sequence[Sequence[int]], only: Sequence[int]) -> Tensor:
        """All of `parts` at this position, as one chunk; the logits after each."""
        device, behind = self._model.device, self.pos
        sizes = torch.tensor([len(part) for part in parts], device=device)
        number = torch.arange(len(parts), device=device).repeat_interleave(sizes)
        own = (number[:, None] == number) & torch.ones(len(number), len(number), dtype=torch.bool, device=device).tril()
        ends = sizes.cumsum(0)
        placed = {
            "position_ids": (behind + torch.arange(len(number), device=device) - (ends - sizes)[number])[None],
            "attention_mask": torch.cat([own.new_ones(len(number), behind), own], dim=1)[None, None],
        }
        ids = self._ids([token for part in parts for token in part])
        return self._run(only, ends - 1, {"input_ids": ids}, placed)

    @torch.inference_mode()
    def _run(
        self, only: Sequence[int] | None, keep: Tensor, inputs: Mapping[str, Tensor], placed: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """One chunk, `input_ids` [1, N] or `inputs_embeds` [1, N, H]; returns the logits after its rows `keep`; `placed` if it is not just the next."""
        ((name, given),) = inputs.items()
        count, padded = given.shape[1], self._cache.padded(given.shape[1])
        rows = torch.nn.functional.pad(given, (*(0, 0) * (given.ndim - 2), 0, padded - count)) if padded > count else given
        besides = placed or self._cache.begin(torch.arange(self.pos, self.pos + padded, device=given.device))
        with self._head.only(only):
            out = self._model(**{name: rows}, **besides, past_key_values=self._cache, use_cache=True, logits_to_keep=keep)
        self._cache.advance(count)
        return out.logits[0]


def _graphs(model: Any, cache: FixedCache, head: NarrowHead) -> Graphs | None:
    """CUDA graphs, where there is CUDA."""
    if model.device.type != "cuda":
        return None
    from kairos.mind.gpu.graphs import Graphs

    return Graphs(model, cache, head)


def tensor(rows: Rows, *, dtype: torch.dtype, device: str) -> Tensor:
    """Rows from the wire as a tensor [N, H] of the model's dtype."""
    flat = torch.frombuffer(bytearray(rows.data), dtype=_DTYPES[rows.dtype])
    return flat.reshape(rows.shape).to(device=device, dtype=dtype)
