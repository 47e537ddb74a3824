"""A recording sent over the bus by the command line is heard by a living daemon, and judged like any event."""

from __future__ import annotations

import subprocess
import sys

import anyio
import anyio.to_thread
import numpy as np
import pytest
import soundfile

from kairos.testing import living_daemon
from kairos_plugins.ear.plugin import EarPlugin
from kairos_plugins.ear.training import alarms

pytestmark = pytest.mark.anyio


def _alarm(path):
    rng = np.random.default_rng(4)
    sound = alarms.beeps("t3", rng, 24.0).sound
    soundfile.write(path, 0.4 * sound + 0.005 * rng.standard_normal(len(sound)), 16_000)
    return path


def _kairos(places, *words):
    argv = [sys.executable, "-m", "kairos", "--state-dir", str(places.state), "ear", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=50)


async def test_an_alarm_in_a_file_becomes_an_event_while_muted_it_does_not(folder, tmp_path):
    path = _alarm(tmp_path / "alarm.flac")

    async def ear(*words):
        return await anyio.to_thread.run_sync(_kairos, life.places, *words)

    async with living_daemon(folder, "plugin.ear.listen=true", "plugin.ear.input=lane", plugins={"ear": EarPlugin()}) as life:
        assert (await ear("mute")).returncode == 0
        muted = await ear("hear", str(path))
        assert (await ear("unmute")).returncode == 0
        heard = await ear("hear", str(path))
        with anyio.fail_after(20):
            while not any(frame.source == "ear" for frame in life.mind.judged):
                await anyio.sleep(0.02)

    assert "sent 2" in muted.stdout, muted.stderr
    assert heard.stdout == muted.stdout
    assert [frame.text.split(",")[0] for frame in life.mind.judged if frame.source == "ear"] == ["smoke alarm sounding"]


def test_without_a_daemon_it_says_what_it_would_tell(tmp_path):
    argv = [sys.executable, "-m", "kairos", "ear", "try", str(_alarm(tmp_path / "alarm.flac"))]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=50)

    assert "smoke alarm sounding" in done.stdout
