"""The model's own thread, for the daemon's whole life, and the `Mind` port over it.

A thread of our own because anyio prunes idle workers after ten seconds and torch's thread-local
state goes with them. Liveness is read here: `last_progress` moves only when a piece of work on this
thread was finished.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import anyio
import msgspec

from kairos.config import MindSettings, Places
from kairos.events import Frame, Judgement
from kairos.ports import Mind

if TYPE_CHECKING:
    from kairos.mind.opened import Opened
    from kairos.mind.snapshot import RingFile

T = TypeVar("T")
_LAST_WORK_S = 30.0


class ModelThread:
    """One thread that runs what it is handed, in order."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)
        self.last_progress = time.monotonic()
        self.busy_since: float | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for the work in hand: an interpreter that ends under a thread inside torch aborts."""
        self._jobs.put(None)
        with anyio.CancelScope(shield=True):
            await asyncio.to_thread(self._thread.join, _LAST_WORK_S)

    async def run(self, job: Callable[[], T]) -> T:
        """Run `job` on the thread; a cancelled caller does not cancel the work."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((job, future))
        return await future

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, future = item
            self.busy_since = time.monotonic()
            try:
                self._tell(future, job(), None)
            except Exception as error:  # noqa: BLE001 - it belongs to the awaiting caller
                self._tell(future, None, error)
            self.busy_since = None
            self.last_progress = time.monotonic()

    def _tell(self, future: asyncio.Future[Any], value: Any, error: Exception | None) -> None:
        def deliver() -> None:
            if future.done():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(deliver)
        except RuntimeError:
            return  # the loop is gone: we are stopping


class ResidentMind(Mind):
    """The default mind behind the port. Open with `open_mind`."""

    def __init__(self, thread: ModelThread, opened: Opened, *, places: Places, kept: RingFile, key: bytes) -> None:
        self._thread = thread
        self._reflex = opened.reflex
        self._memo = opened.memo
        self._places = places
        self._kept = kept
        self._key = key
        self._width = opened.session.width
        self.digests = opened.digests

    @property
    def anchor(self) -> int:
        """KV position every NO_OP returns to."""
        return self._reflex.anchor

    @property
    def width(self) -> int:
        """Numbers in one latent row."""
        return self._width

    @property
    def rows(self) -> str:
        """Digest of the embedding whose rows it takes."""
        return self.digests["rows"]

    async def judge(self, frame: Frame) -> Judgement:
        """See `Mind.judge`."""
        return await self._thread.run(lambda: self._reflex.judge(frame))

    async def commit(self) -> None:
        """See `Mind.commit`."""
        await self._thread.run(self._reflex.commit)

    async def rewind(self) -> None:
        """See `Mind.rewind`."""
        await self._thread.run(self._reflex.rewind)

    async def restore(self, lived: Sequence[tuple[Frame, str]]) -> int:
        """See `Mind.restore`."""

        def job() -> int:
            warm = self._reflex.restore(lived, self._kept)
            if self._memo is not None:
                self._memo.read(self._places.memo, key=self._key, made_by=self.digests)
            return warm

        return await self._thread.run(job)

    async def rule(self, sentences: Sequence[str]) -> None:
        """See `Mind.rule`."""
        await self._thread.run(lambda: self._reflex.rule(sentences))

    async def save(self) -> bool:
        """See `Mind.save`."""

        def job() -> bool:
            moved = self._reflex.save(self._kept)
            if self._memo is not None:
                self._memo.write(self._places.memo, key=self._key, made_by=self.digests)
            return moved

        return await self._thread.run(job)

    @property
    def known(self) -> dict[str, int]:
        """Counts of ticks that were known; empty with the memo off."""
        return msgspec.to_builtins(self._memo.statistics) if self._memo is not None else {}

    async def trim(self) -> int:
        """See `Mind.trim`."""
        return await self._thread.run(self._reflex.trim)

    async def echo(self) -> None:
        """See `Mind.echo`."""
        await self._thread.run(lambda: None)


async def open_mind(
    thread: ModelThread, settings: MindSettings, *, places: Places, actuators: Sequence[str], key: bytes
) -> ResidentMind:  # fmt: skip
    """Load the model on its thread and prefill the policy; `key` seals the snapshot. Takes seconds; the first time ever, 20 more."""

    def job() -> ResidentMind:
        from kairos.mind.opened import open_reflex, use_threads
        from kairos.mind.snapshot import RingFile

        use_threads(settings.threads)
        opened = open_reflex(settings, places.models, actuators)
        kept = RingFile(places.ring, key=key, made_by=opened.digests)
        return ResidentMind(thread, opened, places=places, kept=kept, key=key)

    return await thread.run(job)
