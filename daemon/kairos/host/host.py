"""The host: plugins by name, hooks called one by one, sources supervised, floods slowed.

Hooks never run inside the heartbeat: a beat posts to each plugin's own bounded queue and goes on.
pluggy finds and checks the implementations; its own call loop is not used, since there one raising
implementation loses the results of all others.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import pluggy

from kairos.config import PluginsSettings
from kairos.errors import KairosError, PluginError
from kairos.events import Decision, Event, Outcome, Tick, Verdict
from kairos.hooks import PROJECT, Hooks
from kairos.host.guard import Guard
from kairos.host.record import PluginRecord, PluginStatus
from kairos.logs import get_logger
from kairos.ports import Actuator, Drivers, Emit, Request, Utterance

_QUEUE: Final = 64
_FIRST_PAUSE_S: Final = 1.0

log = get_logger("host")


class Context:
    """A plugin's `PluginContext`."""

    def __init__(
        self, record: PluginRecord, *, drivers: Drivers, state_dir: Path, emit: Emit,
        convert: Callable[[type[Any]], Any], publish: Callable[[str, Mapping[str, Any]], None],
    ) -> None:  # fmt: skip
        self.drivers = drivers
        self._state_dir = state_dir
        self.emit = emit
        self._record = record
        self.settings = convert
        self.publish = publish
        self.share: Callable[[Utterance], None] = lambda _: None  # the host's, once it has us

    @property
    def state_dir(self) -> Path:
        """Made when first asked for."""
        self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._state_dir

    def status(self, text: str) -> None:
        """Shown by `kairos plugins`."""
        self._record.detail = text


