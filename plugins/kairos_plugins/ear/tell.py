"""What is heard, in sober words: one event when a sound is certain, one now and then while it lasts, one when it has ended."""

from __future__ import annotations

from typing import Final

import msgspec

from kairos.api import new_id
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.experimental.spells import Spell, Spells
from kairos_plugins.ear.frontend import CELLS_A_SECOND
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.patterns import Heard, Patterns
from kairos_plugins.ear.speech import Utterance, Voice

_SOUNDING: Final = {
    "smoke": "smoke alarm sounding, nobody has stopped it in {s} s: pattern three beeps, T3",
    "carbon_monoxide": "carbon-monoxide alarm sounding, nobody has stopped it in {s} s: pattern four beeps, T4",
    "beeper": "beeps that are no alarm, for {s} s",
}
_SILENT: Final = {
    "smoke": "the smoke alarm fell silent",
    "carbon_monoxide": "the carbon-monoxide alarm fell silent",
    "beeper": "the beeps ended",
}
_SHORTEST_S: Final = 0.3


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell."""

    text: str
    urgent: bool
    event: str = msgspec.field(default_factory=new_id)
    """Id of the event it becomes."""


class Teller:
    """News of one listening, frame by frame."""

    def __init__(self, settings: EarSettings) -> None:
        self._settings = settings
        self._patterns, self._voice = Patterns(), Voice()
        self._spells = Spells(settings.experimental, settings.sure)
        self._now = self._own_at = 0
        self._told_at: dict[str, int] = {}
        self._telling: Heard | None = None

    @property
    def state(self) -> str:
        """What goes on now, in a word or two."""
        if self._telling is not None:
            return self._telling.kind.replace("_", " ")
        return "somebody speaks" if self._voice.speaking else "quiet"

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._voice.speaking

    def feed(self, frame: Frame, *, own: bool = False) -> list[News]:
        """What this frame makes certain; `own` says that the daemon itself may be what is heard."""
        heard, utterance = self._patterns.feed(list(frame.tone), frame.bands), self._voice.feed(list(frame.speech))
        self._now += len(frame.tone)
        self._own_at = self._now if own else self._own_at
        found = self._alarm(heard) if self._settings.alarms else []
        if utterance is not None and self._settings.speech:
            found += self._speech(utterance)
        return found + [self._spell(spell) for spell in self._spells.feed(frame) if not own]

    def _alarm(self, heard: Heard | None) -> list[News]:
        before, going_on = self._telling, self._patterns.sounding
        if before is not None and going_on is None:
            self._telling = None
            return [News(text=f"{_SILENT[before.kind]}, {self._settings.place}", urgent=False)]
        if going_on is None or going_on.probability < self._settings.sure or not self._due(going_on.kind, first=heard is not None):
            return []
        self._telling = going_on
        seconds = round((self._now - going_on.start) / CELLS_A_SECOND)
        text = f"{_SOUNDING[going_on.kind].format(s=seconds)}, p {going_on.probability:.2f}, {self._settings.place}"
        return [News(text=text, urgent=going_on.kind != "beeper")]

    def _speech(self, utterance: Utterance) -> list[News]:
        if utterance.end is None or utterance.probability < self._settings.sure:
            return []
        seconds = (utterance.end - utterance.start) / CELLS_A_SECOND
        if utterance.start < self._own_at or seconds < _SHORTEST_S or not self._due("speech", first=False):
            return []
        return [News(text=f"speech for {seconds:.1f} s, p {utterance.probability:.2f}, {self._settings.place}", urgent=False)]

    def _spell(self, spell: Spell) -> News:
        now, ended = spell.now, spell.ended_after
        said = f"p {now.probability:.2f}" if ended is None else f"ended after {ended:.0f} s"
        return News(text=f"{now.words}, {said}, {self._settings.place}, an experimental guess", urgent=False)

    def _due(self, kind: str, *, first: bool) -> bool:
        """Whether `kind` may be told now; a pattern just recognised always may."""
        last = self._told_at.get(kind)
        if not first and last is not None and self._now - last < self._settings.refractory_s * CELLS_A_SECOND:
            return False
        self._told_at[kind] = self._now
        return True
