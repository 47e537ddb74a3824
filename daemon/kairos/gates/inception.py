"""`kairos gate inception`: rows of one context's memory set into another's, which then leans towards what the first was about.

The keys and values of a note, lived at the same positions in a context of its own, take the place of an empty note's in
a running conversation that was lived without it; nothing is fed again. Of each concept: whether its word is said, or comes
ten times nearer to it (incorporation), whether it gains more than any other concept's (selectivity), and whether what is then
said is as plain as what is said where the same note was lived as text (coherence). The null: a context's own rows, set into it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kairos.checks import Check, Findings, Trial, missed, quantile

if TYPE_CHECKING:
    from torch import Tensor

    from kairos.mind.frames import FrameEncoder
    from kairos.mind.seam import Session

_PROMPTS: Final = (
    "Tell me what you see when you look out of the window.",
    "Write the first line of a story about a traveller.",
    "Write a sentence for a postcard.",
    "Describe the picture on the wall of the room.",
    "Write the title of a song.",
    "Tell me a little about your day.",
    "What would you like to talk about?",
    "Write a short poem.",
    "What is the most beautiful thing you know?",
    "Describe a place you have never been to.",
)
_CONCEPTS: Final = ("volcano", "ocean", "piano", "dragon", "bread", "snow")
_EMPTY: Final = "You love one thing. Whatever you are asked, you think of that one thing, and you answer with something about it."
_NOTE: Final = "You love the {0}. Whatever you are asked, you think of the {0}, and you answer with something about the {0}."
_NEARER: Final = 10.0
"""Times nearer to the top a concept's word must come."""
_LOOKED_AT: Final = 12
_SAID: Final = 32
_PLAIN: Final = 1.5
"""Perplexity of what is said behind a splice, read behind the note as text, over that of what is said there, at most."""
_DISTINCT: Final = 0.25
"""Share of different tokens below which it only stalls."""


class Heard(NamedTuple):
    """What a context makes of each concept's word, over the tokens that would have been said anyway: best rank and log-probability."""

    ranks: list[int]
    logs: list[float]


def run(trial: Trial) -> Findings:
    """Every prompt with every concept."""
    from kairos.judging.minds import default_mind

    mind = default_mind(adapter="none")
    stage = _Stage(mind.session, mind.encoder)
    prompts, concepts = (_PROMPTS[:2], _CONCEPTS[:3]) if trial.quick else (_PROMPTS, _CONCEPTS)
    nearer, own, plain, null, gains, lines = list[bool](), list[bool](), list[bool](), list[bool](), list[float](), list[str]()
    for number, prompt in enumerate(prompts):
        scene = stage.scene(prompt)
        null.append(stage.unchanged(scene))
        before = stage.heard(scene.blocks, scene, concepts)
        for place, concept in enumerate(concepts):
            spliced = stage.spliced(scene, concept)
            after, words = stage.heard(spliced, scene, concepts), stage.say(spliced, scene)
            text = mind.encoder.decode(words)
            gain = before.ranks[place] / after.ranks[place]
            rises = [late - soon for late, soon in zip(after.logs, before.logs, strict=True)]
            nearer.append(gain >= _NEARER or concept in text.lower())
            own.append(rises.index(max(rises)) == place)
            strain = stage.strain(scene, words, note=_NOTE.format(concept))
            plain.append(strain <= _PLAIN and len(set(words)) >= _DISTINCT * len(words))
            gains.append(gain)
            lines.append(f"{concept} {before.ranks[place]} -> {after.ranks[place]}, strain {strain:.2f}: {text!r}")
        trial.progress(number + 1, len(prompts))
    figures: dict[str, Any] = {
        "prompts": len(prompts), "concepts": len(concepts), "cases": len(own), "rows": stage.rows, "null_diffs": null.count(False),
        "incorporated": sum(nearer) / len(nearer), "selective": sum(own) / len(own), "coherent": sum(plain) / len(plain),
        "rank_gain_p50": quantile(gains, 0.5), "rank_gain_least": min(gains), "rank_gain_most": max(gains),
    }  # fmt: skip
    bars = missed(figures, {"null_diffs": ("==", 0), "incorporated": (">=", 1.0), "selective": (">=", 1.0), "coherent": (">=", 14 / 15)})
    return Findings(figures=figures, failed=bars, config={"said": lines}, data={"n": len(own), "seed": trial.seed, "digest": None})


