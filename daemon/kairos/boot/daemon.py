"""The story of a daemon's life: the only place that wires. Read `serve` from top to bottom.

The door opens before the mind wakes: events are durable while the model loads. Whatever was opened is
closed in reverse, also when a later step fails. Every long-lived task has a plain name, so a hang can
be read off a dump.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec

from kairos import __version__, act, inbox, ledger
from kairos.act.actuators import built_in
from kairos.boot.control import Control
from kairos.boot.drivers import load_drivers
from kairos.boot.gauges import Gauges
from kairos.boot.known import known_verdict
from kairos.boot.minds import OpenMind, resident_mind
from kairos.boot.reload import reload
from kairos.bus import Codec, Doorman, Feed, StateLock, bind
from kairos.config import Loaded, Overrides, Places
from kairos.config.rules import read_rules
from kairos.database import Database
from kairos.errors import SettingsError, StoreUnavailable
from kairos.events import Decision, Event, Priority
from kairos.heartbeat import Heartbeat
from kairos.host import Host, PluginRecord, discover
from kairos.host.host import Context
from kairos.ledger.chain import signing_key
from kairos.logs import get_logger
from kairos.ports import TickListener
from kairos.schedule import Absence, Schedule, is_awake, zone
from kairos.settle import Settler
from kairos.watchdog import Watchdog

SCHEMAS: Final = (inbox.SCHEMA, ledger.SCHEMA, act.SCHEMA)
_GAUGES_S: Final = 10.0
_HOUR_S: Final = 3600.0
_DAY_S: Final = 86400.0
_RETRY_S: Final = 2.0

log = get_logger("boot")


class Daemon:
    """One instance, from lock to last flush. `serve` it inside an anyio task group on asyncio."""

    def __init__(
        self, loaded: Loaded, places: Places, *, open_mind: OpenMind = resident_mind,
        config: Path | None = None, overrides: Overrides | None = None, signals: bool = True,
        plugins: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """`open_mind` opens another mind than the resident model; `plugins` are handed in instead of discovered."""
        self.loaded = loaded
        self.settings = loaded.settings
        self.places = places
        self.config = config
        self.overrides = overrides
        self.listeners: list[TickListener] = []
        """Further listeners to ticks; add to it before `serve`."""
        self.awake = False
        self.warm = 0
        """Retained frames that came from the snapshot at the last start."""
        self.rules: tuple[str, ...] = ()
        """Those of the owner that the mind judges under."""
        self._open_mind = open_mind
        self._signals = signals
        self._plugins = plugins
        self._stop = anyio.Event()
        self._head_said = float("-inf")
        self._wake_heart: Callable[[], None] = lambda: None
        self._publish: Callable[[str, Mapping[str, Any]], None] = lambda _topic, _body: None

    def stop(self) -> None:
        """Finish the frame in hand, flush, and go."""
        self._stop.set()

    async def reload(self) -> None:
        """Read the settings and the owner's rules again."""
        if self.awake:
            await reload(self)

    async def rule(self, sentences: Sequence[str]) -> None:
        """Have the mind judge under these rules, with a receipt of what it is now."""
        await self.mind.rule(sentences)
        self.rules = tuple(sentences)
        await self._say_what_judges()

    async def serve(self, *, task_status: anyio.abc.TaskStatus[Daemon] = anyio.TASK_STATUS_IGNORED) -> None:
        """Live until stopped; started once the first beat is done."""
        self.drivers, self.supervisor = load_drivers()
        self.supervisor.notify("STATUS=opening the state directory")
        self._make_state_directory()
        async with AsyncExitStack() as stack:
            stack.enter_context(StateLock(self.places.lock))
            await self._open_stores(stack)
            await self._open_bus(stack)
            self._open_host()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._until_stopped, tasks.cancel_scope, name="stop")
                if self._signals:
                    tasks.start_soon(self._listen_to_signals, name="signals")
                tasks.start_soon(self.doorman.run, name="doorman")
                await self._wake_the_mind(stack)
                self._start_schedule(stack)
                tasks.start_soon(self.hands.run, name="hands")
                tasks.start_soon(self.host.run, name="plugin host")
                tasks.start_soon(self.watchdog.run, self.mind.echo, name="watchdog")
                await tasks.start(self.heartbeat.run, name="heartbeat")
                self.awake = True
                self.supervisor.notify("READY=1", "STATUS=beating")
                log.info("daemon.ready", version=__version__, pid=self.endpoints.pid, events=self.endpoints.events)
                task_status.started(self)

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
            self._publish("head", msgspec.to_builtins(head))
            if time.monotonic() - self._head_said >= _HOUR_S:  # in the log too, so that a cut tail shows
                self._head_said = time.monotonic()
                log.info("ledger.head", n=head.n, hash=head.hash)

    def _make_state_directory(self) -> None:
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

    async def _open_bus(self, stack: AsyncExitStack) -> None:
        bound = stack.enter_context(bind(self.settings.bus, self.places))
        self.endpoints = bound.endpoints
        self.feed = Feed(bound.feed)
        self._publish = self.feed.publish
        self.absence = Absence(self.settings.expect, await self.inbox.last_heard(), time.time())
        self.codec = Codec(self.settings.bus)
        self.doorman = Doorman(
            bound.events, self.codec, accept=self.inbox.accept, refuse_when_full=self.inbox.refuse_when_full,
            arrived=self._arrived, control=Control(self).answer,
            look_up=lambda receipt: self.database.read(partial(known_verdict, receipt=receipt)),
        )  # fmt: skip
        self.gauges = Gauges(self)

    def _open_host(self) -> None:
        def context(record: Any, emit: Any) -> Context:
            table = f"plugin.{record.name}"
            return Context(
                record, drivers=self.drivers, state_dir=self.places.state / "plugins" / record.name, emit=emit,
                convert=lambda into: self.loaded.convert(table, self.settings.plugin.get(record.name, {}), into),
                publish=self.feed.publish,
            )  # fmt: skip

        if self._plugins is None:
            records = discover(self.settings.plugins)
        else:
            records = [PluginRecord(name=name, plugin=plugin) for name, plugin in self._plugins.items()]
        self.host = Host(records, self.settings.plugins, context=context, accept=self.hear)

    async def _wake_the_mind(self, stack: AsyncExitStack) -> None:
        s = self.settings
        actuators = built_in(s.act, desktop=self.drivers.desktop, publisher=self.feed) | await self.host.actuators()
        usable = [name for name in actuators if name in s.act.allow]
        if not usable:
            raise SettingsError("act.allow", "allows no actuator there is", allowed=", ".join(sorted(actuators)))
        self.supervisor.notify("STATUS=waking the mind", "EXTEND_TIMEOUT_USEC=300000000")
        log.info("mind.opening", model=s.mind.model)
        started = time.monotonic()
        self.mind = await self._open_mind(stack, s.mind, self.places, usable)
        self.rules = read_rules(self.places.policy)
        await self.mind.rule(self.rules)
        lived = await self.database.read(self.retained.alive)
        self.warm = await self.mind.restore([(item.frame, item.answer) for item in lived])
        await self._say_what_judges()
        stack.push_async_callback(self._save_ring)
        self.codec.width, self.codec.model = self.mind.width, self.mind.rows
        log.info("mind.awake", s=round(time.monotonic() - started, 1), anchor=self.mind.anchor, retained=len(lived), warm=self.warm)
        self.hands = act.Hands(
            self.database, self.actions, actuators, s.act,
            receipt=self.ledger.append, hear=self.hear, told=self.host.outcome, zone=zone(s.heartbeat),
        )  # fmt: skip
        settler = Settler(
            self.database, inbox=self.inbox, ledger=self.ledger, retained=self.retained, actions=self.actions,
            keep=ledger.RetainedFrame, hygiene=lambda: self.settings.act, decided=self._decided,
        )  # fmt: skip
        self.watchdog = Watchdog(self.supervisor, stall_s=s.mind.stall_s, interval_s=s.heartbeat.interval_s)
        self.heartbeat = Heartbeat(
            s.heartbeat, mind=self.mind, inbox=self.inbox, settler=settler, idle=self.ledger,
            listeners=[self.host.tick, self.watchdog.tick, *self.listeners],
            awake=lambda: is_awake(self.settings.heartbeat, time.time()),
        )  # fmt: skip
        self._wake_heart = self.heartbeat.wake

    def _start_schedule(self, stack: AsyncExitStack) -> None:
        schedule = stack.enter_context(Schedule(self.settings.heartbeat))
        schedule.watch(self.absence, self.hear)
        schedule.remind(self.settings.remind, self.hear)
        schedule.every(self.settings.ledger.flush_s, self.flush, name="flush")
        schedule.every(60 * self.settings.mind.snapshot_min, self._save_ring, name="snapshot of Ring 1")
        schedule.every(self.settings.act.alive_s, self.hands.alive, name="sign of life")
        schedule.every(_DAY_S, self._tidy, name="forget what is old")
        schedule.every(_GAUGES_S, self.gauges.tell, name="gauges")

    async def _say_what_judges(self) -> None:
        s = self.settings.mind
        body = {"model": s.model, "sensitivity": s.sensitivity, "rules": list(self.rules), "warm": self.warm}
        await self.database.write(lambda connection: self.ledger.append(connection, "awake", body))

    async def _until_stopped(self, everything: anyio.CancelScope) -> None:
        await self._stop.wait()
        log.info("daemon.stopping", waiting=self.inbox.waiting)
        self.supervisor.notify("STOPPING=1", "STATUS=stopping")
        everything.cancel()

    async def _listen_to_signals(self) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async for number in signals:
                if number == signal.SIGHUP:
                    await self.reload()
                else:
                    self.stop()

    def _arrived(self, events: Sequence[Event]) -> None:
        now = time.time()
        for event in events:
            self.absence.heard(event.source, now)
        if any(event.priority <= Priority.INTERACTIVE for event in events):
            self._wake_heart()

    def _decided(self, seqs: list[int], decision: Decision) -> None:
        self.doorman.decided(seqs, decision)
        self.hands.wake()

    def _store_health(self, trouble: StoreUnavailable | None) -> None:
        if trouble is None:
            log.info("store.recovered")
        else:
            log.error("store.unavailable", reason=str(trouble))
        self._publish("state", {"store": "ok" if trouble is None else trouble.reason})

    async def _tidy(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.inbox.forget()
            await self.ledger.prune()

    async def _save_ring(self) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self.mind.save()
            except StoreUnavailable as error:
                log.warning("ring.unsaved", reason=str(error))

    async def _last_words(self) -> None:
        with anyio.CancelScope(shield=True):
            try:
                head = await self.ledger.flush()
                log.info("daemon.stopped", receipts=head.n, head=head.hash)
            except StoreUnavailable as error:
                log.warning("daemon.stopped", unsaved=str(error))
