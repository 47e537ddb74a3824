"""A sound server of a gate's own: PulseAudio with a null sink whose monitor is the default microphone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import wave
from pathlib import Path
from typing import Final

from kairos.checks import GateError

_SINK: Final = "module-null-sink sink_name=ear rate=16000 channels=1"
_ASOUND: Final = 'pcm.!default { type pulse\n device "ear.monitor" }\nctl.!default { type pulse }\n'
_UP_S: Final = 5.0
RATE: Final = 16_000


class SoundCard:
    """Start it, play into it, take it away."""

    def __init__(self, folder: Path) -> None:
        for program in ("pulseaudio", "pactl", "paplay"):
            if shutil.which(program) is None:
                raise GateError(f"{program} is not installed (Debian: pulseaudio pulseaudio-utils libasound2-plugins)")
        self._folder = folder
        (folder / ".asoundrc").write_text(_ASOUND)
        runtime = folder / "pulse"
        runtime.mkdir(mode=0o700)
        self.environment: Final = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime), "PULSE_RUNTIME_PATH": str(runtime)}
        """For whoever listens to it."""
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until its sink answers."""
        argv = ["pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "-n", "-L", "module-native-protocol-unix", "-L", _SINK]
        self._server = subprocess.Popen(argv, env=self._env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _UP_S
        while "ear.monitor" not in self._pactl("list", "short", "sources"):
            if time.monotonic() > deadline:
                raise GateError("PulseAudio did not come up")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once, as a crash would."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait()
            (self._folder / "pulse" / "pid").unlink(missing_ok=True)
            (self._folder / "pulse" / "native").unlink(missing_ok=True)

    def remove_sink(self) -> None:
        """Unplug the card."""
        self._pactl("unload-module", "module-null-sink")

    def add_sink(self) -> None:
        """Plug it in again."""
        self._pactl("load-module", *_SINK.split())

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Begin to play a WAV file."""
        return subprocess.Popen(["paplay", "-d", "ear", str(path)], env=self._env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _pactl(self, *words: str) -> str:
        return subprocess.run(["pactl", *words], env=self._env(), capture_output=True, text=True, check=False).stdout

    def _env(self) -> dict[str, str]:
        return os.environ | self.environment


def write_wav(path: Path, samples: bytes) -> Path:
    """16-bit mono at 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return path