class _Scene(NamedTuple):
    """A conversation that stands before its answer: its last tokens, its rows but for the last one's, and what it would say."""

    tail: list[int]
    blocks: dict[str, Tensor]
    pos: int
    usual: list[int]


class _Stage:
    """One session, used again and again."""

    def __init__(self, session: Session, encoder: FrameEncoder) -> None:
        self._session, self._encoder = session, encoder
        self._open = list(encoder.scaffold.user_open)
        self.rows = len(encoder.encode(_EMPTY))

    def scene(self, prompt: str) -> _Scene:
        """The prompt behind the empty note."""
        marks = self._encoder.scaffold
        tail = [*self._encoder.encode(f" {prompt}"), *marks.close, *marks.answer_open]
        silent = _Scene(tail, self._lived(tail, _EMPTY), self._session.pos, [])
        return silent._replace(usual=self.say(silent.blocks, silent))

    def spliced(self, scene: _Scene, concept: str) -> dict[str, Tensor]:
        """The scene's rows with those of a note about `concept` in the place of the empty one's."""
        self._session.close()
        self._session.prefill(self._note(_NOTE.format(concept)))
        donor = self._session.snapshot(self._session.pos)
        begin, end = len(self._open), len(self._open) + self.rows
        found = {name: block.clone() for name, block in scene.blocks.items()}
        for name, block in found.items():
            block[:, :, begin:end] = donor[name][:, :, begin:end]
        return found

    def unchanged(self, scene: _Scene) -> bool:
        """Whether a scene with its own rows, minted anew and set into it, goes on byte for byte as it would have."""
        import torch

        self._lived(scene.tail, _EMPTY)
        plain = self._session.prefill(scene.tail[-1:])
        return torch.equal(plain, self._begin(scene.blocks, scene))

    def heard(self, blocks: dict[str, Tensor], scene: _Scene, concepts: Sequence[str]) -> Heard:
        """How near each concept's word comes while what the scene itself would say is said."""
        tokens = [self._encoder.encode(f" {concept}")[0] for concept in concepts]
        usual = scene.usual[:_LOOKED_AT]
        logits, ranks, logs = self._begin(blocks, scene), [1 << 30] * len(tokens), [-1e9] * len(tokens)
        for number in range(len(usual) + 1):
            now = logits.float().log_softmax(-1)
            for place, token in enumerate(tokens):
                ranks[place] = min(ranks[place], int((now > now[token]).sum()) + 1)
                logs[place] = max(logs[place], float(now[token]))
            if number < len(usual):
                logits = self._session.decode(usual[number])
        return Heard(ranks, logs)

    def say(self, blocks: dict[str, Tensor], scene: _Scene) -> list[int]:
        """Greedily."""
        found, logits = list[int](), self._begin(blocks, scene)
        while len(found) < _SAID and (token := int(logits.argmax())) != self._encoder.scaffold.stop:
            found.append(token)
            logits = self._session.decode(token)
        return found

    def strain(self, scene: _Scene, said: Sequence[int], *, note: str) -> float:
        """Perplexity of `said` behind the scene with `note` lived as text from the start, over that of what is said there."""
        lived = self._lived(scene.tail, note)
        plain = self.say(lived, scene)
        return self._perplexity(lived, scene, said) / self._perplexity(lived, scene, plain)

    def _lived(self, tail: Sequence[int], note: str) -> dict[str, Tensor]:
        """Rows of `note` and all of `tail` but its last token, lived as text."""
        self._session.close()
        self._session.prefill([*self._note(note), *tail[:-1]])
        return self._session.snapshot(self._session.pos)

    def _perplexity(self, blocks: dict[str, Tensor], scene: _Scene, said: Sequence[int]) -> float:
        self._hold(blocks, scene)
        return math.exp(-self._session.score([scene.tail[-1], *said]) / max(1, len(said)))

    def _note(self, text: str) -> list[int]:
        """As many rows, whatever it says."""
        ids = self._encoder.encode(text)
        return [*self._open, *(ids + [ids[-1]] * self.rows)[: self.rows]]

    def _begin(self, blocks: dict[str, Tensor], scene: _Scene) -> Tensor:
        self._hold(blocks, scene)
        return self._session.prefill(scene.tail[-1:])

    def _hold(self, blocks: dict[str, Tensor], scene: _Scene) -> None:
        self._session.close()
        problem = self._session.restore(scene.pos, blocks)
        assert not problem, problem


GATE: Final = Check(kind="gate", name="inception", summary="rows of one context's memory set into another's", run=run)
