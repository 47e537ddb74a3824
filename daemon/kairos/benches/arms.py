"""The ways to hold a history and judge one more frame: ours, and what else a person could run today.

Every arm lives the same tokens (a prefix, then actions of one length) and ticks with the same frame:
feed it, read the logits after it, be back where it was. None decodes.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from kairos.checks import GateError


class Arm(Protocol):
    """One way."""

    name: str

    def live(self, ids: Sequence[int]) -> None:
        """A chunk of history, kept."""
        ...

    def tick(self, ids: Sequence[int]) -> None:
        """One frame, judged and taken back."""
        ...


class Resident:
    """Ours."""

    def __init__(self, name: str, model: Any, *, max_positions: int, watched: tuple[int, int]) -> None:
        from kairos.mind.seam import Session

        self.name = name
        self.session = Session(model, max_positions=max_positions)
        self._watched = watched

    def live(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        self.session.prefill(ids)

    def tick(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        at = self.session.pos
        self.session.prefill(ids, only=self._watched).tolist()
        self.session.rewind(at)


class Crop:
    """The library's cache, cropped back after each frame."""

    def __init__(self, name: str, model: Any) -> None:
        from transformers import DynamicCache

        self.name = name
        self._model = model
        self._cache = DynamicCache(config=model.config)

    def live(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        _forward(self._model, ids, past_key_values=self._cache, use_cache=True)

    def tick(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        _forward(self._model, ids, past_key_values=self._cache, use_cache=True)
        self._cache.crop(-len(ids))


class Reprefill:
    """No cache: every frame is read behind the whole history, in one forward."""

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self._model = model
        self._lived: list[int] = []

    def live(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        self._lived += ids

    def tick(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        _forward(self._model, [*self._lived, *ids], use_cache=False)


class LlamaCpp:
    """llama.cpp on the same GGUF, its own KV cache kept and cut back after each frame."""

    def __init__(self, name: str, gguf: Path, *, threads: int, positions: int) -> None:
        try:
            llama_cpp: Any = importlib.import_module("llama_cpp")
        except ModuleNotFoundError as error:
            raise GateError("the peer llama-cpp-python is not installed: run `make bench-peers` first") from error
        self.name = name
        self._llama: Any = llama_cpp.Llama(str(gguf), n_ctx=positions, n_threads=threads, n_threads_batch=threads, verbose=False)
        self.build = f"llama-cpp-python {llama_cpp.__version__}: {llama_cpp.llama_print_system_info().decode().strip()}"

    def live(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        self._llama.eval(list(ids))

    def tick(self, ids: Sequence[int]) -> None:
        """See `Arm`."""
        at = self._llama.n_tokens
        self._llama.eval(list(ids))
        self._llama.n_tokens = at  # the next eval drops what lies behind it


def _forward(model: Any, ids: Sequence[int], **how: Any) -> None:
    import torch

    with torch.inference_mode():
        model(input_ids=torch.tensor([list(ids)]), logits_to_keep=1, **how).logits[0, -1, :2].tolist()
