"""`kairos gate restart`: a restart is warm and right, or refused by name; never warm and wrong.

Three parts. Arms: one life of retained actions on the default mind is judged upon by the process that
lived it, by the same process from its snapshot, by a new process from the snapshot, and by a new
process that lives the ledger again; logits and verdicts must agree. Kills: a real daemon is killed -9
after each of its actions, with snapshots every second, and must come back to the anchor its ledger
says. Tampering: a snapshot with a changed byte, name, order or maker must not be taken.
"""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, GateError, Trial, missed
from kairos.gates.tampering import accepted
from kairos.judging.living import Living, real_daemon, scratch

_KILLS: Final = 50
_QUICK_KILLS: Final = 1
_FRAMES: Final = 200
_QUICK_FRAMES: Final = 6
_RETAINED: Final = 16
_QUICK_RETAINED: Final = 3
_TOLERANCE: Final = 1e-3
_ARMS: Final = ("lived", "same", "warm", "cold")


def run(trial: Trial) -> Findings:
    """All three parts."""
    kills, frames, retained = (_QUICK_KILLS, _QUICK_FRAMES, _QUICK_RETAINED) if trial.quick else (_KILLS, _FRAMES, _RETAINED)
    with scratch("rs") as folder:
        far, differing = _arms(folder, frames, retained, trial.seed)
        refused, wrong = accepted(folder / "tampered")
        anchors, differing_lists, warm = _kills(folder, kills, trial)
    figures = {
        "frames": frames, "max_logit_diff": far, "verdict_diffs": differing, "kills": kills, "anchor_diffs": anchors,
        "retained_diffs": len(differing_lists), "warm_starts": warm, "tamper_kinds": refused + len(wrong), "tampered_accepted": len(wrong),
    }  # fmt: skip
    bars = missed(figures, {
        "max_logit_diff": ("<=", _TOLERANCE), "verdict_diffs": ("==", 0), "anchor_diffs": ("==", 0),
        "retained_diffs": ("==", 0), "tampered_accepted": ("==", 0), "tamper_kinds": (">=", 12),
    })  # fmt: skip
    if not trial.quick:
        bars += missed(figures, {"frames": (">=", _FRAMES), "kills": (">=", _KILLS)})
    config = {
        "mind": "default",
        "dtype": "float32",
        "arms": _ARMS,
        "retained": retained,
        "accepted": wrong,
        "differing_lists": differing_lists,
    }
    return Findings(figures=figures, failed=bars, config=config, data={"n": frames, "seed": trial.seed, "digest": None})


def _arms(folder: Path, frames: int, retained: int, seed: int) -> tuple[float, int]:
    """Largest difference of a logit from the arm that lived it, and how many verdicts differ."""
    from safetensors.torch import load_file

    for arm in ("lived", "warm", "cold"):
        argv = [sys.executable, "-m", "kairos.gates.restart_arm", arm, str(folder), str(frames), str(retained), str(seed)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise GateError(f"the arm `{arm}` failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    found = {arm: load_file(folder / f"{arm}.safetensors") for arm in _ARMS}
    lived = found.pop("lived")
    far = max(float((other["logits"] - lived["logits"]).abs().max()) for other in found.values())
    differing = sum(int((other["verdicts"] != lived["verdicts"]).sum()) for other in found.values())
    return far, differing


def _kills(folder: Path, kills: int, trial: Trial) -> tuple[int, list[str], int]:
    """How often a killed daemon came back to another anchor than its ledger says, to which other lists, and how often warm."""
    settings = (
        "mind.sensitivity=1e300", "mind.answer_tokens=8", "mind.snapshot_min=0.02", "act.allow=['log']", "heartbeat.interval_s=3600",
    )  # fmt: skip
    living = real_daemon(folder, *settings)
    rng, anchors, warm = Random(trial.seed), 0, 0
    lists: list[str] = []
    living.start(timeout_s=300)
    try:
        expected = _Expected(living)
        for number in range(kills):
            with living.client(timeout_s=120) as client:
                client.send(f"unit {number} of shelf {rng.randrange(10**6)} left its bounds", source=f"rig{number}", wait=True)
            time.sleep(rng.choice([0.0, 0.05, 1.5]))
            living.kill()
            before = _retained(living)
            living.start(timeout_s=300)
            with living.client(timeout_s=120) as client:
                gauges = client.ask("status")["gauges"]
            after = _retained(living)  # the first beat may have added one
            anchors += gauges["anchor"] != expected.anchor(after)
            if after[: len(before)] != before or {f"rig{n}" for n in range(number + 1)} - {k.frame.source for k in before}:
                lists.append(f"kill {number}: {_told(before)} became {_told(after)}")
            warm += gauges["warm_frames"] > 0
            trial.progress(number + 1, kills)
    finally:
        living.stop()
    return anchors, lists, warm


class _Expected:
    """The anchor a list of retained frames must give: token counts alone say it."""

    def __init__(self, living: Living) -> None:
        from tokenizers import Tokenizer

        from kairos.mind.frames import FrameEncoder
        from kairos.mind.model import find

        directory = find("default", living.places.models)
        self._encoder = FrameEncoder(Tokenizer.from_file(str(directory / "tokenizer.json")))

    def anchor(self, kept: list[Any]) -> int:
        """Positions of the policy and of every frame with its answer."""
        encoder = self._encoder
        parts = itertools.chain([encoder.policy(["log"])], *((encoder.frame(k.frame), encoder.answer(k.answer)) for k in kept))
        return sum(len(ids) for ids in parts)


def _retained(living: Living) -> list[Any]:
    from kairos.ledger.retained import Retained

    connection = sqlite3.connect(f"file:{living.places.database}?mode=ro", uri=True)
    try:
        return Retained().alive(connection)
    finally:
        connection.close()


def _told(kept: list[Any]) -> str:
    return f"{len(kept)} frames (" + ", ".join(f"{k.receipt} {k.frame.source}" for k in kept[-4:]) + ")"


GATE: Final = Check(kind="gate", name="restart", summary="a restart is warm and right, or refused by name", run=run)
