"""From a frame to a verdict: the margin at the first answer position, against a calibrated threshold.

We never let the model write NO_OP: it is decided from one forward pass, then everything is rewound.
An ACTION decodes under `grammar`. With long histories free decoding falls apart while the first
margin still separates, which is why the decision is taken there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import torch

from kairos.errors import RowsRefused, SnapshotRefused
from kairos.events import Frame, Judgement, Verdict
from kairos.logs import get_logger
from kairos.mind.calibration import Calibration
from kairos.mind.fixed import BUCKETS
from kairos.mind.frames import FrameEncoder, body
from kairos.mind.grammar import ActionGrammar
from kairos.mind.manifold import Manifold
from kairos.mind.memo import Memo, frame_key
from kairos.mind.ruling import Ruled, Rules
from kairos.mind.seam import Session, tensor
from kairos.mind.snapshot import RingFile, fingerprint

log = get_logger("mind")
_ASKING: Final = 2048
"""Positions in which rules are asked: the policy, one frame, and two dozen rules of usual length at once, or longer ones in turn."""


class Reflex:
    """Ring 1 as the reflex lives it: the policy prefix, retained actions, one frame on trial."""

    def __init__(
        self, session: Session, encoder: FrameEncoder, *, actuators: Sequence[str], threshold: float, calibration: Calibration = Calibration(),  # noqa: B008 - a constant
        answer_tokens: int, dtype: torch.dtype, device: str, memo: Memo | None = None,
        of_rules: Calibration = Calibration(),  # noqa: B008 - a constant
        manifold: Manifold | None = None,
    ) -> None:  # fmt: skip
        """Prefills the policy at once. With a `memo`, a frame it knows to be NO_OP is not fed; without a `manifold`, latent rows are refused."""
        self._session = session
        self._encoder = encoder
        self._grammar = ActionGrammar(encoder, actuators, answer_tokens=answer_tokens)
        self._answer_tokens = answer_tokens
        self._threshold = threshold
        self._calibration = calibration
        self._of_rules = of_rules
        self._dtype = dtype
        self._device = device
        self._actuators = tuple(actuators)
        self._memo = memo
        self._manifold = manifold
        self._watched = (encoder.action_id, encoder.no_op_id)
        session.warm(BUCKETS, self._watched)
        session.warm((1,), None)
        self._apart: Session | None = None
        self._trial: tuple[Frame, str] | None = None
        self._lived: list[tuple[Frame, str]] = []
        self.anchor = 0
        self.begin()

    def judge(self, frame: Frame) -> Judgement:
        """Feed `frame` and read its verdict; settle with `commit` or `rewind`."""
        try:
            return self._judge(frame)
        except BaseException:
            self.rewind()  # half a frame must not stay
            raise

    def _judge(self, frame: Frame) -> Judgement:
        started, distance = time.perf_counter(), None
        if frame.kind == "latent":
            frame, distance = self._read(frame)
        if (margin := self._known(frame)) is not None:
            return Judgement(
                verdict=Verdict.NO_OP, margin=margin, threshold=self._threshold, positions=0,
                probability=self._calibration.probability(margin),
                ms=(time.perf_counter() - started) * 1000, known=True, read=_read_as(frame), distance=distance,
            )  # fmt: skip
        margin, rule = self._margin(frame)
        positions = self._session.pos - self.anchor
        if self._memo is not None and not self._memo.learn(frame_key(frame), margin):
            log.warning("memo.diverged", source=frame.source, margin=round(margin, 4), divergences=self._memo.statistics.divergences)
        verdict, actuator, what = Verdict.NO_OP, "", ""
        if margin > self._threshold:
            verdict = Verdict.ACTION
            actuator, what = self._said(frame, rule)
        self._trial = (frame, f"{actuator} {what}")
        return Judgement(
            verdict=verdict, margin=margin, threshold=self._threshold, positions=positions,
            probability=self._calibration.probability(margin),
            ms=(time.perf_counter() - started) * 1000, actuator=actuator, what=what, rule=rule, read=_read_as(frame), distance=distance,
        )  # fmt: skip

    def margin(self, frame: Frame) -> float:
        """What `judge` would decide by, in logits; nothing is decoded, remembered or left behind."""
        try:
            return self._margin(frame).margin
        finally:
            self.rewind()

    def words(self, frame: Frame) -> tuple[str, str]:
        """Actuator and sentence it would give `frame`, were it an ACTION; nothing is left behind."""
        try:
            self._feed(frame, only=self._watched)
            return self._said(frame, "")
        finally:
            self.rewind()

    def _said(self, frame: Frame, rule: str) -> tuple[str, str]:
        """Decode behind the frame just fed; words may be taken from it and from the rule that decided."""
        session = self._session
        given = f"{body(frame)}\n{rule}"
        return self._grammar.decode(session.decode, lambda: session.rewind(session.pos - 1), session.decode(self._encoder.action_id), given)

    def _margin(self, frame: Frame) -> Ruled:
        action, no_op = self._feed(frame, only=self._watched).tolist()
        if self._apart is None or not self._rules.sentences or frame.kind == "idle":  # an idle beat holds nothing to speak of
            return Ruled(action - no_op)
        anchor = self._apart.pos
        try:
            self._feed(frame, only=self._watched, into=self._apart)
            return self._rules.ask(self._apart, action - no_op, self._threshold)
        finally:
            self._apart.rewind(anchor)

    def _behind_policy(self) -> Session:
        """Where rules are asked, behind the policy alone: what is remembered may be what a rule speaks of, and the frame not."""
        apart = self._session.beside(min(_ASKING, self._session.max_positions))
        for watched in (self._watched, Rules.watched(self._encoder)):
            apart.warm(BUCKETS, watched)
        apart.prefill(self._encoder.policy(self._actuators))
        apart.commit()
        return apart

    def _known(self, frame: Frame) -> float | None:
        """The margin of a frame that is known to be NO_OP here."""
        margin = self._memo.look(frame_key(frame)) if self._memo is not None else None
        return margin if margin is not None and margin <= self._threshold else None

    def commit(self) -> None:
        """Keep the frame on trial, with its answer fed anew as one chunk, as a restart would feed it."""
        if self._trial is None:
            return
        frame, answer = self._trial
        self._session.rewind(self.anchor)
        self._live(frame, answer)
        self._stand()
        self._trial = None

    def rewind(self) -> None:
        """Back to the anchor."""
        self._session.rewind(self.anchor)
        self._trial = None

    def restore(self, lived: Sequence[tuple[Frame, str]], kept: RingFile | None = None) -> int:
        """Live retained frames again, oldest first, but for those `kept` still holds; returns how many it held."""
        warm = 0
        if kept is not None:
            try:
                warm = kept.restore(self._session, [fingerprint(*item) for item in lived])
            except SnapshotRefused as error:
                log.warning("ring.cold", reason=error.reason)
        if warm:
            self._lived, self.anchor = list(lived[:warm]), self._session.pos
        for frame, answer in lived[warm:]:
            self._live(frame, answer)
        self._stand()
        return warm

    def save(self, kept: RingFile) -> bool:
        """Write the ring as it stands at the anchor; False if it is there already. Raises `StoreUnavailable`."""
        return kept.write(self._session, self.anchor, [fingerprint(*item) for item in self._lived])

    @property
    def full(self) -> bool:
        """Whether one more frame and its answer might not fit."""
        return self.anchor + self._reserve() > self._session.max_positions

    def trim(self) -> int:
        """Over budget, keep the newer half of the retained frames and live those again; returns how many went."""
        if not self.full:
            return 0
        keep = self._lived[(len(self._lived) + 1) // 2 :]
        dropped = len(self._lived) - len(keep)
        self._begin()
        self.restore(keep)
        return dropped

    def begin(self, rules: Sequence[str] = ()) -> None:
        """Forget everything and live under `rules`."""
        self.rule(rules)
        self._begin()

    def rule(self, rules: Sequence[str]) -> None:
        """Judge under `rules` from here on; nothing lived is forgotten, since Ring 1 does not depend on them."""
        self._rules = Rules(rules, self._encoder, self._of_rules)
        if rules and self._apart is None:
            self._apart = self._behind_policy()
        self._stand()

    def _begin(self) -> None:
        """An empty ring with the policy in it: what a restart begins with."""
        self._session.close()
        self._session.prefill(self._encoder.policy(self._actuators))
        self.anchor, self._lived = self._session.commit(), []
        self._stand()

    def _stand(self) -> None:
        """The ring holds what was lived: another anchor, another memo, and another under other rules."""
        if self._memo is not None:
            lived = [fingerprint(*item) for item in self._lived]
            self._memo.move(hashlib.blake2b(repr((self._actuators, self._rules.sentences, lived)).encode(), digest_size=16).hexdigest())

    def _reserve(self) -> int:
        """Positions that must stay free for one more frame and its answer."""
        return 2 * (self._encoder.frame_tokens + self._answer_tokens)

    def _live(self, frame: Frame, answer: str) -> None:
        self._feed(frame, only=self._watched)
        self._session.prefill(self._encoder.answer(answer), only=self._watched)
        self._lived.append((frame, answer))
        self.anchor = self._session.pos

    def _feed(self, frame: Frame, *, only: Sequence[int] | None = None, into: Session | None = None) -> torch.Tensor:
        """One chunk, whatever the frame is made of; rows of a model that has gone are fed as what they read as."""
        session = into or self._session
        if frame.rows is None or self._manifold is None or frame.rows.model != self._manifold.digest:
            return session.prefill(self._encoder.frame(frame), only=only)
        before, after = self._encoder.around_rows(frame)
        rows = tensor(frame.rows, dtype=self._dtype, device=self._device)
        return session.inject(torch.cat([session.embed(before), rows, session.embed(after)]), only=only)

    def _read(self, frame: Frame) -> tuple[Frame, float]:
        """The frame with what its rows read as, and how far they lie from any word; raises `RowsRefused`."""
        if frame.rows is None or self._manifold is None:
            raise RowsRefused("there are none, or this mind takes none")
        ids, distance = self._manifold.read(frame.rows)
        return msgspec.structs.replace(frame, text=self._encoder.decode(ids).strip()), distance


def _read_as(frame: Frame) -> str:
    return frame.text if frame.kind == "latent" else ""