class Host:
    """All plugins of one daemon."""

    def __init__(
        self, records: list[PluginRecord], settings: PluginsSettings, *,
        context: Callable[[PluginRecord, Emit], Context], accept: Emit, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """`accept` stores events; `context` makes a plugin's context."""
        self.records = records
        self._settings = settings
        self._accept = accept
        self._clock = clock
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._guards: dict[str, Guard] = {}
        self._contexts: dict[str, Context] = {}
        self._queues: dict[str, Any] = {}
        for record in records:
            if record.plugin is not None:
                self._register(record, context)

    def _register(self, record: PluginRecord, context: Callable[[PluginRecord, Emit], Context]) -> None:
        try:
            self._manager.register(record.plugin, name=record.name)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            self._manager.set_blocked(record.name)
            record.status, record.detail = PluginStatus.LOAD_FAILED, f"a hook does not fit: {error}"
            return
        record.hooks = tuple(sorted(c.name for c in self._manager.get_hookcallers(record.plugin) or ()))
        s = self._settings
        self._guards[record.name] = Guard(
            record, timeout_s=s.hook_timeout_s, strikes=s.strikes, park_s=s.park_s,
            hung_threads=s.hung_threads, clock=self._clock,
        )  # fmt: skip
        self._contexts[record.name] = made = context(record, self._emitter(record))
        made.share = self.utterance

    async def actuators(self) -> dict[str, Actuator]:
        """What plugins bring, by name; a name taken twice goes to the first."""
        found: dict[str, Actuator] = {}
        for name, guard in self._guards.items():
            function = self._implementation(name, "kairos_actuators")
            if function is None:
                continue
            brought = await guard.call("kairos_actuators", function, **_fitting(function, context=self._contexts[name]))
            for actuator in brought or []:
                if isinstance(actuator, Actuator) and actuator.name not in found:
                    found[actuator.name] = actuator
                else:
                    guard.strike(f"brought an actuator that is none, or whose name is taken: {actuator!r}")
        return found

    async def run(self) -> None:
        """Run every plugin's life and its queue until cancelled."""
        async with AsyncExitStack() as streams, anyio.create_task_group() as tasks:
            for name in self._guards:
                send, receive = anyio.create_memory_object_stream[tuple[str, dict[str, Any]]](_QUEUE)
                self._queues[name] = await streams.enter_async_context(send)
                await streams.enter_async_context(receive)
                tasks.start_soon(self._deliver, name, receive, name=f"plugin {name} hooks")
                if self._implementation(name, "kairos_run") is not None:
                    tasks.start_soon(self._live, name, name=f"plugin {name}")
            await anyio.sleep_forever()

    def tick(self, tick: Tick) -> None:
        """A beat is done."""
        self._post("kairos_tick", tick=tick)
        for decision in tick.decisions:
            if decision.verdict is Verdict.ACTION:
                self.action(decision)

    def action(self, decision: Decision) -> None:
        """An ACTION is on disk."""
        self._post("kairos_action", decision=decision)

    def outcome(self, outcome: Outcome) -> None:
        """An action came to something."""
        self._post("kairos_outcome", outcome=outcome)

    def utterance(self, utterance: Utterance) -> None:
        """Somebody spoke."""
        self._post("kairos_utterance", utterance=utterance)

    async def ask(self, name: str, request: Request) -> Mapping[str, Any]:
        """The plugin's answer; raises `PluginError` where it has none, or the `KairosError` it raised itself."""
        function = self._implementation(name, "kairos_asked") if name in self._guards else None
        if function is None:
            known = sorted(other for other in self._guards if self._implementation(other, "kairos_asked") is not None)
            raise PluginError(f"there is no plugin {name!r} that answers; there are {', '.join(known) or 'none'}")

        async def answered(request: Request) -> Any:
            try:
                return await _as_coroutine(function, request=request)
            except KairosError as error:
                return error

        found = await self._guards[name].call("kairos_asked", answered, request=request)
        if isinstance(found, KairosError):
            raise found
        if not isinstance(found, Mapping):
            raise PluginError(f"{name} gave no answer: {self._guards[name].record.detail}")
        return found  # pyright: ignore[reportUnknownVariableType]

    def gauges(self, gauges: Mapping[str, float]) -> None:
        """The daemon's numbers."""
        self._post("kairos_gauges", gauges=gauges)

    def _post(self, hook: str, **arguments: Any) -> None:
        for name, queue in self._queues.items():
            record = self._guards[name].record
            if hook not in record.hooks:
                continue
            try:
                queue.send_nowait((hook, arguments))
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                continue  # we are stopping
            except anyio.WouldBlock:
                record.detail = f"is too slow: {_QUEUE} calls wait, {hook} was left out"

    async def _deliver(self, name: str, receive: Any) -> None:
        guard = self._guards[name]
        async for hook, arguments in receive:
            function = self._implementation(name, hook)
            if function is not None:
                await guard.call(hook, function, **_fitting(function, **arguments))

    async def _live(self, name: str) -> None:
        """A plugin's own coroutine: restarted with growing pauses, however it ends."""
        guard, record = self._guards[name], self._guards[name].record
        function: Any = self._implementation(name, "kairos_run")
        pause = _FIRST_PAUSE_S
        while True:
            if record.callable:
                record.status = PluginStatus.RUNNING
                began = self._clock()
                try:
                    await _as_coroutine(function, context=self._contexts[name])
                    reason = "kairos_run returned"
                except Exception as error:  # noqa: BLE001 - containment
                    reason = f"kairos_run raised {type(error).__name__}: {error}"
                record.back_off()
                if self._clock() - began > self._settings.park_s:
                    pause, record.strikes = _FIRST_PAUSE_S, 0
                record.restarts += 1
                guard.strike(reason)
            elif record.status is PluginStatus.PARKED and self._clock() >= record.parked_until:
                record.back_off()
                record.strikes = 0
            elif record.status is PluginStatus.DEAD:
                return
            await anyio.sleep(pause)
            pause = min(pause * 2, self._settings.park_s)

    def _implementation(self, name: str, hook: str) -> Any:
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == name and not (implementation.hookwrapper or implementation.wrapper):
                return implementation.function
        return None

    def _emitter(self, record: PluginRecord) -> Emit:
        """Backpressure: durable before it returns, and no faster than `events_per_s`."""
        rate = self._settings.events_per_s
        credit, refilled = float(rate), self._clock()

        async def emit(*events: Event) -> None:
            nonlocal credit, refilled
            now = self._clock()
            credit = min(float(rate), credit + (now - refilled) * rate)
            refilled = now
            credit -= len(events)
            if credit < 0:
                await anyio.sleep(-credit / rate)
            await self._accept(*events)
            record.events += len(events)

        return emit


def _fitting(function: Any, **arguments: Any) -> dict[str, Any]:
    """Pluggy lets an implementation take fewer arguments than the specification has."""
    names = inspect.signature(function).parameters
    return {key: value for key, value in arguments.items() if key in names}


async def _as_coroutine(function: Any, **arguments: Any) -> Any:
    """Await a coroutine function; run a plain one in a thread that is left behind when we stop."""
    given = _fitting(function, **arguments)
    if inspect.iscoroutinefunction(function):
        return await function(**given)
    return await anyio.to_thread.run_sync(partial(function, **given), abandon_on_cancel=True)
