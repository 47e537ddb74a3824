"""A plugin can fail alone: every way of failing, beside one that works."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from kairos.config import PluginsSettings
from kairos.errors import SettingsError
from kairos.events import Tick
from kairos.hooks import hookimpl
from kairos.host import Host, PluginRecord, PluginStatus, discover
from kairos.host.host import Context
from kairos.ports import Drivers, Utterance
from kairos.testing import FakeActuator, event

pytestmark = pytest.mark.anyio
TICK = Tick(number=1, cause="interval", at=0.0, decisions=(), idle_margin=-5.0, waiting=0, anchor=1, ms=1.0)


class Good:
    def __init__(self):
        self.ticks = []

    @hookimpl
    async def kairos_tick(self, tick):
        self.ticks.append(tick.number)


class House:
    """A host over plugins given by name."""

    def __init__(self, folder, settings=None, **plugins):
        self.accepted = []
        self.records = {name: PluginRecord(name=name, plugin=plugin) for name, plugin in plugins.items()}
        self.settings = settings or PluginsSettings(hook_timeout_s=0.1, strikes=2, park_s=60)

        def context(record, emit):
            return Context(
                record, drivers=Drivers(), state_dir=folder / record.name, emit=emit,
                convert=lambda into: into(), publish=lambda topic, body: None,
            )  # fmt: skip

        self.host = Host(list(self.records.values()), self.settings, context=context, accept=self._accept)

    async def _accept(self, *events):
        self.accepted += events

    async def live(self, seconds, ticks=0):
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.host.run)
                await anyio.sleep(0.01)
                for _ in range(ticks):
                    self.host.tick(TICK)
                    await anyio.sleep(0.01)
                await anyio.sleep(seconds)


async def test_a_raising_hook_costs_only_its_own_plugin_its_turn(folder):
    class Bad:
        @hookimpl
        def kairos_tick(self, tick):
            raise ZeroDivisionError

    good = Good()
    house = House(folder, good=good, bad=Bad())
    await house.live(0.1, ticks=5)

    assert len(good.ticks) == 5
    assert house.records["bad"].status is PluginStatus.PARKED
    assert "ZeroDivisionError" in house.records["bad"].detail


async def test_a_hanging_coroutine_is_left_behind(folder):
    class Bad:
        @hookimpl
        async def kairos_tick(self, tick):
            while True:
                try:
                    await anyio.sleep(60)
                except BaseException:
                    if self.free:
                        raise
                    continue

        free = False

    good, bad = Good(), Bad()
    house = House(folder, good=good, bad=bad)
    try:
        await house.live(0.5, ticks=3)
    finally:
        bad.free = True

    assert len(good.ticks) == 3
    assert house.records["bad"].timeouts == 2
    for task in __import__("asyncio").all_tasks():
        if "kairos_tick" in repr(task):
            task.cancel()
    await anyio.sleep(0.01)


async def test_a_hanging_thread_is_left_behind_and_counted(folder):
    release = threading.Event()

    class Bad:
        @hookimpl
        def kairos_tick(self, tick):
            release.wait(30)

    good = Good()
    house = House(folder, good=good, bad=Bad())
    await house.live(0.4, ticks=3)
    hung = house.records["bad"].hung_threads
    release.set()
    await anyio.sleep(0.05)

    assert len(good.ticks) == 3
    assert hung == 2
    assert house.records["bad"].hung_threads == 0


async def test_a_slow_plugin_loses_its_own_calls_only(folder):
    class Slow:
        @hookimpl
        def kairos_tick(self, tick):
            time.sleep(0.02)

    good = Good()
    house = House(folder, good=good, slow=Slow())
    with anyio.move_on_after(0.5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.host.run)
            await anyio.sleep(0.01)
            for n in range(200):
                house.host.tick(TICK)
                if n % 20 == 0:
                    await anyio.sleep(0.001)
            await anyio.sleep(5)

    assert "too slow" in house.records["slow"].detail


async def test_a_life_that_raises_is_started_again_with_growing_pauses(folder):
    class Bad:
        lives = 0

        @hookimpl
        async def kairos_run(self, context):
            self.lives += 1
            raise OSError("gone")

    bad = Bad()
    house = House(folder, bad=bad)
    await house.live(1.3)

    assert bad.lives == 2
    assert house.records["bad"].status is PluginStatus.PARKED


async def test_a_flood_is_slowed_to_the_rate_of_the_settings(folder):
    class Flood:
        @hookimpl
        async def kairos_run(self, context):
            n = 0
            while True:
                n += 1
                await context.emit(event(number=n))

    house = House(folder, PluginsSettings(events_per_s=50), flood=Flood())
    await house.live(0.5)

    assert len(house.accepted) <= 50 + 30


async def test_a_hook_that_does_not_exist_is_a_load_failure_of_that_plugin(folder):
    class Wrong:
        @hookimpl
        def kairos_tikc(self, tick):
            pass

    good = Good()
    house = House(folder, good=good, wrong=Wrong())
    await house.live(0.05, ticks=1)

    assert house.records["wrong"].status is PluginStatus.LOAD_FAILED
    assert good.ticks == [1]


async def test_an_actuator_name_taken_twice_goes_to_the_first(folder):
    class A:
        @hookimpl
        def kairos_actuators(self):
            return [FakeActuator("lamp")]

    class B(A):
        @hookimpl
        def kairos_actuators(self):
            return [FakeActuator("lamp"), FakeActuator("bell"), "nonsense"]

    house = House(folder, a=A(), b=B())

    assert sorted(await house.host.actuators()) == ["bell", "lamp"]


def test_installed_plugins_are_found_and_can_be_switched_off():
    records = {record.name: record for record in discover(PluginsSettings(disable=("sysmon",)))}

    assert {"logwatch", "sysmon", "telemetry"} <= records.keys()
    assert records["sysmon"].status is PluginStatus.DISABLED
    assert records["telemetry"].status is PluginStatus.LOADED


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('no such thing')", "no such thing"),
        ("raise SystemExit(1)", "SystemExit"),
        ("import time; time.sleep(3)", "took longer"),
    ],
)
def test_an_import_that_fails_in_any_way_is_a_record(folder, monkeypatch, code, said):
    from importlib.metadata import EntryPoint

    name = f"bad_{abs(hash(code))}"
    (folder / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(str(folder))
    point = EntryPoint(name="bad", value=f"{name}:X", group="kairos.plugins")
    monkeypatch.setattr("kairos.host.discovery.entry_points", lambda group: [point])

    (record,) = discover(PluginsSettings(), timeout_s=0.3)

    assert record.status is PluginStatus.LOAD_FAILED
    assert said in record.detail


def test_settings_errors_of_plugins_name_the_key():
    from kairos.config import Loaded, Settings
    from kairos_plugins.sysmon.config import SysmonSettings

    loaded = Loaded(settings=Settings(), origins={"plugin.sysmon.evry_s": "k.toml:9"})

    with pytest.raises(SettingsError, match=r"k\.toml:9: setting `plugin\.sysmon\.evry_s` is unknown .*every_s"):
        loaded.convert("plugin.sysmon", {"evry_s": 1}, SysmonSettings)


async def test_an_utterance_one_plugin_shares_reaches_every_other_that_listens(folder):
    heard = anyio.Event()

    class Ear:
        @hookimpl
        async def kairos_run(self, context):
            while not heard.is_set():
                context.share(Utterance(place="desk", seconds=1.0, features=[1]))
                await anyio.sleep(0.01)
            await anyio.sleep_forever()

    class Listener:
        @hookimpl
        async def kairos_utterance(self, utterance):
            assert utterance.place == "desk"
            heard.set()

    house = House(folder, ear=Ear(), listener=Listener())
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.host.run)
            await heard.wait()
            tasks.cancel_scope.cancel()
