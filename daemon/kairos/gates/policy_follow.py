"""`kairos gate policy-follow`: an owner's rule turns the verdicts it speaks of, and no others.

Rules of the split `test`, each in words of its owner, with events it speaks of and events that only look
so. Each event is judged behind the plain policy and behind the rule. `flipped_right` is the share of the
spoken-of that are judged as the rule wants; `flipped_other` the share of the others whose verdict it changed.
The same is counted apart for rules derived from events of domains kept out of training: by what they are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.judging.minds import default_mind
from kairos.mind.corpus.derived import SHAPES, derived
from kairos.mind.corpus.generate import Corpus, Example
from kairos.mind.corpus.splits import rules

_RULES: Final = 210
_QUICK: Final = 8
_DERIVED: Final = 60
"""Rules of each shape."""
_QUICK_DERIVED: Final = 2
_EVENTS: Final = 6


@dataclass
class _Count:
    """Events that rules spoke of, or seemed to."""

    spoken: int = 0
    right: int = 0
    already: int = 0
    """Right without the rule."""
    others: int = 0
    turned: int = 0

    def figures(self, prefix: str) -> dict[str, float]:
        """The two shares, under this prefix."""
        return {f"{prefix}_right": self.right / max(1, self.spoken), f"{prefix}_other": self.turned / max(1, self.others)}


def run(trial: Trial) -> Findings:
    """Every written rule in turn, drawn anew each time round; then derived ones, shape by shape."""
    opened = default_mind()
    corpus, every, count = Corpus(trial.seed, "test"), rules("test"), _QUICK if trial.quick else _RULES
    some = _QUICK_DERIVED if trial.quick else _DERIVED
    of, dice = count + some * len(SHAPES), Random(f"derived/{trial.seed}")
    written, made = _Count(), {shape: _Count() for shape in SHAPES}
    for number in range(count):
        _judge(opened, *corpus.ruled(every[number % len(every)], _EVENTS), written)
        trial.progress(number + 1, of)
    for number, shape in enumerate(shape for shape in SHAPES for _ in range(some)):
        rule = derived(dice, _EVENTS, "test", about=shape)
        _judge(opened, rule.sentence, [corpus.under(rule.kind, rule.sentence, case) for case in rule.cases], made[shape])
        trial.progress(count + number + 1, of)
    figures = {
        "rules": count, "spoken_of": written.spoken, "others": written.others, **written.figures("flipped"),
        "right_without_the_rule": written.already / max(1, written.spoken),
        **{name: value for shape, found in made.items() for name, value in found.figures(f"by_{shape}").items()},
    }  # fmt: skip
    bars = missed(figures, {"flipped_right": (">=", 0.95), "flipped_other": ("<=", 0.01)})
    if not trial.quick:
        bars += missed(figures, {"rules": (">=", 200)})
    config = {
        "mind": "default",
        "digests": opened.digests,
        "threshold": opened.threshold,
        "split": "test",
        "templates": len(every),
        "derived": some,
    }
    return Findings(figures=figures, failed=bars, config=config, data={"n": count, "seed": trial.seed, "digest": None})


def _judge(opened: Any, sentence: str, ruled: Sequence[Example], count: _Count) -> None:
    """Count what one rule does to its events."""
    verdicts: list[list[bool]] = []
    for said in ((), (sentence,)):
        opened.reflex.begin(said)
        verdicts.append([opened.reflex.margin(example.frame) > opened.threshold for example in ruled])
    for example, plain, under in zip(ruled, *verdicts, strict=True):
        if example.turned:
            count.spoken += 1
            count.right += under == (example.answer is not None)
            count.already += plain == (example.answer is not None)
        else:
            count.others += 1
            count.turned += under != plain


GATE: Final = Check(kind="gate", name="policy-follow", summary="an owner's rule turns the verdicts it speaks of, and no others", run=run)
