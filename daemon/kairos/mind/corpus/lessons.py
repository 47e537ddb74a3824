"""Lives to learn from: those of the training split, with what teaches a verdict to stay and what teaches it to turn.

Beside hostile text stands its harmless twin, and the whole life is there once more without its rules, so that training can ask
for one judgement of what deserves one. Beside the written rules stand derived ones.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from kairos.mind.corpus.derived import derived
from kairos.mind.corpus.generate import Corpus, Example, Life
from kairos.mind.corpus.splits import tactics

_OWN_SHARE: Final = 0.5
"""Of the frames that come with the life, those that stay."""
_DERIVED_SHARE: Final = 0.7
_SAID: Final = (1, 1, 2, 3)
"""Derived rules of a life that has some."""
_OF_A_RULE: Final = (5, 10)
_HOSTILE_SHARE: Final = 0.03
_NUMBERS: Final = 48
"""Bits of a frame's number, so that no two frames of a batch share one by chance."""


def lesson(corpus: Corpus, rng: Random, *, depth: int, frames: int) -> Life:
    """A life of about `frames` frames in no order, all numbered (see `Example.alike`)."""
    life = corpus.life(depth=depth, frames=frames)
    rules, units = list(life.rules), [[one] for one in rng.sample(life.frames, round(len(life.frames) * _OWN_SHARE))]
    for _ in range(round(frames * _HOSTILE_SHARE)):
        hostile, harmless = corpus.injected(rng.choice(tactics("train")))
        units.append([hostile, replace(harmless, stands=True)])
    names: list[str] = []
    for _ in range(rng.choice(_SAID) if rng.random() < _DERIVED_SHARE else 0):
        rule = derived(rng, rng.randint(*_OF_A_RULE))
        units = _without(units, [rule.name]) + _without([[corpus.under(rule.kind, case)] for case in rule.cases], names)
        rules.append(rule.sentence)
        names.append(rule.name)
    rng.shuffle(rules)
    rng.shuffle(units)
    return replace(life, rules=tuple(rules), frames=tuple(one for unit in units for one in _numbered(unit, rng)))


def _without(units: list[list[Example]], names: list[str]) -> list[list[Example]]:
    """Those in which no frame holds one of these names, which another rule is about."""
    return [unit for unit in units if not any(name and name in one.frame.text for name in names for one in unit)]


def without_rules(life: Life) -> Life:
    """The same where no rule was given: what no rule turns deserves the judgement that it gets here."""
    return replace(life, rules=(), frames=tuple(replace(one.without_rule(), stands=True) for one in life.frames))


def _numbered(unit: list[Example], rng: Random) -> list[Example]:
    number = rng.getrandbits(_NUMBERS)
    return [replace(one, alike=number) for one in unit]
