"""`ear`: listens to a microphone on a thread of its own and tells the daemon what it hears, in a line of text.

Sound never leaves the process and is not stored unless the owner asks: each frame of 40 ms is turned into numbers and
forgotten. The ear never waits for the model, nor the model for the ear.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio
import anyio.from_thread
import anyio.to_thread

from kairos.api import Decision, Event, FixedPoint, KairosError, Microphone, Outcome, PluginContext, Priority, Request, get_logger, hookimpl
from kairos_plugins.ear.clips import Clips
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.lane import Lane, Lanes
from kairos_plugins.ear.listener import Listener, Told
from kairos_plugins.ear.switch import FOR_EVER, Switch
from kairos_plugins.ear.tell import News

_WAITING: Final = 64
_LONGEST_S: Final = 30 * 86_400

log = get_logger("ear")


class EarPlugin:
    """The plugin."""

    def __init__(self) -> None:
        self._settings = EarSettings()
        self._lane = Lane()
        self._switch: Switch | None = None
        self._listener: Listener | None = None

    @hookimpl
    async def kairos_run(self, context: PluginContext) -> None:
        """Listen until cancelled, whatever becomes of the device."""
        self._settings = settings = context.settings(EarSettings)
        if not settings.listen:
            context.status("not listening: set plugin.ear.listen to true")
            await anyio.sleep_forever()
        microphone = Lanes(self._lane) if settings.input == "lane" else context.drivers.microphone
        engine = context.drivers.fixed_point
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
            tasks.start_soon(self._listen, engine, microphone, send.send_nowait, context, name="ear")
            async for news in receive:
                priority = Priority.INTERACTIVE if news.urgent else Priority.BACKGROUND
                await context.emit(Event(id=news.event, source="ear", kind="text", priority=priority, at=time.time(), text=news.text))

    @hookimpl
    async def kairos_action(self, decision: Decision) -> None:
        """Something is about to be done, perhaps aloud."""
        self._noise(decision.actuator)

    @hookimpl
    async def kairos_outcome(self, outcome: Outcome) -> None:
        """Something was done, perhaps aloud."""
        self._noise(outcome.actuator if outcome.state == "done" else "")

    @hookimpl
    async def kairos_asked(self, request: Request) -> Mapping[str, Any]:
        """`mute` and `talk` (`seconds`), `unmute`, `hear` (`pcm`), `state`."""
        if self._switch is None:
            raise KairosError("the ear is not listening; `kairos plugins` says why")
        if request.do == "hear":
            return self._hear(request.body.get("pcm"))
        if request.do == "mute":
            self._switch.mute(_seconds(request.body, otherwise=FOR_EVER))
        elif request.do == "talk":
            self._switch.talk(_seconds(request.body, otherwise=None))
        elif request.do == "unmute":
            self._switch.unmute()
        elif request.do != "state":
            raise KairosError(f"the ear knows no {request.do!r}; it knows hear, mute, state, talk, unmute")
        closed = self._switch.closed
        return {"listening": not closed, "why": closed}

    async def _listen(self, engine: FixedPoint, microphone: Microphone, tell: Callable[[News], None], context: PluginContext) -> None:
        """A thread of its own for as long as we live, so that a busy pool cannot make the ear wait."""
        told = Told(
            news=lambda news: anyio.from_thread.run_sync(_offer, tell, news),
            share=lambda utterance: anyio.from_thread.run_sync(context.share, utterance),
            status=context.status,
        )
        clips = Clips(context.state_dir / "clips", self._settings.keep_clips)
        self._switch = Switch(self._settings)
        self._listener = Listener(self._settings, engine, microphone, switch=self._switch, clips=clips, told=told)
        try:
            await anyio.to_thread.run_sync(self._listener.run, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
        finally:
            self._listener.stop()
            self._switch = self._listener = None

    def _noise(self, actuator: str) -> None:
        if self._listener is not None and actuator in self._settings.audible:
            self._listener.heard_ourselves()

    def _hear(self, pcm: Any) -> Mapping[str, Any]:
        if self._settings.input != "lane":
            raise KairosError("the ear listens to a microphone; to send it sound, set plugin.ear.input to 'lane'")
        try:
            waiting = self._lane.offer(base64.b64decode(pcm, validate=True) if isinstance(pcm, str) else pcm)
        except binascii.Error as error:
            raise KairosError("`pcm` is text, but not base64") from error
        return {"waiting": waiting, "lost": self._lane.lost}


def _seconds(body: Mapping[str, Any], *, otherwise: float | None) -> float:
    found = body.get("seconds", otherwise)
    if isinstance(found, bool) or not isinstance(found, int | float) or not (0 < found <= _LONGEST_S or found == otherwise):
        raise KairosError(f"`seconds` is {found!r}, must be a number over 0 and at most {_LONGEST_S}")
    return float(found)


def _offer(tell: Callable[[News], None], news: News) -> None:
    try:
        tell(news)
    except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
        log.warning("ear.dropped", text=news.text, reason=f"{_WAITING} events wait")
