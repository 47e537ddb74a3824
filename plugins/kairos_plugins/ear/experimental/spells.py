"""Experimental sounds as spells: each begins when it is sure, and ends when nothing has said so for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from kairos_plugins.ear.experimental.detector import Detector, Now
from kairos_plugins.ear.experimental.hum import Hum
from kairos_plugins.ear.experimental.knock import Knock
from kairos_plugins.ear.experimental.ring import Ring
from kairos_plugins.ear.experimental.siren import Siren
from kairos_plugins.ear.frontend import FRAMES_A_SECOND
from kairos_plugins.ear.hearing import Frame


class Kind(NamedTuple):
    """How to hear a sound, and how it goes on."""

    detector: Callable[[], Detector]
    patience_s: float
    """Without a sign for so long it is over, and may begin again."""
    lasts: bool
    """Whether its end is told as well."""


KINDS: Final[dict[str, Kind]] = {
    "siren": Kind(Siren, 6.0, lasts=True),
    "ring": Kind(Ring, 8.0, lasts=True),
    "knock": Kind(Knock, 5.0, lasts=False),
    "hum": Kind(Hum, 30.0, lasts=False),
}


class Spell(NamedTuple):
    """What began, or ended after so many seconds."""

    now: Now
    ended_after: float | None


class _Open(NamedTuple):
    now: Now
    since: int
    sign: int


class Spells:
    """Those of one listening."""

    def __init__(self, kinds: Sequence[str], sure: float) -> None:
        """Of `KINDS`, told from the probability `sure` on."""
        self._detectors = {kind: KINDS[kind].detector() for kind in kinds}
        self._sure = sure
        self._open = dict[str, _Open]()
        self._frames = 0

    def feed(self, frame: Frame) -> Iterator[Spell]:
        """What one frame begins and ends."""
        self._frames += 1
        for kind, detector in self._detectors.items():
            now, spell = detector.feed(frame), self._open.get(kind)
            if now is not None and now.probability >= self._sure:
                self._open[kind] = _Open(now, spell.since if spell else self._frames, self._frames)
                if spell is None:
                    yield Spell(now, None)
            elif spell is not None and self._frames - spell.sign > KINDS[kind].patience_s * FRAMES_A_SECOND:
                del self._open[kind]
                if KINDS[kind].lasts:
                    yield Spell(spell.now, (spell.sign - spell.since) / FRAMES_A_SECOND)
