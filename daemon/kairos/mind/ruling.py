"""What an owner's rule has to say of an event, and what comes of it.

A rule is asked by itself, right behind the event: be silent (NO_OP), tell (ACTION), or it speaks of something else (OTHER).
So a rule moves no verdict of events it does not speak of, a receipt can name the one that decided, and Ring 1 does not
depend on rules at all. The answer is read from three logits, as a verdict is from two; nothing is decoded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from kairos.mind.calibration import Calibration

if TYPE_CHECKING:
    from kairos.mind.frames import FrameEncoder
    from kairos.mind.seam import Session


class Limits(NamedTuple):
    """From where on a rule decides, as a probability that it speaks of the event, or as the margin that stands for it."""

    tell: float
    mute: float

    def past(self, one: Saying) -> float:
        """How far `one` is past the limit of what it wants."""
        return one.margin - (self.tell if one.tell else self.mute)


_SURE: Final = Limits(tell=0.5, mute=0.6)
"""A word too many costs its owner a glance, a silence too many what he was not told."""


class Saying(NamedTuple):
    """One rule about one event."""

    rule: str
    margin: float
    """Log-odds that it speaks of it: of NO_OP or ACTION against OTHER."""
    tell: bool
    """Which of the two."""


def saying(rule: str, action: float, no_op: float, other: float) -> Saying:
    """From the three logits."""
    either = max(action, no_op) + math.log1p(math.exp(-abs(action - no_op)))
    return Saying(rule, either - other, action > no_op)


class Ruled(NamedTuple):
    """A margin after the rules were asked."""

    margin: float
    rule: str = ""
    """The one that decided."""


class Rules:
    """All rules of an owner, as they are asked."""

    def __init__(self, sentences: Sequence[str], encoder: FrameEncoder, calibration: Calibration) -> None:
        """`calibration` is that of `Saying.margin`."""
        self.sentences = tuple(sentences)
        self._asked = [encoder.rule(sentence) for sentence in sentences]
        self._watched = self.watched(encoder)
        self._limits = Limits(*map(calibration.margin, _SURE))

    @staticmethod
    def watched(encoder: FrameEncoder) -> tuple[int, int, int]:
        """The tokens a rule answers with, in the order of `saying`."""
        return encoder.action_id, encoder.no_op_id, encoder.other_id

    def ask(self, session: Session, margin: float, threshold: float) -> Ruled:
        """Ask each behind the frame just fed, whose own margin is `margin`."""
        logits = session.aside(self._asked, only=self._watched).tolist()
        said = [saying(sentence, *three) for sentence, three in zip(self.sentences, logits, strict=True)]
        return ruled(margin, threshold, said, self._limits)


def ruled(margin: float, threshold: float, said: Sequence[Saying], limits: Limits) -> Ruled:
    """The margin under rules: past the threshold on the side that the surest wants, by as much as it is past its limit."""
    surest = max(said, key=limits.past, default=None)
    if surest is None or (by := limits.past(surest)) <= 0 or not math.isfinite(threshold):
        return Ruled(margin)
    return Ruled(max(margin, threshold + by) if surest.tell else min(margin, threshold - by), surest.rule)
