"""The plugin against a microphone of our own: what is heard becomes events; trouble is said once and mended."""

from __future__ import annotations

import threading
import wave
from pathlib import Path
from types import SimpleNamespace

import anyio
import numpy as np
import pytest
import structlog

from kairos.api import Drivers, KairosError, MicrophoneUnavailable, Outcome, Priority, Request
from kairos_drivers.gna.engine import Gna
from kairos_plugins.ear import listener, plugin
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.training import alarms

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


class Device:
    """Plays what it was given, piece by piece, then hands over nothing."""

    name, lost = "desk", 0

    def __init__(self, samples):
        self._pieces = np.array_split(samples, max(1, len(samples) // 5000)) if len(samples) else []
        self.closed = threading.Event()

    def read(self, timeout_s):
        return self._pieces.pop(0) if self._pieces else None

    def close(self):
        self.closed.set()


class Shop:
    """Microphones in the order they are opened; an error among them is raised."""

    def __init__(self, *devices):
        self._devices = list(devices)
        self.opened = 0

    def devices(self):
        return []

    def open(self, device):
        self.opened += 1
        found = self._devices.pop(0) if self._devices else MicrophoneUnavailable(None, "nothing is plugged in")
        if isinstance(found, Exception):
            raise found
        return found


def _alarm(seconds=24.0):
    rng = np.random.default_rng(4)
    sound = alarms.beeps("t3", rng, seconds).sound
    noise = 0.01 * rng.standard_normal(len(sound) + 32000)
    noise[16000 : 16000 + len(sound)] += 0.5 * sound
    return (noise * 20000).astype(np.int16)


async def _run(microphone, *, until, monkeypatch, state_dir=Path("unused"), meanwhile=None, **settings):
    monkeypatch.setattr(listener, "_AGAIN_S", 0.01)
    events, statuses = [], []

    async def emit(*some):
        events.extend(some)

    context = SimpleNamespace(
        settings=lambda into: into(listen=True, **settings), drivers=Drivers(fixed_point=Gna(), microphone=microphone), emit=emit,
        status=statuses.append, share=lambda _: None, state_dir=state_dir,
    )  # fmt: skip
    ear = plugin.EarPlugin()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ear.kairos_run, context)
        if meanwhile is not None:
            tasks.start_soon(meanwhile, ear)
        with anyio.fail_after(40):
            while not until(events, statuses):
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    return events, statuses


async def test_a_smoke_alarm_becomes_one_urgent_event_in_sober_words(monkeypatch):
    events, _ = await _run(
        Shop(Device(_alarm())), until=lambda events, _: bool(events), monkeypatch=monkeypatch, speech=False, place="desk"
    )

    assert [event.priority for event in events] == [Priority.INTERACTIVE]
    assert events[0].text.startswith("smoke alarm sounding, nobody has stopped it in ")
    assert events[0].text.endswith(", desk")


async def test_a_device_that_vanishes_is_closed_said_once_and_opened_again(monkeypatch):
    gone, shop = Device(np.zeros(5000, np.int16)), None
    shop = Shop(gone, MicrophoneUnavailable("desk", "busy"), MicrophoneUnavailable("desk", "busy"), Device(_alarm()))

    events, _ = await _run(shop, until=lambda events, _: bool(events), monkeypatch=monkeypatch, speech=False)

    assert "T3" in events[0].text
    assert gone.closed.is_set()
    said = [row["event"] for row in structlog.get_config()["processors"][0].entries if row["event"].startswith("ear.")]
    assert said[:4] == ["ear.listening", "ear.lost", "ear.no_microphone", "ear.listening"]


async def test_with_no_driver_it_says_what_to_install(monkeypatch):
    _, statuses = await _run(None, until=lambda _, statuses: bool(statuses), monkeypatch=monkeypatch)

    assert "libportaudio2" in statuses[0]


async def test_nothing_is_opened_until_the_owner_says_so():
    microphone, statuses = Shop(), []
    context = SimpleNamespace(
        settings=lambda _: EarSettings(), drivers=Drivers(fixed_point=Gna(), microphone=microphone), status=statuses.append
    )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(plugin.EarPlugin().kairos_run, context)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert microphone.opened == 0
    assert "plugin.ear.listen" in statuses[0]


async def test_in_mute_hours_nothing_is_heard(monkeypatch):
    device = Device(_alarm())

    events, statuses = await _run(
        Shop(device), until=lambda *_: device.closed.is_set(), monkeypatch=monkeypatch, mute_hours="00:00-23:59", speech=False
    )

    assert events == []
    assert any("muted" in status for status in statuses)


async def test_of_what_was_told_the_last_seconds_are_kept_where_the_owner_asks_for_it(monkeypatch, tmp_path):
    events, _ = await _run(
        Shop(Device(_alarm())),
        until=lambda events, _: bool(events),
        monkeypatch=monkeypatch,
        speech=False,
        keep_clips=2,
        state_dir=tmp_path,
    )

    (kept,) = (tmp_path / "clips").iterdir()
    assert kept.name == f"{events[0].id}.wav"
    with wave.open(str(kept)) as file:
        assert file.getframerate() == 16_000
        assert 16_000 < file.getnframes() <= 160_000


async def test_sound_is_not_stored_unless_asked(monkeypatch, tmp_path):
    await _run(Shop(Device(_alarm())), until=lambda events, _: bool(events), monkeypatch=monkeypatch, speech=False, state_dir=tmp_path)

    assert list(tmp_path.iterdir()) == []


async def test_clients_may_be_the_source_of_sound(monkeypatch):
    sound = _alarm()

    async def send(ear):
        start = 0
        while start < len(sound):
            try:
                answer = await ear.kairos_asked(Request(do="hear", body={"pcm": sound[start : start + 16_000].tobytes()}))
            except KairosError:  # not listening yet
                await anyio.sleep(0.01)
                continue
            start += 16_000
            while answer["waiting"] > 16_000:
                await anyio.sleep(0.01)
                answer = await ear.kairos_asked(Request(do="hear", body={"pcm": b""}))

    events, _ = await _run(None, until=lambda events, _: bool(events), monkeypatch=monkeypatch, meanwhile=send, input="lane", speech=False)

    assert "T3" in events[0].text


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request(do="sing", body={}), "it knows hear, mute, state, talk, unmute"),
        (Request(do="mute", body={"seconds": -1}), "over 0"),
        (Request(do="talk", body={}), "`seconds` is None"),
        (Request(do="mute", body={"seconds": True}), "`seconds` is True"),
        (Request(do="hear", body={"pcm": b""}), "set plugin.ear.input to 'lane'"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(monkeypatch, request_, why):
    caught = []

    async def ask(ear):
        while not caught:
            await anyio.sleep(0.01)
            try:
                await ear.kairos_asked(request_)
            except KairosError as error:
                caught.extend([str(error)] * ("not listening" not in str(error)))

    await _run(Shop(Device(np.zeros(5000, np.int16))), until=lambda *_: bool(caught), monkeypatch=monkeypatch, meanwhile=ask)

    assert why in caught[0]


async def test_an_ear_that_does_not_listen_answers_so():
    with pytest.raises(KairosError, match="not listening"):
        await plugin.EarPlugin().kairos_asked(Request(do="state", body={}))


async def test_only_what_makes_a_noise_makes_it_wary_of_itself():
    wary, ear = [], plugin.EarPlugin()
    ear._listener = SimpleNamespace(heard_ourselves=lambda: wary.append(1))

    for actuator, state in (("notify", "done"), ("notify", "suppressed"), ("log", "done")):
        await ear.kairos_outcome(Outcome(action=1, actuator=actuator, state=state))

    assert wary == [1]
