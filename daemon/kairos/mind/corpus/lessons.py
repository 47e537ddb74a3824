"""Lives to learn from: those of a split, with what teaches a verdict to stay and what teaches it to turn.

Beside hostile text stands its harmless twin, so that training can ask for one judgement of both. Beside the written rules
stand derived ones, and of a frame one rule of its life's is asked: its own, or now and then another's, which has nothing
to say of it.
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
_DERIVED_SHARE: Final = 0.9
_SAID: Final = (1, 2, 3, 4)
"""Derived rules of a life that has some."""
_OF_A_RULE: Final = (6, 12)
_LIKE_SHARE: Final = 0.12
"""Frames like what is retained: a second disk that fails is news, though the first was told."""
_HOSTILE_SHARE: Final = 0.03
_OWN_RULE_SHARE: Final = 0.85
_OTHER_RULE_SHARE: Final = 0.12
"""How often a frame's own rule is asked of it, and how often one of others."""
_NUMBERS: Final = 48
"""Bits of a frame's number, so that no two frames of a batch share one by chance."""


def lesson(corpus: Corpus, rng: Random, *, depth: int, frames: int) -> Life:
    """A life of about `frames` frames in no order, all numbered (see `Example.alike`)."""
    life = corpus.life(depth=depth, frames=frames)
    rules, units = list(life.rules), [[one] for one in rng.sample(life.frames, round(len(life.frames) * _OWN_SHARE))]
    before = rng.sample(life.retained, min(len(life.retained), round(frames * _LIKE_SHARE)))
    units += [[corpus.like(past)] for past in before]
    for _ in range(round(frames * _HOSTILE_SHARE)):
        hostile, harmless = corpus.injected(rng.choice(tactics(corpus.split)))
        units.append([hostile, replace(harmless, stands=True)])
    names: list[str] = []
    for _ in range(rng.choice(_SAID) if rng.random() < _DERIVED_SHARE else 0):
        rule = derived(rng, rng.randint(*_OF_A_RULE), corpus.split)
        made = [[corpus.under(rule.kind, rule.sentence, case)] for case in rule.cases]
        units = _without(units, [rule.name]) + _without(made, names)
        rules.append(rule.sentence)
        names.append(rule.name)
    rng.shuffle(units)
    asked = [[_asked(one, rules, rng) for one in unit] for unit in units]
    return replace(life, rules=tuple(rules), frames=tuple(one for unit in asked for one in _numbered(unit, rng)))


def _asked(one: Example, rules: list[str], rng: Random) -> Example:
    """With the rule that is asked of it, if one is; what no rule is asked of keeps its plain verdict."""
    if one.rule and rng.random() < _OWN_RULE_SHARE:
        return one
    plain = one.without_rule()
    return replace(plain, rule=rng.choice(rules)) if rules and not one.turned and rng.random() < _OTHER_RULE_SHARE else plain


def _without(units: list[list[Example]], names: list[str]) -> list[list[Example]]:
    """Those in which no frame holds one of these names, which another rule is about."""
    return [unit for unit in units if not any(name and name in one.frame.text for name in names for one in unit)]


def _numbered(unit: list[Example], rng: Random) -> list[Example]:
    number = rng.getrandbits(_NUMBERS)
    return [replace(one, alike=number) for one in unit]
