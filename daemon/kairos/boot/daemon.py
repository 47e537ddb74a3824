"""The story of a daemon's life: the only place that wires. Read `serve` from top to bottom.

Whatever was opened is closed in reverse, also when a later step fails. Every long-lived task has a
plain name, so a hang can be read off a dump.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec

from kairos import __version__, act, inbox, ledger
from kairos.act.actuators import built_in
from kairos.boot.control import Control
from kairos.boot.gauges import Gauges
from kairos.bus import Codec, Doorman, Feed, StateLock, bind
from kairos.config import Loaded, MindSettings, Overrides, Places, load
from kairos.database import Database
from kairos.errors import KairosError, SettingsError, StoreUnavailable
from kairos.events import Decision, Event, Priority
from kairos.heartbeat import Heartbeat
from kairos.host import Host, PluginRecord, discover
from kairos.host.host import Context
from kairos.ledger.chain import signing_key
from kairos.logs import get_logger
from kairos.ports import Drivers, Mind, Supervisor, TickListener
from kairos.schedule import Absence, Schedule, is_awake
from kairos.settle import Settler
from kairos.watchdog import Watchdog

SCHEMAS: Final = (inbox.SCHEMA, ledger.SCHEMA, act.SCHEMA)
_GAUGES_S: Final = 10.0
_DAY_S: Final = 86400.0
_RETRY_S: Final = 2.0

log = get_logger("boot")

OpenMind = Callable[[AsyncExitStack, MindSettings, Places, Sequence[str]], Awaitable[Mind]]


class Daemon:
    """One instance, from lock to last flush. `serve` it inside an anyio task group on asyncio."""

    def __init__(
        self, loaded: Loaded, places: Places, *, open_mind: OpenMind | None = None,
        config: Path | None = None, overrides: Overrides | None = None, signals: bool = True,
        plugins: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """`open_mind` opens another mind than the resident model; `plugins` are handed in instead of discovered."""
        self.loaded = loaded
        self.settings = loaded.settings
        self.places = places
        self._open_mind = open_mind or resident_mind
        self._config = config
        self._overrides = overrides
        self._signals = signals
        self._plugins = plugins
        self._stop = anyio.Event()
        self.listeners: list[TickListener] = []
        """Further listeners to ticks; add to it before `serve`."""

    def stop(self) -> None:
        """Finish the frame in hand, flush, and go."""
        self._stop.set()

    async def serve(self, *, task_status: anyio.abc.TaskStatus[Daemon] = anyio.TASK_STATUS_IGNORED) -> None:
        """Live until stopped; started once the first beat is done."""
        drivers = _drivers()
        self.supervisor: Supervisor = drivers.pop("supervisor")
        self.supervisor.notify("STATUS=opening the state directory")
        self._prepare()
        async with AsyncExitStack() as stack:
            stack.enter_context(StateLock(self.places.lock))
            await self._open_stores(stack)
            self._open_bus(stack)
            self._open_host(Drivers(**drivers))
            await self._open_mind_and_loop(stack, Drivers(**drivers))
            await self._run(stack, task_status)

    def _prepare(self) -> None:
        try:
            self.places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(self.places.state, error.strerror or str(error)) from error

    async def _open_stores(self, stack: AsyncExitStack) -> None:
        s = self.settings
        self.database = await stack.enter_async_context(Database(self.places.database, SCHEMAS, on_health=self._store_health))
        self.ledger = ledger.Ledger(self.database, s.ledger, signing_key(self.places.keys))
        self.inbox = inbox.Inbox(self.database, s.inbox, receipt=self.ledger.append)
        await self.inbox.open()
        self.actions = act.Actions()
        self.retained = ledger.Retained()
        stack.push_async_callback(self._last_words)

    def _open_bus(self, stack: AsyncExitStack) -> None:
        bound = stack.enter_context(bind(self.settings.bus, self.places))
        self.endpoints = bound.endpoints
        self.feed = Feed(bound.feed)
        self.doorman = Doorman(
            bound.events,
            Codec(self.settings.bus, width=lambda: self.mind.width if hasattr(self, "mind") else 0),
            accept=self.inbox.accept,
            refuse_when_full=self.inbox.refuse_when_full,
            arrived=self._arrived,
            control=Control(self).answer,
            look_up=self._look_up,
        )

    def _open_host(self, drivers: Drivers) -> None:
        def context(record: Any, emit: Any) -> Context:
            table = f"plugin.{record.name}"
            return Context(
                record, drivers=drivers, state_dir=self.places.state / "plugins" / record.name, emit=emit,
                convert=lambda into: self.loaded.convert(table, self.settings.plugin.get(record.name, {}), into),
                publish=self.feed.publish,
            )  # fmt: skip

        if self._plugins is None:
            records = discover(self.settings.plugins)
        else:
            records = [PluginRecord(name=name, plugin=plugin) for name, plugin in self._plugins.items()]
        self.host = Host(records, self.settings.plugins, context=context, accept=self.hear)

    async def _open_mind_and_loop(self, stack: AsyncExitStack, drivers: Drivers) -> None:
        actuators = built_in(self.settings.act, desktop=drivers.desktop, publisher=self.feed)
        actuators |= await self.host.actuators()
        usable = [name for name in actuators if name in self.settings.act.allow]
        if not usable:
            raise SettingsError("act.allow", "allows no actuator there is", allowed=", ".join(sorted(actuators)))
        self.supervisor.notify("STATUS=waking the mind", "EXTEND_TIMEOUT_USEC=300000000")
        log.info("mind.opening", model=self.settings.mind.model)
        started = time.monotonic()
        self.mind = await self._open_mind(stack, self.settings.mind, self.places, usable)
        lived = await self.database.read(self.retained.alive)
        await self.mind.restore([(item.frame, item.answer) for item in lived])
        log.info("mind.awake", s=round(time.monotonic() - started, 1), anchor=self.mind.anchor, retained=len(lived))
        self.hands = act.Hands(
            self.database, self.actions, actuators, self.settings.act,
            receipt=self.ledger.append, hear=self.hear, told=self.host.outcome,
        )  # fmt: skip
        self.settler = Settler(
            self.database, inbox=self.inbox, ledger=self.ledger, retained=self.retained, actions=self.actions,
            keep=ledger.RetainedFrame, cool_down_s=lambda: self.settings.act.cool_down_s, decided=self._decided,
        )  # fmt: skip
        self.watchdog = Watchdog(
            self.supervisor, stall_s=self.settings.mind.stall_s, interval_s=self.settings.heartbeat.interval_s
        )
        self.heartbeat = Heartbeat(
            self.settings.heartbeat, mind=self.mind, inbox=self.inbox, settler=self.settler, idle=self.ledger,
            listeners=[self.host.tick, self.watchdog.tick, *self.listeners],
            awake=lambda: is_awake(self.settings.heartbeat, time.time()),
        )  # fmt: skip
        self.gauges = Gauges(self)

    async def _run(self, stack: AsyncExitStack, task_status: anyio.abc.TaskStatus[Daemon]) -> None:
        heard = await self.inbox.last_heard()
        self.absence = Absence(self.settings.expect, heard, time.time())
        schedule = stack.enter_context(Schedule(self.settings.heartbeat))
        schedule.watch(self.absence, self.hear)
        schedule.remind(self.settings.remind, self.hear)
        schedule.every(self.settings.ledger.flush_s, self.flush, name="flush")
        schedule.every(_DAY_S, self._tidy, name="forget what is old")
        schedule.every(_GAUGES_S, self.gauges.tell, name="gauges")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.doorman.run, name="doorman")
            tasks.start_soon(self.hands.run, name="hands")
            tasks.start_soon(self.host.run, name="plugin host")
            tasks.start_soon(self.watchdog.run, self.mind.echo, name="watchdog")
            if self._signals:
                tasks.start_soon(self._listen_to_signals, name="signals")
            await tasks.start(self.heartbeat.run, name="heartbeat")
            self.supervisor.notify("READY=1", "STATUS=beating")
            log.info("daemon.ready", version=__version__, pid=self.endpoints.pid, events=self.endpoints.events)
            task_status.started(self)
            await self._stop.wait()
            log.info("daemon.stopping", waiting=self.inbox.waiting)
            self.supervisor.notify("STOPPING=1", "STATUS=stopping")
            tasks.cancel_scope.cancel()

    async def hear(self, *events: Event) -> None:
        """Store events of our own; a full disk is waited out."""
        while True:
            try:
                await self.inbox.accept(events)
                break
            except StoreUnavailable:
                await anyio.sleep(_RETRY_S)
        self._arrived(events)

    async def flush(self) -> None:
        """Write the idle summary and publish the chain's head."""
        with contextlib.suppress(StoreUnavailable):
            head = await self.ledger.flush()
            self.feed.publish("head", msgspec.to_builtins(head))
            log.debug("ledger.head", n=head.n, hash=head.hash)

    def reload(self) -> None:
        """Read the settings again; wrong ones are reported and the old ones stay.

        What may change while living: heartbeat, act, log level. The rest says that it waits for a restart.
        """
        self.supervisor.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            loaded = load(self._config, self._overrides)
        except KairosError as error:
            log.error("settings.refused", reason=str(error), kept="the settings in use")
        else:
            living = ("heartbeat", "act")
            waiting = [
                f for f in self.settings.__struct_fields__ if f not in living and getattr(loaded.settings, f) != getattr(self.settings, f)
            ]
            self.settings = msgspec.structs.replace(self.settings, **{name: getattr(loaded.settings, name) for name in living})
            self.heartbeat.settings = self.settings.heartbeat
            self.hands.settings = self.settings.act
            log.info("settings.reloaded", waits_for_restart=waiting)
        self.supervisor.notify("READY=1", "STATUS=beating")

    async def _listen_to_signals(self) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async for number in signals:
                if number == signal.SIGHUP:
                    self.reload()
                else:
                    self.stop()

    def _arrived(self, events: Sequence[Event]) -> None:
        now = time.time()
        for event in events:
            self.absence.heard(event.source, now) if hasattr(self, "absence") else None
        if any(event.priority <= Priority.INTERACTIVE for event in events) and hasattr(self, "heartbeat"):
            self.heartbeat.wake()

    def _decided(self, seqs: list[int], decision: Decision) -> None:
        self.doorman.decided(seqs, decision)
        self.hands.wake()

    async def _look_up(self, receipt: int) -> dict[str, Any] | None:
        def job(connection: Any) -> dict[str, Any] | None:
            row = connection.execute("SELECT body FROM receipts WHERE n=?", (receipt,)).fetchone()
            if row is None:
                return None
            body = msgspec.json.decode(row[0])
            found = connection.execute("SELECT what FROM actions WHERE receipt=?", (receipt,)).fetchone()
            answer = {"type": "verdict", "verdict": body.get("verdict", "NO_OP"), "margin": body.get("margin"), "receipt": receipt}
            return answer | ({"actuator": body["actuator"], "what": found[0]} if found else {})

        return await self.database.read(job)

    def _store_health(self, trouble: StoreUnavailable | None) -> None:
        if trouble is None:
            log.info("store.recovered")
        else:
            log.error("store.unavailable", reason=str(trouble))
        if hasattr(self, "feed"):
            self.feed.publish("state", {"store": "ok" if trouble is None else trouble.reason})

    async def _tidy(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.inbox.forget()
            await self.ledger.prune()

    async def _last_words(self) -> None:
        with anyio.CancelScope(shield=True):
            try:
                head = await self.ledger.flush()
                log.info("daemon.stopped", receipts=head.n, head=head.hash)
            except StoreUnavailable as error:
                log.warning("daemon.stopped", unsaved=str(error))


def _drivers() -> dict[str, Any]:
    """Every installed driver by name; one that cannot load is left out and said once."""
    found: dict[str, Any] = {}
    for point in entry_points(group="kairos.drivers"):
        try:
            found[point.name] = point.load()()
        except Exception as error:  # noqa: BLE001 - a missing library is a degraded part
            log.warning("driver.missing", driver=point.name, reason=str(error))
    return found


async def resident_mind(stack: AsyncExitStack, settings: MindSettings, places: Places, actuators: Sequence[str]) -> Mind:
    """The mind the settings name, on its own thread."""
    from kairos.mind.resident import ModelThread, open_mind, use_threads

    use_threads(settings.threads)
    thread = await stack.enter_async_context(ModelThread())
    return await open_mind(thread, settings, models=places.models, actuators=actuators)


async def run(daemon: Daemon) -> None:
    """Serve as the main task of a process."""
    asyncio.current_task().set_name("daemon")  # type: ignore[union-attr]
    await daemon.serve()
