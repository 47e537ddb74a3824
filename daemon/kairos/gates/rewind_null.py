"""`kairos gate rewind-null`: what was tried and taken back leaves no trace, in any family.

Random sequences of prefill, inject, decode, rewind, commit and trim run on one session; a twin lives
only what survived, in the same shapes, and trims when the other does. Their caches must be equal byte
for byte and their logits bit for bit, also long after sliding windows have wrapped, in both layer
classes.
"""

from __future__ import annotations

import itertools
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.gates.families import FAMILIES, VOCABULARY, WINDOW, build

if TYPE_CHECKING:
    from kairos.mind.seam import Layers

_SEQUENCES: Final = 2000
_QUICK: Final = 90
_STEPS: Final = 18
_SLACK: Final = 40
_POSITIONS: Final = 900
_PINNED: Final = 1
"""Chunks a trim never drops: the policy."""
LAYERS: Final[tuple[Layers, ...]] = ("views", "fixed")


def run(trial: Trial) -> Findings:
    """Every family in turn, float32 and bfloat16 by turns."""
    count = _QUICK if trial.quick else _SEQUENCES
    models = {(name, half): build(name, seed=trial.seed, bfloat16=half) for name in FAMILIES for half in (False, True)}
    kinds = list(itertools.product(models, LAYERS))
    rng, found = Random(trial.seed), Counter[str]()
    for number in range(count):
        model, layers = kinds[number % len(kinds)]
        found.update(sequence(models[model], rng, layers))
        trial.progress(number + 1, count)
    figures = {
        "sequences": count, "families": len(FAMILIES), "chunks": found["chunks"], "rewinds": found["rewinds"],
        "trims": found["trims"], "wrapped": found["wrapped"], "byte_diffs": found["byte_diffs"], "logit_diffs": found["logit_diffs"],
    }  # fmt: skip
    bars = missed(figures, {"byte_diffs": ("==", 0), "logit_diffs": ("==", 0), "families": (">=", 8)})
    if not trial.quick:
        bars += missed(figures, {"sequences": (">=", _SEQUENCES)})
    config = {"window": WINDOW, "slack": _SLACK, "layers": LAYERS, "families": FAMILIES, "dtypes": ["float32", "bfloat16"]}
    return Findings(figures=figures, failed=bars, config=config, data={"n": count, "seed": trial.seed, "digest": None})


def sequence(model: Any, rng: Random, layers: Layers) -> Counter[str]:
    """One life and its twin's; what differed."""
    from kairos.mind.seam import Session

    tried, twin = (Session(model, max_positions=_POSITIONS, slack=_SLACK, layers=layers) for _ in range(2))
    found, lived, survived = Counter[str](), list[list[int]](), list[list[int]]()
    anchor = 0
    for _ in range(_STEPS):
        what = rng.choice(["chunk", "chunk", "chunk", "inject", "decode", "rewind", "commit", "trim"])
        if what == "rewind":
            tried.rewind(anchor)
            survived.clear()
            found["rewinds"] += 1
        elif what == "trim" and len(lived) > _PINNED:
            survived.clear()
            del lived[_PINNED : _PINNED + len(lived) // 2]
            anchor = _rebuild(tried, lived)
            _rebuild(twin, lived)
            found["trims"] += 1
        elif what == "commit" or tried.pos - anchor > _SLACK:
            anchor = tried.commit()
            for ids in survived:
                _feed(twin, ids)
            lived += survived
            survived.clear()
        else:
            room = _SLACK - (tried.pos - anchor)
            ids = [rng.randrange(3, VOCABULARY) for _ in range(1 if what == "decode" else rng.randint(1, 20))]
            if len(ids) <= room:
                _feed(tried, ids, rows=what == "inject")
                survived.append(ids)
                found["chunks"] += 1
    tried.rewind(anchor)
    found["wrapped"] += anchor > WINDOW
    found["byte_diffs"] += differences(tried, twin)
    probe = [rng.randrange(3, VOCABULARY) for _ in range(rng.randint(1, 20))]
    found["logit_diffs"] += not bool((_feed(tried, probe) == _feed(twin, probe)).all())
    return found


def _rebuild(session: Any, chunks: list[list[int]]) -> int:
    """A trim: only `chunks` are lived, anew."""
    session.close()
    for ids in chunks:
        _feed(session, ids)
    return int(session.commit())


def _feed(session: Any, ids: list[int], *, rows: bool = False) -> Any:
    return session.inject(session.embed(ids)) if rows else session.prefill(ids)


def differences(one: Any, two: Any) -> int:
    """Layers whose K or V is not equal, or whose length is not."""
    import torch

    if one.pos != two.pos:
        return 1
    pairs = zip(one.content(), two.content(), strict=True)
    return sum(not (torch.equal(a, c) and torch.equal(b, d)) for (a, b), (c, d) in pairs)


GATE: Final = Check(kind="gate", name="rewind-null", summary="what was tried and taken back leaves no trace, in any family", run=run)
