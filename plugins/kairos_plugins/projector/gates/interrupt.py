"""`kairos gate latent-interrupt`: the same news as rows and as text, and what each costs.

Sentences, half of them ACTION as text, are spoken by voices never trained on; the rows that come of it must get the
verdict the words get. Positions and milliseconds of both stand side by side, those of an utterance's way to rows apart.
"""

from __future__ import annotations

import time
from random import Random
from typing import Any, Final

import numpy as np

from kairos.api import Check, Findings, Frame, Judgement, Resident, Rows, Trial, Verdict, missed, quantile
from kairos_plugins.ear.hearing import Models, engine
from kairos_plugins.projector.config import ProjectorSettings
from kairos_plugins.projector.gates.pivot import as_text, heard_in, played
from kairos_plugins.projector.language import Language
from kairos_plugins.projector.training.speakers import VOICES, Speakers
from kairos_plugins.projector.words import Words, wire

_EVENTS: Final = 300
_QUICK: Final = 16


def run(trial: Trial) -> Findings:
    """Every sentence both ways."""
    mind, settings, count = trial.mind(), ProjectorSettings(), _QUICK if trial.quick else _EVENTS
    gna, language, speakers = engine(), Language.read(), Speakers()
    models, words = Models(gna), Words(gna)
    dice, rng = Random(trial.seed + 1), np.random.default_rng(trial.seed + 1)
    pairs: list[tuple[Judgement, Judgement | None]] = []
    projecting: list[float] = []
    while len(pairs) < count:
        sentence = as_text(language, dice, mind, settings, salient=len(pairs) % 2 == 0)
        spoken = speakers.say(VOICES["test"][len(pairs) % len(VOICES["test"])], sentence.text, speed=dice.randint(130, 190))
        if spoken is None:
            continue
        rows = None
        for features in heard_in(played(spoken.sound, rng), models):
            began = time.perf_counter()
            bound = words.heard(features)
            projecting.append((time.perf_counter() - began) * 1000)
            if rows is None and settings.passes(bound):
                rows = wire(bound.rows, words.binder.model)
        pairs.append(_both(mind, sentence.text, rows, settings.source, text_first=len(pairs) // 2 % 2 == 0))
        trial.progress(len(pairs), count)
    return _findings(pairs, projecting, trial)


def _both(mind: Resident, text: str, rows: Rows | None, source: str, *, text_first: bool) -> tuple[Judgement, Judgement | None]:
    """Both verdicts; now one, now the other comes first, since the second finds the model's weights at hand."""

    def as_rows() -> Judgement | None:
        return None if rows is None else mind.judge(Frame(kind="latent", source=source, rows=rows))

    before = None if text_first else as_rows()
    judged = mind.judge(Frame(kind="text", source=source, text=text))
    return judged, as_rows() if text_first else before


def _findings(pairs: list[tuple[Judgement, Judgement | None]], projecting: list[float], trial: Trial) -> Findings:
    both = [(text, latent) for text, latent in pairs if latent is not None]
    quiet = [(text, latent) for text, latent in both if text.verdict is latent.verdict is Verdict.NO_OP]
    agreed = sum(
        (latent is not None and text.verdict is latent.verdict) or (latent is None and text.verdict is Verdict.NO_OP)
        for text, latent in pairs
    )
    figures: dict[str, Any] = {
        "events": len(pairs), "actions_as_text": sum(text.verdict is Verdict.ACTION for text, _ in pairs),
        "verdict_agreement": agreed / len(pairs), "unheard": len(pairs) - len(both),
        "positions_text": quantile([float(text.positions) for text, _ in both], 0.5),
        "positions_latent": quantile([float(latent.positions) for _, latent in both], 0.5),
        "forwards_text": 1, "forwards_latent": 1,
        "no_op_ms_text": quantile([text.ms for text, _ in quiet], 0.5), "no_op_ms_latent": quantile([latent.ms for _, latent in quiet], 0.5),
        "projecting_ms": quantile(projecting, 0.5), "margin_difference_p95": quantile([abs(text.margin - latent.margin) for text, latent in both], 0.95),
    }  # fmt: skip
    bars = missed(figures, {"verdict_agreement": (">=", 0.97)})
    if not trial.quick:
        bars += missed(figures, {"events": (">=", _EVENTS)})
    reasons = {
        "cost": "a latent frame is one forward of as many positions as its text: it saves nothing there, and the rows cost what projecting_ms says"
    }
    return Findings(figures=figures, failed=bars, reasons=reasons, data={"n": len(pairs), "seed": trial.seed, "digest": None})


GATE: Final = Check(kind="gate", name="latent-interrupt", summary="the same news as rows and as text, and what each costs", run=run)
