"""`projector`: what the ear heard said becomes rows of the mind's own embedding, and those become an event.

No text in between: the rows go into the same frame a line of text would, and the receipt says what they read as.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectSendStream

from kairos.api import Event, FixedPoint, KairosError, PluginContext, Priority, Utterance, get_logger, hookimpl, new_id
from kairos_plugins.projector.config import ProjectorSettings
from kairos_plugins.projector.words import PROJECTOR, WEIGHTS, Words, wire

_WAITING = 16

log = get_logger("projector")


class ProjectorPlugin:
    """The plugin."""

    def __init__(self) -> None:
        self._send: MemoryObjectSendStream[Utterance] | None = None

    @hookimpl
    async def kairos_utterance(self, utterance: Utterance) -> None:
        """Take it, if we listen."""
        if self._send is None:
            return
        try:
            self._send.send_nowait(utterance)
        except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            log.warning("projector.dropped", seconds=utterance.seconds, reason=f"{_WAITING} utterances wait")

    @hookimpl
    async def kairos_run(self, context: PluginContext) -> None:
        """Turn utterances into events until cancelled."""
        settings: ProjectorSettings = context.settings(ProjectorSettings)
        if not settings.listen:
            context.status("not listening: set plugin.projector.listen to true")
            await anyio.sleep_forever()
        engine = context.drivers.fixed_point
        if engine is None:
            log.warning("projector.deaf", reason="there is no fixed-point engine: pip install 'kairosd[ear]'")
            context.status("deaf: no fixed-point engine")
            await anyio.sleep_forever()
        assert engine is not None
        projector = Path(settings.weights).expanduser() if settings.weights else WEIGHTS / PROJECTOR
        words = await self._words(context, engine, projector)
        send, receive = anyio.create_memory_object_stream[Utterance](_WAITING)
        context.status("waiting for speech")
        async with send, receive:
            self._send = send
            async for utterance in receive:
                await self._hear(context, settings, words, utterance)

    async def _words(self, context: PluginContext, engine: FixedPoint, projector: Path) -> Words:
        """Both halves; does not return where one is missing."""
        try:
            return await anyio.to_thread.run_sync(partial(Words, engine, projector=projector))
        except KairosError as error:
            log.warning("projector.deaf", reason=str(error))
            context.status(f"deaf: {error}")
        await anyio.sleep_forever()
        raise AssertionError

    async def _hear(self, context: PluginContext, settings: ProjectorSettings, words: Words, utterance: Utterance) -> None:
        bound = await anyio.to_thread.run_sync(words.heard, utterance.features)
        context.status(f"heard {len(bound.ids)} tokens in {utterance.seconds:.1f} s, p {bound.sure:.2f}")
        if not settings.passes(bound):
            return
        rows = wire(bound.rows, words.binder.model)
        await context.emit(
            Event(id=new_id(), source=settings.source, kind="latent", priority=Priority.INTERACTIVE, at=time.time(), rows=rows)
        )
