"""`ear`: listens to a microphone on a thread of its own and tells the daemon what it hears, in a line of text.

Sound is never stored and never leaves the process: each frame of 40 ms is turned into numbers and
forgotten. The ear never waits for the model, nor the model for the ear.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.from_thread
import anyio.to_thread

from kairos.api import (
    Event,
    FixedPoint,
    KairosError,
    Listening,
    Microphone,
    MicrophoneUnavailable,
    PluginContext,
    Priority,
    Utterance,
    get_logger,
    hookimpl,
    new_id,
    within,
)
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME
from kairos_plugins.ear.hearing import Ear, Models
from kairos_plugins.ear.tell import News, Teller
from kairos_plugins.ear.utterances import Utterances

_SILENT_S = 1.0
"""A device that hands over nothing for so long has gone; silence itself is handed over."""
_AGAIN_S = 1.0
_WAITING = 64
_STATUS_S = 2.0

log = get_logger("ear")


class EarPlugin:
    """The plugin."""

    @hookimpl
    async def kairos_run(self, context: PluginContext) -> None:
        """Listen until cancelled, whatever becomes of the device."""
        settings: EarSettings = context.settings(EarSettings)
        if not settings.listen:
            context.status("not listening: set plugin.ear.listen to true")
            await anyio.sleep_forever()
        engine, microphone = context.drivers.fixed_point, context.drivers.microphone
        if engine is None or microphone is None:
            missing = (
                "fixed-point engine: pip install 'kairosd[mind]'"
                if engine is None
                else "microphone: pip install 'kairosd[ear]' and install PortAudio (Debian: libportaudio2)"
            )
            log.warning("ear.deaf", reason=f"there is no {missing}")
            context.status(f"deaf: no {missing}")
            await anyio.sleep_forever()
        assert engine is not None
        assert microphone is not None
        send, receive = anyio.create_memory_object_stream[News](_WAITING)
        async with send, receive, anyio.create_task_group() as tasks:
            tasks.start_soon(_listen, settings, engine, microphone, send.send_nowait, context, name="ear")
            async for news in receive:
                priority = Priority.INTERACTIVE if news.urgent else Priority.BACKGROUND
                await context.emit(Event(id=new_id(), source="ear", kind="text", priority=priority, at=time.time(), text=news.text))


async def _listen(
    settings: EarSettings, engine: FixedPoint, microphone: Microphone, tell: Callable[[News], None], context: PluginContext
) -> None:
    """A thread of its own for as long as we live, so that a busy pool cannot make the ear wait."""
    ear = _Thread(
        settings, engine, microphone, context.status, lambda news: anyio.from_thread.run_sync(_offer, tell, news),
        lambda utterance: anyio.from_thread.run_sync(context.share, utterance),
    )  # fmt: skip
    try:
        await anyio.to_thread.run_sync(ear.run, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
    finally:
        ear.stop()


def _offer(tell: Callable[[News], None], news: News) -> None:
    try:
        tell(news)
    except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
        log.warning("ear.dropped", text=news.text, reason=f"{_WAITING} events wait")


class _Thread:
    """Open, listen, and open again."""

    def __init__(
        self, settings: EarSettings, engine: FixedPoint, microphone: Microphone, status: Callable[[str], None],
        tell: Callable[[News], None], share: Callable[[Utterance], None],
    ) -> None:  # fmt: skip
        self._settings, self._engine, self._microphone = settings, engine, microphone
        self._status, self._tell, self._share = status, tell, share
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Return from `run` soon."""
        self._stopped.set()

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
                    self._status(f"deaf: {trouble}")
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
        """Frame by frame until the device falls silent for good; raises `MicrophoneUnavailable` then."""
        ear, teller, said, lost, shown = Ear(models), Teller(self._settings), Utterances(), 0, 0.0
        while not self._stopped.is_set():
            samples = listening.read(_SILENT_S)
            if samples is None:
                raise MicrophoneUnavailable(listening.name, f"no sound came for {_SILENT_S:g} s")
            if self._muted():
                ear, teller, said = Ear(models), Teller(self._settings), Utterances()
            else:
                for frame in map(ear.frame, ear.frames(samples)):
                    for news in teller.feed(frame):
                        self._tell(news)
                    features = said.feed(frame.features, speaking=teller.speaking)
                    if features is not None:
                        self._share(Utterance(place=self._settings.place, seconds=len(features) * FRAME / RATE, features=features))
            if listening.lost > lost:
                log.warning("ear.overrun", samples=listening.lost - lost, device=listening.name)
                lost = listening.lost
            if time.monotonic() - shown > _STATUS_S:
                shown = time.monotonic()
                doing = "muted by plugin.ear.mute_hours" if self._muted() else f"listening to {listening.name}: {teller.state}"
                self._status(f"{doing}{f', {lost} samples lost' if lost else ''}")

    def _muted(self) -> bool:
        hours = self._settings.mute_hours
        return bool(hours) and within(hours, datetime.now().astimezone())
