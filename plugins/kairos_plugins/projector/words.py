"""From an utterance's features to rows of a model's embedding: contexts in fixed point, tokens position by position, then the binder.

A row is `softmax(logits / tau) @ W`, W being the model's own rows of the vocabulary: it cannot leave their convex
hull, so what is not certain lies between words instead of nowhere.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from kairos.api import FixedPoint, KairosError, Rows

WEIGHTS: Final = Path(__file__).parent / "weights"
WORDS: Final = "words.safetensors"
PROJECTOR: Final = "projector.safetensors"
FORMAT: Final = "kairos-projector/1"
TAU: Final = 0.2
KEEP: Final = 0.5
"""Probability of one token, summed over the frames it may be due in, from which it counts as said."""
_DUE: Final = 2
_SPAN: Final = 3
"""Frames a token is told within: the two it is due in, and one for a voice that is late."""
Floats = NDArray[np.float32]


class Kept(NamedTuple):
    """One token that was said: its frame, its place in the vocabulary, how sure, and the frame's logits over the vocabulary."""

    frame: int
    token: int
    sure: float
    logits: Floats


class Bound(NamedTuple):
    """What an utterance came to."""

    rows: Floats
    """[N, H]"""
    ids: list[int]
    """The model's own ids nearest to them, by the projector's own count."""
    sure: float
    """Mean probability of its tokens: near 1 for sentences of the language, about a half for what only sounds like its words."""


class Binder:
    """The projector of one model, in numpy."""

    def __init__(self, path: Path) -> None:
        """Raises `KairosError` where the file is missing or no projector."""
        try:
            with safe_open(path, framework="numpy") as file:
                meta = file.metadata() or {}
                tensors: dict[str, Any] = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise KairosError(f"{path} is no projector that can be read: {error}") from error
        if meta.get("format") != FORMAT:
            raise KairosError(f"{path} is no projector of the format {FORMAT}; make one with `kairos train projector`")
        self.model: str = meta["model"]
        """Digest of the weights its rows belong to."""
        self.ids: list[int] = json.loads(meta["ids"])
        self.table: Floats = tensors.pop("table")
        """[V, H] the model's own rows of `ids`."""
        self.weights = tensors

    def logits(self, contexts: Floats) -> Floats:
        """Contexts [T, 640] to [T, 1 + V]."""
        w = self.weights
        hidden = np.maximum(contexts @ w["hidden.weight"].T + w["hidden.bias"], 0)
        return contexts @ w["straight.weight"].T + w["straight.bias"] + hidden @ w["out.weight"].T

    def bind(self, contexts: Floats) -> Bound:
        """The rows of what was said, in order."""
        found = kept(self.logits(contexts))
        if not found:
            return Bound(np.zeros((0, self.table.shape[1]), np.float32), [], 0.0)
        return Bound(
            bound(np.stack([one.logits for one in found]), self.table),
            [self.ids[one.token] for one in found],
            float(np.mean([one.sure for one in found])),
        )


class Words:
    """Both halves, loaded once."""

    def __init__(self, engine: FixedPoint, *, words: Path = WEIGHTS / WORDS, projector: Path = WEIGHTS / PROJECTOR) -> None:
        """Raises `KairosError` where a file is missing or broken."""
        self._network: Any = engine.load(words)
        self._scale = self._network.scale("context")
        self.binder = Binder(projector)

    def contexts(self, features: NDArray[np.int16]) -> Floats:
        """Features [T, 320] to contexts [T, 640]."""
        return (self._network.clip(features)[0]["context"] / self._scale).astype(np.float32)

    def heard(self, features: NDArray[np.int16]) -> Bound:
        """An utterance, with some silence on either side."""
        return self.binder.bind(self.contexts(features))


def kept(logits: Floats, keep: float = KEEP) -> list[Kept]:
    """The tokens of [T, 1 + V], the surest first taken, each where its frames together are surest."""
    single = _softmax(logits)[:, 1:]
    scores = sum(np.pad(single[ahead:], ((0, min(ahead, len(single))), (0, 0))) for ahead in range(_SPAN))
    assert isinstance(scores, np.ndarray)
    found: list[Kept] = []
    while scores.size and scores.max() >= keep:
        frame, token = (int(place) for place in np.unravel_index(int(scores.argmax()), scores.shape))
        found.append(
            Kept(
                frame,
                token,
                min(1.0, float(scores[frame, token]) / _DUE),
                logits[frame + int(single[frame : frame + _SPAN, token].argmax()), 1:],
            )
        )
        scores[max(0, frame - _SPAN) : frame + _SPAN + 1, token] = 0.0
        scores[max(0, frame - 1) : frame + 2] = 0.0
    return sorted(found, key=lambda one: one.frame)


def bound(logits: Floats, table: Floats, tau: float = TAU) -> Floats:
    """The binder: [N, V] and the rows [V, H] to [N, H]."""
    return _softmax(logits / tau) @ table


def wire(rows: Floats, model: str) -> Rows:
    """Rows as an event carries them."""
    return Rows(dtype="f32", shape=(rows.shape[0], rows.shape[1]), data=rows.astype("<f4").tobytes(), model=model)


def _softmax(logits: Floats) -> Floats:
    found = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return found / found.sum(axis=-1, keepdims=True)
