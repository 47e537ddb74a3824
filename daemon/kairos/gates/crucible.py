"""`kairos gate crucible`: twenty-four ticks, three of which matter, and a hundred shuffles of them.

Twenty-one idle beats, a finished build, a disk at 95 % and a time-to-live running out: so idle beats come
right after actions, when a mind that only follows its history would go on acting. Everything runs as the
daemon runs it: an ACTION is committed, a NO_OP rewound, and nothing may be left behind.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.events import Frame, Verdict
from kairos.judging.minds import ACTUATORS, default_mind

_TICKS: Final = 24
_PLACES: Final = (4, 12, 20)
_SHUFFLES: Final = 100
_QUICK: Final = 4
_SALIENT: Final = (
    Frame(kind="text", source="ci", text="build 412 of the shop, started by anna, has finished: success after 38 min"),
    Frame(kind="text", source="nas", text="disk usage of /srv is at 95 %, 2.1 GiB left"),
    Frame(kind="text", source="vault", text="time-to-live of the lease db-primary: 20 s left, renewal refused three times"),
)


def run(trial: Trial) -> Findings:
    """The tape as it stands, then its shuffles."""
    opened = default_mind()
    rng, shuffles = Random(trial.seed), _QUICK if trial.quick else _SHUFFLES
    plain = live(opened, dict(zip(_PLACES, _SALIENT, strict=True)))
    shuffled, wrong = Counter[str](), 0
    for number in range(shuffles):
        found = live(opened, dict(zip(rng.sample(range(1, _TICKS + 1), len(_SALIENT)), rng.sample(_SALIENT, len(_SALIENT)), strict=True)))
        shuffled.update(found)
        wrong += bool(found.total() - found["ticks"])
        trial.progress(number + 1, shuffles)
    names = ("false_action", "missed", "malformed", "pos_violation")
    figures: dict[str, Any] = {name: plain[name] for name in names} | {f"shuffled_{name}": shuffled[name] for name in names}
    figures |= {"shuffles": shuffles, "imperfect_shuffles": wrong, "ticks": plain["ticks"] + shuffled["ticks"]}
    bars = missed(figures, dict.fromkeys((*names, *(f"shuffled_{name}" for name in names)), ("==", 0)))
    config = {"mind": "default", "digests": opened.digests, "threshold": opened.threshold, "salient": [f.text for f in _SALIENT]}
    return Findings(figures=figures, failed=bars, config=config, data={"n": shuffles, "seed": trial.seed, "digest": None})


def live(opened: Any, salient: dict[int, Frame]) -> Counter[str]:
    """One tape of a newly begun ring."""
    reflex, found = opened.reflex, Counter[str]()
    reflex.begin()
    for tick in range(1, _TICKS + 1):
        judgement = reflex.judge(salient.get(tick, Frame.idle()))
        acts = judgement.verdict is Verdict.ACTION
        found["ticks"] += 1
        found["false_action"] += acts and tick not in salient
        found["missed"] += not acts and tick in salient
        found["malformed"] += acts and (judgement.actuator not in ACTUATORS or not judgement.what.strip() or "\n" in judgement.what)
        before = reflex.anchor
        if acts:
            reflex.commit()
        else:
            reflex.rewind()
        found["pos_violation"] += opened.session.pos != reflex.anchor or (reflex.anchor > before) != acts
    return found


GATE: Final = Check(kind="gate", name="crucible", summary="twenty-four ticks, three of which matter, and a hundred shuffles", run=run)
