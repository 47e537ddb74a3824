"""`kairos gate action-text`: what an ACTION says names the right thing, by the right way, and invents nothing.

Grave events of domains and in styles that training never saw; each is put into words as an ACTION, whatever
its margin. `target_exact` is the share of sentences that name, whole, the first name the label draws from the event
(a host, a disk, an address), among labels that draw one. `copied_exactly` is counted over every name, number, unit and path
of every sentence: whatever holds a digit, a capital or a mark inside, found by a reading of its own and not by the one that
constrains decoding; `whole` is the share of sentences that end in a full stop. A sample is printed.
"""

from __future__ import annotations

import re
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.judging.minds import default_mind
from kairos.mind.corpus.generate import Corpus
from kairos.mind.frames import body
from kairos.mind.spans import Spans

_SENTENCES: Final = 400
_QUICK: Final = 25
_PRINTED: Final = 200
_NAME: Final = re.compile(r"\S*(?:[0-9A-Z%]|\w[^\w\s'-]\w)\S*")
_AROUND: Final = ".,;:!?()[]\"'"


def run(trial: Trial) -> Findings:
    """One sentence after the other."""
    opened, corpus = default_mind(), Corpus(trial.seed, "test")
    count = _QUICK if trial.quick else _SENTENCES
    right = named = targets = names = whole = 0
    sample, invented = list[str](), list[str]()
    for number in range(count):
        example = corpus.grave()
        actuator, what = opened.reflex.words(example.frame)
        right += actuator == (example.answer or "").split()[0]
        said = [name.strip(_AROUND) for name in _NAME.findall(what)]
        names += len(said)
        invented += [f"{name}: {what}" for name in said if not _read(name, body(example.frame))]
        whole += what.endswith(".")
        if example.target is not None:
            targets += 1
            named += Spans(what).copied(_spelled(example.target, example.frame.text))
        if len(sample) < _PRINTED:
            sample.append(f"{example.frame.text} => {actuator} {what}   (label: {example.answer})")
        trial.progress(number + 1, count)
    figures: dict[str, Any] = {
        "sentences": count, "actuator_right": right / count, "targets": targets, "target_exact": named / max(1, targets),
        "names": names, "copied_exactly": 1 - len(invented) / max(1, names), "whole": whole / count,
    }  # fmt: skip
    bars = missed(
        figures, {"actuator_right": (">=", 0.97), "target_exact": (">=", 0.95), "copied_exactly": ("==", 1.0), "whole": (">=", 0.99)}
    )
    config = {"mind": "default", "digests": opened.digests, "split": "test", "invented": invented, "sample": sample}
    return Findings(figures=figures, failed=bars, config=config, data={"n": count, "seed": trial.seed, "digest": None})


def _spelled(target: str, text: str) -> str:
    """The name as the event spells it: a plain sentence begins with a capital, even where it begins with a name."""
    capital = target[0].upper() + target[1:]
    return capital if target not in text and capital in text else target


def _read(name: str, text: str) -> bool:
    """Whether `text` holds `name` with no letter and no digit right beside it; a `%` may stand apart from its number."""
    bare = re.escape(name.removesuffix("%"))
    return re.search(rf"(?<![^\W_]){bare}(?![^\W_])", text) is not None and (not name.endswith("%") or "%" in text)


GATE: Final = Check(kind="gate", name="action-text", summary="an ACTION's sentence names the right thing and invents nothing", run=run)
