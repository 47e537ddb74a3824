"""One guarded call into a plugin: its own try, its own time, its own thread.

A coroutine that hangs is cancelled; one that swallows cancellation is left behind and counted; a
thread cannot be ended and is left behind and counted too. What blocks the event loop or takes the
process down cannot be contained here: such parts run as ZeroMQ clients (docs/plugins.md).
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

from kairos.host.record import PluginRecord, PluginStatus
from kairos.logs import get_logger

log = get_logger("host")


class Guard:
    """Calls hooks of one plugin and keeps its record true."""

    def __init__(
        self, record: PluginRecord, *, timeout_s: float, strikes: int, park_s: float, hung_threads: int,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.record = record
        self._timeout_s = timeout_s
        self._strikes = strikes
        self._park_s = park_s
        self._hung_threads = hung_threads
        self._clock = clock

    async def call(self, hook: str, function: Callable[..., Any], **arguments: Any) -> Any:
        """The hook's result, or None if it failed in whatever way."""
        self._unpark()
        if not self.record.callable:
            return None
        self.record.calls += 1
        try:
            result = await self._within(function, arguments)
        except TimeoutError:
            self.record.timeouts += 1
            self.strike(f"{hook} took longer than {self._timeout_s:g} s")
            return None
        except Exception as error:  # noqa: BLE001 - containment is this function's purpose
            self.strike(f"{hook} raised {type(error).__name__}: {error}")
            return None
        self.record.strikes = 0
        return result

    def strike(self, reason: str) -> None:
        """Count a failure; park the plugin when it has too many in a row."""
        record = self.record
        record.failures += 1
        record.strikes += 1
        record.detail = reason
        if record.hung_threads > self._hung_threads:
            record.status = PluginStatus.DEAD
            log.error("plugin.dead", plugin=record.name, reason="it left too many threads hanging")
        elif record.strikes >= self._strikes and record.status is not PluginStatus.PARKED:
            rest = self._park_s * 2**record.parks
            record.status, record.parked_until = PluginStatus.PARKED, self._clock() + rest
            record.parks += 1
            log.warning("plugin.parked", plugin=record.name, reason=reason, rest_s=rest)
        else:
            log.info("plugin.strike", plugin=record.name, reason=reason, strikes=record.strikes)

    def _unpark(self) -> None:
        record = self.record
        if record.status is PluginStatus.PARKED and self._clock() >= record.parked_until:
            record.status, record.strikes = PluginStatus.LOADED, 0
            log.info("plugin.tried_again", plugin=record.name)

    async def _within(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        if inspect.iscoroutinefunction(function):
            return await self._coroutine(function(**arguments))
        result = await self._thread(function, arguments)
        return await self._coroutine(result) if inspect.iscoroutine(result) else result

    async def _coroutine(self, coroutine: Any) -> Any:
        """Await it for a while; not `wait_for`, which waits for ever on one that swallows cancellation."""
        task = asyncio.ensure_future(coroutine)
        done, _ = await asyncio.wait({task}, timeout=self._timeout_s)
        if not done:
            task.cancel()
            task.add_done_callback(_forget)
            raise TimeoutError
        return task.result()

    async def _thread(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def deliver(value: Any, error: BaseException | None) -> None:
            if future.done():
                self.record.hung_threads -= 1  # it came back after all
            elif error is None:
                future.set_result(value)
            else:
                future.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))

        def work() -> None:
            value, failure = None, None
            try:
                value = function(**arguments)
            except BaseException as error:  # noqa: BLE001 - also SystemExit: a plugin may not end the daemon
                failure = error
            try:
                loop.call_soon_threadsafe(deliver, value, failure)
            except RuntimeError:
                return  # the loop is gone

        threading.Thread(target=work, name=f"plugin {self.record.name}", daemon=True).start()
        done, _ = await asyncio.wait({future}, timeout=self._timeout_s)
        if not done:
            self.record.hung_threads += 1
            future.cancel()
            raise TimeoutError
        return future.result()


def _forget(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()
