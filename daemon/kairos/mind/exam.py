"""What a model in training makes of frames that it does not learn from.

Its verdicts and what rules have to say, with how good they are: the figures that choose among adapters (`valid`), calibrate
them, and are printed once at the end (`test`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kairos.config import MindSettings
from kairos.mind import sparse
from kairos.mind.calibration import Calibration, fit
from kairos.mind.corpus.generate import Example
from kairos.mind.corpus.splits import Split
from kairos.mind.frames import FrameEncoder
from kairos.mind.packing import Batch, batch
from kairos.mind.ruling import Rules, Saying, saying
from kairos.rates import auc


def hidden(model: Any, given: Batch, device: str) -> Tensor:
    """The last hidden states [B, T, H]."""
    mask = sparse.blocks(given.branches.to(device)) if sparse.installed(model) else given.mask(device)
    out = model.model(input_ids=given.ids.to(device), position_ids=given.positions.to(device), attention_mask=mask, use_cache=False)
    return out.last_hidden_state


class Judged(NamedTuple):
    """Frames of a split that chose nothing, with what the model makes of them."""

    verdicts: list[tuple[float, Example]]
    """Margins at the first answer position."""
    sayings: list[tuple[Saying, Example]]
    """Of the rule that was asked of a frame."""

    def cut(self, count: int) -> Judged:
        """The first `count` verdicts."""
        return Judged(self.verdicts[:count], self.sayings)

    @property
    def auc(self) -> float:
        """Of the verdicts."""
        return auc([margin for margin, _ in self.verdicts], [grave(example) for _, example in self.verdicts])

    @property
    def auc_of_rules(self) -> float:
        """Of what rules speak of against what only seems so."""
        return auc([one.margin for one, _ in self.sayings], [example.turned for _, example in self.sayings])

    def calibrated(self) -> tuple[Calibration, Calibration]:
        """What the margins mean: of verdicts, of rules."""
        return (
            fit([margin for margin, _ in self.verdicts], [grave(example) for _, example in self.verdicts]),
            fit([one.margin for one, _ in self.sayings], [example.turned for _, example in self.sayings]),
        )

    def rates(self, calibrations: tuple[Calibration, Calibration]) -> dict[str, float]:
        """Areas under the curve, and the error rates of verdicts at the default sensitivity and of rules at even odds."""
        of_verdicts, of_rules = calibrations
        limit, even = of_verdicts.threshold(MindSettings().sensitivity), of_rules.margin(0.5)
        quiet, told = ([m for m, e in self.verdicts if grave(e) is wanted] for wanted in (False, True))
        spoken = [one.margin > even and one.tell is (e.answer is not None) for one, e in self.sayings if e.turned]
        others = [one.margin > even for one, e in self.sayings if not e.turned]
        return {
            "auc": round(self.auc, 5),
            "false_action_rate": round(sum(m > limit for m in quiet) / max(1, len(quiet)), 5),
            "missed_rate": round(sum(m <= limit for m in told) / max(1, len(told)), 5),
            "n": len(self.verdicts),
            "rules_auc": round(self.auc_of_rules, 5),
            "rules_right": round(sum(spoken) / max(1, len(spoken)), 5),
            "rules_other": round(sum(others) / max(1, len(others)), 5),
        }


def grave(example: Example) -> bool:
    """By itself, whatever a rule says."""
    return example.without_rule().answer is not None


@torch.no_grad()
def judged(model: Any, encoder: FrameEncoder, seed: int, count: int, *, split: Split, how: Mapping[str, Any], device: str) -> Judged:
    """Some `count` frames of `split`, at anchors of 0 to 64 actions."""
    found, number, watched = Judged([], []), 0, list(Rules.watched(encoder))
    while len(found.verdicts) < count:
        given = batch(encoder, f"{seed}/{number}", split=split, **how)
        number += 1
        with torch.autocast(device.split(":", maxsplit=1)[0], dtype=torch.bfloat16):
            states = hidden(model, given, device)
            verdicts, rules = (model.lm_head(states[at.to(device)])[:, watched].float().tolist() for at in (given.verdicts, given.ruled))
        found.verdicts.extend((action - no_op, example) for (action, no_op, _), example in zip(verdicts, given.frames, strict=True))
        asked = [example for example in given.frames if example.rule]
        found.sayings.extend((saying(example.rule, *logits), example) for logits, example in zip(rules, asked, strict=True))
    return found.cut(count)
