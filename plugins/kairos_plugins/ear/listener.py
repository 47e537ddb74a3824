"""The ear's own thread: open a source of sound, listen, and open it again, whatever becomes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from kairos.api import FixedPoint, KairosError, Listening, Microphone, MicrophoneUnavailable, Utterance, get_logger
from kairos_plugins.ear.clips import Clips
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME, Samples
from kairos_plugins.ear.hearing import Ear, Models
from kairos_plugins.ear.switch import Switch
from kairos_plugins.ear.tell import News, Teller
from kairos_plugins.ear.utterances import Features, Utterances

_SILENT_S: Final = 1.0
"""A device that hands over nothing for so long has gone; silence itself is handed over."""
_AGAIN_S: Final = 1.0
_STATUS_S: Final = 2.0

log = get_logger("ear")


class Told:
    """Where a listener's findings go: three functions that return at once, called on its thread."""

    def __init__(self, *, news: Callable[[News], None], share: Callable[[Utterance], None], status: Callable[[str], None]) -> None:
        self.news, self.share, self.status = news, share, status


class Listener:
    """`run` belongs to one thread; `stop` and `heard_ourselves` to any."""

    def __init__(
        self, settings: EarSettings, engine: FixedPoint, microphone: Microphone, *, switch: Switch, clips: Clips, told: Told
    ) -> None:
        self._settings, self._engine, self._microphone = settings, engine, microphone
        self._switch, self._clips, self._told = switch, clips, told
        self._stopped = threading.Event()
        self._own_until = 0.0

    def stop(self) -> None:
        """Return from `run` soon."""
        self._stopped.set()

    def heard_ourselves(self) -> None:
        """The daemon makes a noise now: what is spoken meanwhile may be our own."""
        self._own_until = time.monotonic() + self._settings.own_noise_s

    def run(self) -> None:
        """Until stopped; a trouble is said once, and again when it is over."""
        trouble, models = "", Models(self._engine)
        while not self._stopped.is_set():
            try:
                listening = self._microphone.open(self._settings.device)
            except MicrophoneUnavailable as error:
                if str(error) != trouble:
                    trouble = str(error)
                    log.warning("ear.no_microphone", reason=trouble)
                    self._told.status(f"deaf: {trouble}")
                self._stopped.wait(_AGAIN_S)
                continue
            log.info("ear.listening", device=listening.name, again=bool(trouble))
            trouble = ""
            try:
                self._hear(listening, models)
            except KairosError as error:
                trouble = str(error)
                log.warning("ear.lost", reason=trouble)
            finally:
                listening.close()

    def _hear(self, listening: Listening, models: Models) -> None:
        """Until the device falls silent for good; raises `MicrophoneUnavailable` then."""
        one, lost, shown = _Attention(models, self._settings), 0, 0.0
        while not self._stopped.is_set():
            samples = listening.read(_SILENT_S)
            if samples is None:
                raise MicrophoneUnavailable(listening.name, f"no sound came for {_SILENT_S:g} s")
            closed = self._switch.closed
            if closed:
                self._share(one.said.rest())
                self._clips.forget()
                one = _Attention(models, self._settings) if one.used else one
            else:
                self._frames(one, samples)
            if listening.lost > lost:
                log.warning("ear.overrun", samples=listening.lost - lost, device=listening.name)
                lost = listening.lost
            if time.monotonic() - shown > _STATUS_S:
                shown = time.monotonic()
                doing = closed or f"listening to {listening.name}: {one.teller.state}"
                self._told.status(f"{doing}{f', {lost} samples lost' if lost else ''}")

    def _frames(self, one: _Attention, samples: Samples) -> None:
        for samples_of_frame in one.ear.frames(samples):
            one.used = True
            self._clips.feed(samples_of_frame)
            own, frame = time.monotonic() < self._own_until, one.ear.frame(samples_of_frame)
            for news in one.teller.feed(frame, own=own):
                self._clips.keep(news.event)
                self._told.news(news)
            self._share(one.said.rest() if own else one.said.feed(frame.features, speaking=one.teller.speaking))

    def _share(self, features: Features | None) -> None:
        if features is not None:
            self._told.share(Utterance(place=self._settings.place, seconds=len(features) * FRAME / RATE, features=features))


class _Attention:
    """What one stretch of listening remembers."""

    def __init__(self, models: Models, settings: EarSettings) -> None:
        self.ear, self.teller, self.said = Ear(models), Teller(settings), Utterances()
        self.used = False
