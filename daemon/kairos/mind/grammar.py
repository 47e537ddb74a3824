"""Decode an action so that it cannot be malformed: a registered actuator, then one bounded line of words it may use.

The actuator is walked token by token through a trie of the registered names, each closed by a
space; only tokens that stay on the trie may be chosen. In the sentence a token is chosen only if the
word it makes can still become a plain word or a span of what was read (`spans`); where no token goes on, the last one
is taken back and the next best tried. It ends at a stop
mark, a line break or the bound, whichever comes first; half a word at the bound is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kairos.mind.spans import Spans

if TYPE_CHECKING:
    from torch import Tensor

    from kairos.mind.frames import FrameEncoder

Step = Callable[[int], "Tensor"]
Back = Callable[[], None]
_TRIED: Final = 256
"""Best tokens looked at for one that fits; where none does, the one before them was no good beginning."""
_TURNS: Final = 2
"""Tokens tried at most, for each that a sentence may have."""
_CIRCLE: Final = 3
"""Words that may not be said twice in a row: small models fall into circles."""


class ActionGrammar:
    """The grammar for one set of actuators."""

    def __init__(self, encoder: FrameEncoder, actuators: Sequence[str], *, answer_tokens: int) -> None:
        self._encoder = encoder
        self._paths = {name: encoder.encode(f" {name}") for name in actuators}
        self._answer_tokens = answer_tokens
        self._newlines = frozenset(encoder.encode("\n"))

    def decode(self, step: Step, back: Back, logits: Tensor, given: str) -> tuple[str, str]:
        """Actuator and sentence, greedily, of plain words and spans of `given`.

        `step(token)` feeds a token and returns the next logits [V]; `back()` takes the last one fed back.
        """
        name, logits = self._actuator(step, logits)
        spans, chosen, untried = Spans(given), list[int](), [self._best(logits)]
        for _ in range(_TURNS * self._answer_tokens):
            token = self._next(chosen, untried[-1], spans)
            if token == self._encoder.scaffold.stop or len(chosen) == self._answer_tokens:
                break
            if token is not None:
                chosen.append(token)
                untried.append(self._best(step(token)))
            elif chosen:  # no word goes on like this, so the last token was wrong
                chosen.pop()
                untried.pop()
                back()
            else:
                break
        words = self._encoder.decode(chosen).split()
        if words and (not spans.allows(words[-1]) or _circles(words)):
            words.pop()
        return name, " ".join(words)

    @staticmethod
    def _best(logits: Tensor) -> Iterator[int]:
        return iter(logits.topk(min(_TRIED, logits.shape[-1])).indices.tolist())

    def _next(self, chosen: Sequence[int], untried: Iterator[int], spans: Spans) -> int | None:
        """The best token not tried yet that keeps every word allowed, or the stop mark; None if there is none."""
        text = self._encoder.decode(chosen)
        ended = text.lstrip(" ").split(" ")
        for token in untried:
            if token == self._encoder.scaffold.stop or token in self._newlines:
                if any(ended) and spans.allows(ended[-1]):
                    return self._encoder.scaffold.stop
                continue
            longer = self._encoder.decode([*chosen, token])
            words = longer.lstrip(" ").split(" ")
            fits = all(spans.allows(word) for word in words[len(ended) - 1 : -1] if word) and spans.may_begin(words[-1])
            fits = fits and not _circles(words[:-1])
            if fits and longer != text and not longer.endswith("  "):
                return token
        return None

    def _actuator(self, step: Step, logits: Tensor) -> tuple[str, Tensor]:
        """The best path through the trie, chosen one branch at a time."""
        open_paths = dict(self._paths)
        depth = 0
        while True:
            options = {path[depth] for path in open_paths.values() if len(path) > depth}
            ended = [name for name, path in open_paths.items() if len(path) == depth]
            if not options:
                return ended[0], logits
            best = max(sorted(options), key=lambda token: float(logits[token]))
            if ended and float(logits[best]) < float(logits.max()):
                return ended[0], logits  # the name is whole and the model goes on to the sentence
            open_paths = {name: path for name, path in open_paths.items() if len(path) > depth and path[depth] == best}
            logits = step(best)
            depth += 1


def _circles(words: Sequence[str]) -> bool:
    """Whether the last one to three words only say again what stood right before them."""
    return any(words[-2 * n : -n] == words[-n:] for n in range(1, _CIRCLE + 1) if len(words) >= 2 * n)
