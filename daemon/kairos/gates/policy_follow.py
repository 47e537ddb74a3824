"""`kairos gate policy-follow`: an owner's rule turns the verdicts it speaks of, and no others.

Rules of the split `test`, each in words of its owner, with events it speaks of and events that only look
so. Each event is judged behind the plain policy and behind the rule. `flipped_right` is the share of the
spoken-of that are judged as the rule wants; `flipped_other` the share of the others whose verdict it changed.
"""

from __future__ import annotations

from typing import Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.judging.minds import default_mind
from kairos.mind.corpus.generate import Corpus
from kairos.mind.corpus.splits import rules

_RULES: Final = 210
_QUICK: Final = 8
_EVENTS: Final = 6


def run(trial: Trial) -> Findings:
    """Every rule in turn, drawn anew each time round."""
    opened = default_mind()
    corpus, every, count = Corpus(trial.seed, "test"), rules("test"), _QUICK if trial.quick else _RULES
    right = spoken = turned = others = already = 0
    for number in range(count):
        sentence, ruled = corpus.ruled(every[number % len(every)], _EVENTS)
        verdicts: list[list[bool]] = []
        for said in ((), (sentence,)):
            opened.reflex.begin(said)
            verdicts.append([opened.reflex.margin(example.frame) > opened.threshold for example in ruled])
        for example, plain, under in zip(ruled, *verdicts, strict=True):
            if example.domain.endswith(":about"):
                spoken += 1
                right += under == (example.answer is not None)
                already += plain == (example.answer is not None)
            else:
                others += 1
                turned += under != plain
        trial.progress(number + 1, count)
    figures = {
        "rules": count, "spoken_of": spoken, "others": others, "flipped_right": right / max(1, spoken),
        "right_without_the_rule": already / max(1, spoken), "flipped_other": turned / max(1, others),
    }  # fmt: skip
    bars = missed(figures, {"flipped_right": (">=", 0.95), "flipped_other": ("<=", 0.01)})
    if not trial.quick:
        bars += missed(figures, {"rules": (">=", 200)})
    config = {"mind": "default", "digests": opened.digests, "threshold": opened.threshold, "split": "test", "templates": len(every)}
    return Findings(figures=figures, failed=bars, config=config, data={"n": count, "seed": trial.seed, "digest": None})


GATE: Final = Check(kind="gate", name="policy-follow", summary="an owner's rule turns the verdicts it speaks of, and no others", run=run)
