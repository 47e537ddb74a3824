"""`kairos gate tape-1000`: thousands of distinct ticks from domains and in styles that training never saw.

Lives of the split `test`: rings of 0 to 64 retained actions, some with rules of an owner, and frames
tried at each anchor; no frame says how grave it is. Severity words, a bag of words trained on the same
corpus, and this mind are judged on the same frames. Ambiguous ticks are reported apart. With `--data`,
tapes (docs/gates.md) are judged instead, without history. Apart, with no bar: what is missed of the grave ones by what they ask for,
and what one retained ACTION does to the verdict on the next event of its kind.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from kairos.checks import Check, Findings, GateError, Trial, missed
from kairos.events import Frame
from kairos.gates.baselines import BagOfWords, severity
from kairos.judging.minds import default_mind
from kairos.mind.corpus.generate import Corpus, Example, examples
from kairos.rates import auc, calibration_error, false_rate_at_recall, precision_recall, reliability, upper95

_DEPTHS: Final = (0, 0, 1, 2, 4, 8, 16, 32, 64)
_NEGATIVES: Final = 3000
_POSITIVES: Final = 1000
_QUICK: Final = 120
_A_LIFE: Final = 260
_AMBIGUOUS: Final = 200
_LIKES: Final = 200
_FEW: Final = 20
"""Of either, in a quick run."""
_TRAINING: Final = 30_000


class Judged(NamedTuple):
    """One tick."""

    margin: float
    grave: bool
    frame: Frame
    kind: str
    actuator: str = ""
    """What a grave one asks for, where that is known."""


def run(trial: Trial) -> Findings:
    """All lives, the baselines on the same frames, the ambiguous ones apart."""
    opened = default_mind()
    found = _tape(opened, trial.data) if trial.data else _lives(opened, trial)
    scores, labels, limit = [tick.margin for tick in found], [tick.grave for tick in found], opened.threshold
    false = sum(tick.margin > limit for tick in found if not tick.grave)
    lost = sum(tick.margin <= limit for tick in found if tick.grave)
    positives, negatives = sum(labels), len(labels) - sum(labels)
    words = BagOfWords(list(itertools.islice(examples(trial.seed), 3000 if trial.quick else _TRAINING)), seed=trial.seed)
    rivals = {"severity": [severity(tick.frame) for tick in found], "bag_of_words": [words.score(tick.frame) for tick in found]}
    recall = 1 - lost / max(1, positives)
    ours, best = false / max(1, negatives), min(false_rate_at_recall(r, labels, recall) for r in rivals.values())
    probabilities = [opened.calibration.probability(score) for score in scores]
    figures: dict[str, Any] = {
        "negatives": negatives, "positives": positives, "auc": auc(scores, labels),
        "false_action_rate": ours, "false_action_upper95": upper95(false, negatives),
        "missed_rate": lost / max(1, positives), "missed_upper95": upper95(lost, positives),
        **_by_kind(found), **_by_actuator(found, limit),
        "calibration_error": calibration_error(probabilities, labels),
        **{f"auc_{name}": auc(values, labels) for name, values in rivals.items()},
        "false_alarms_vs_baseline": ours / best if best else None,
        "ambiguous_acted_on": None if trial.data else _ambiguous(opened, trial),
        **({} if trial.data else _behind_their_like(opened, trial)),
    }  # fmt: skip
    bars = missed(figures, {
        "auc": (">=", 0.995), "false_action_rate": ("<=", 0.005), "false_action_upper95": ("<=", 0.01),
        "missed_rate": ("<=", 0.01), "missed_upper95": ("<=", 0.02), "false_alarms_vs_baseline": ("<=", 0.5),
    })  # fmt: skip
    if not (trial.quick or trial.data):
        bars += missed(figures, {"negatives": (">=", _NEGATIVES), "positives": (">=", _POSITIVES)})
    config = {
        "mind": "default", "digests": opened.digests, "threshold": limit, "retained": _DEPTHS, "split": "test",
        "precision_recall": precision_recall(scores, labels), "reliability": reliability(probabilities, labels),
        "precision_recall_rivals": {name: precision_recall(values, labels) for name, values in rivals.items()},
    }  # fmt: skip
    return Findings(figures=figures, failed=bars, config=config, data={"n": len(found), "seed": trial.seed, "digest": None})


def _by_kind(found: list[Judged]) -> dict[str, float]:
    """The area under the curve of each kind of frame, where it has both verdicts."""
    figures: dict[str, float] = {}
    for kind in sorted({tick.kind for tick in found}):
        some = [tick for tick in found if tick.kind == kind]
        if len({tick.grave for tick in some}) > 1:
            figures[f"auc_of_{kind}"] = auc([tick.margin for tick in some], [tick.grave for tick in some])
    return figures


def _by_actuator(found: list[Judged], limit: float) -> dict[str, float]:
    """What is missed of the grave ones that each actuator is for: to wake a person, or only to write a line."""
    named = {name: [tick.margin <= limit for tick in found if tick.actuator == name] for name in ("notify", "log")}
    return {f"missed_{name}": sum(lost) / len(lost) for name, lost in named.items() if lost}


def _lives(opened: Any, trial: Trial) -> list[Judged]:
    """Distinct frames until there are enough of both kinds."""
    corpus, found, seen = Corpus(trial.seed, "test"), list[Judged](), set[str]()
    enough = (_QUICK * 3 // 4, _QUICK // 4) if trial.quick else (_NEGATIVES, _POSITIVES)
    for depth in itertools.cycle(_DEPTHS):
        life = corpus.life(depth=depth, frames=30 if trial.quick else _A_LIFE)
        opened.reflex.begin(life.rules)
        opened.reflex.restore([past.lived for past in life.retained])
        for example in life.frames:
            if example.frame.text and example.frame.text not in seen:
                seen.add(example.frame.text)
                found.append(_judged(opened, example))
        positives = sum(tick.grave for tick in found)
        trial.progress(min(len(found), sum(enough)), sum(enough))
        if len(found) - positives >= enough[0] and positives >= enough[1]:
            return found
    raise AssertionError("a cycle does not end")


def _judged(opened: Any, example: Example) -> Judged:
    actuator = (example.answer or "").partition(" ")[0]
    return Judged(opened.reflex.margin(example.frame), example.answer is not None, example.frame, example.kind, actuator)


def _behind_their_like(opened: Any, trial: Trial) -> dict[str, float]:
    """What one retained ACTION does to the next event of its domain: the share of grave ones that it makes quiet, and of others that it wakes."""
    corpus, turned = Corpus(trial.seed, "test"), {True: list[bool](), False: list[bool]()}
    for _ in range(_FEW if trial.quick else _LIKES):
        past = corpus.grave()
        next_one = corpus.like(past)
        alone, behind = (_told(opened, next_one.frame, lived) for lived in ([], [past.lived]))
        if alone == (next_one.answer is not None):
            turned[alone].append(behind != alone)
    return {"quieted_by_its_like": _share(turned[True]), "woken_by_its_like": _share(turned[False])}


def _told(opened: Any, frame: Frame, lived: list[tuple[Frame, str]]) -> bool:
    opened.reflex.begin()
    opened.reflex.restore(lived)
    return opened.reflex.margin(frame) > opened.threshold


def _share(of: list[bool]) -> float:
    return sum(of) / max(1, len(of))


def _tape(opened: Any, folder: Path) -> list[Judged]:
    """The tapes of a folder; a tick of two acceptable verdicts is left out."""
    found: list[Judged] = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row.get("expect") not in ("ACTION", "NO_OP"):
                continue
            body = row["body"]
            text = body if isinstance(body, str) else " ".join(f"{name}={value}" for name, value in body.items())
            frame = Frame(kind="text" if isinstance(body, str) else "metric", source=row.get("source", "tape"), text=text)
            found.append(Judged(opened.reflex.margin(frame), row["expect"] == "ACTION", frame, "tape"))
    if not found:
        raise GateError(f"{folder} holds no tape with an `expect` of ACTION or NO_OP; see docs/gates.md")
    return found


def _ambiguous(opened: Any, trial: Trial) -> float:
    """The share of ticks acted on that may be judged either way; no bar."""
    corpus, count = Corpus(trial.seed, "test"), _FEW if trial.quick else _AMBIGUOUS
    opened.reflex.begin()
    return sum(opened.reflex.margin(corpus.ambiguous().frame) > opened.threshold for _ in range(count)) / count


GATE: Final = Check(
    kind="gate", name="tape-1000", summary="thousands of distinct ticks from domains and styles never seen", run=run, takes_data=True
)
