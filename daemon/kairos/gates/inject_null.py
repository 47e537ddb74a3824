"""`kairos gate inject-null`: rows are their ids, and a loop is its single steps, to the byte.

Also reported: how far one chunk lies from the strict loop. That is not bitwise equal in any library,
so it has a stated tolerance (float32) and the same best token.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.gates.families import FAMILIES, VOCABULARY, build
from kairos.gates.rewind_null import differences

_TRIALS: Final = 1000
_QUICK: Final = 90
_SLACK: Final = 40
TOLERANCE: Final = 1e-4


def run(trial: Trial) -> Findings:
    """Every family, both dtypes, after histories that wrap the window."""
    count = _QUICK if trial.quick else _TRIALS
    rng, found = Random(trial.seed), Counter[str]()
    worst = {False: 0.0, True: 0.0}
    models = {(name, half): build(name, seed=trial.seed, bfloat16=half) for name in FAMILIES for half in (False, True)}
    kinds = list(models)
    for number in range(count):
        name, half = kinds[number % len(kinds)]
        far, row = compare(models[name, half], rng)
        found.update(row)
        worst[half] = max(worst[half], far)
        trial.progress(number + 1, count)
    figures = {
        "trials": count, "byte_diffs": found["byte_diffs"], "chunk_vs_loop_float32": worst[False],
        "chunk_vs_loop_bfloat16": worst[True], "argmax_agreement": found["same_argmax"] / count,
    }  # fmt: skip
    bars = missed(figures, {"byte_diffs": ("==", 0), "chunk_vs_loop_float32": ("<=", TOLERANCE)})
    config = {"tolerance_float32": TOLERANCE, "families": list(FAMILIES)}
    return Findings(figures=figures, failed=bars, config=config, data={"n": count, "seed": trial.seed, "digest": None})


def compare(model: Any, rng: Random) -> tuple[float, Counter[str]]:
    """Largest |chunk - loop| of one trial, and what differed that must not."""
    import torch

    from kairos.mind.seam import Session

    by_ids, by_rows, loop, single = (Session(model, max_positions=400, slack=_SLACK) for _ in range(4))
    for _ in range(rng.randint(1, 5)):
        history = [rng.randrange(3, VOCABULARY) for _ in range(rng.randint(1, 20))]
        for session in (by_ids, by_rows, loop, single):
            session.prefill(history)
    ids = [rng.randrange(3, VOCABULARY) for _ in range(rng.randint(1, 20))]
    rows = by_rows.embed(ids)
    chunk = by_ids.prefill(ids)
    looped, last = loop.inject_seq(rows), chunk
    injected = by_rows.inject(rows)
    for row in rows:
        last = single.inject(row[None])
    found = Counter[str]()
    found["byte_diffs"] += not torch.equal(chunk, injected) or bool(differences(by_ids, by_rows))
    found["byte_diffs"] += not torch.equal(looped, last) or bool(differences(loop, single))
    found["same_argmax"] += int(chunk.argmax()) == int(looped.argmax())
    return float((chunk - looped).abs().max()), found


GATE: Final = Check(kind="gate", name="inject-null", summary="rows are their ids, a loop is its steps, to the byte", run=run)
