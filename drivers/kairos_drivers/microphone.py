"""Sound from a microphone by PortAudio (sounddevice), at any rate it has, as 16 kHz mono. Driver `microphone`.

The callback only mixes down and copies into a ring that has one writer and one reader and no lock; all
else happens on the reader's thread. What does not fit is counted, never waited for.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
import sounddevice
import soxr
from numpy.typing import NDArray

from kairos.errors import MicrophoneUnavailable
from kairos.ports import InputDevice

RATE: Final = 16_000
_RING_S: Final = 4.0
_CHANNELS: Final = 2


class Ring:
    """Samples between one writer and one reader. Each moves its own count; counts never wrap."""

    def __init__(self, size: int) -> None:
        self._samples = np.zeros(size, np.int16)
        self._written = 0
        self._read = 0
        self.lost = 0
        """Samples that found no room."""

    def write(self, samples: NDArray[np.int16]) -> None:
        """As many as fit; the rest is lost and counted."""
        size = len(self._samples)
        count = min(len(samples), size - (self._written - self._read))
        start = self._written % size
        first = min(count, size - start)
        self._samples[start : start + first] = samples[:first]
        self._samples[: count - first] = samples[first:count]
        self._written += count
        self.lost += len(samples) - count

    def read(self) -> NDArray[np.int16]:
        """All there is."""
        size, end = len(self._samples), self._written
        start, count = self._read % size, end - self._read
        first = min(count, size - start)
        found = np.concatenate([self._samples[start : start + first], self._samples[: count - first]])
        self._read = end
        return found


class Capture:
    """One open stream. `read` and `close` belong to one thread."""

    def __init__(self, device: int | str | None) -> None:
        try:
            known: Any = sounddevice.query_devices(device, "input")
            self.name: str = known["name"]
            rate = float(known["default_samplerate"])
            self._ring = Ring(int(rate * _RING_S))
            self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16") if rate != RATE else None
            self._arrived = threading.Event()
            self._stream = sounddevice.InputStream(
                samplerate=rate, device=device, channels=min(_CHANNELS, int(known["max_input_channels"])), dtype="int16",
                latency="high", callback=self._callback,
            )  # fmt: skip
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise MicrophoneUnavailable(device, str(error)) from error
        self._overflows = 0

    @property
    def lost(self) -> int:
        """Samples of the device that were not heard: our ring was full, or PortAudio's was, counted once each time."""
        return self._ring.lost + self._overflows

    def read(self, timeout_s: float) -> NDArray[np.int16] | None:
        """int16 samples at 16 kHz since the last call; None if nothing came for `timeout_s`."""
        if not self._arrived.wait(timeout_s):
            return None
        self._arrived.clear()
        found = self._ring.read()
        return found if self._resampler is None else self._resampler.resample_chunk(found)

    def close(self) -> None:
        """Let the device go; a stream whose server died is not waited for."""
        closer = threading.Thread(target=self._close, name="microphone close", daemon=True)
        closer.start()
        closer.join(1.0)

    def _close(self) -> None:
        try:
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
        except sounddevice.PortAudioError:
            return

    def _callback(self, samples: NDArray[np.int16], _frames: int, _time: Any, status: sounddevice.CallbackFlags) -> None:
        if status.input_overflow:
            self._overflows += 1
        self._ring.write(
            samples[:, 0] if samples.shape[1] == 1 else (samples.astype(np.int32).sum(axis=1) // samples.shape[1]).astype(np.int16)
        )
        self._arrived.set()


class Microphones:
    """`Microphone` over PortAudio."""

    def devices(self) -> list[InputDevice]:
        """Those that can be opened, the default one first."""
        self._look_again()
        try:
            default = sounddevice.default.device[0]
            rows: Any = sounddevice.query_devices()
        except sounddevice.PortAudioError as error:
            raise MicrophoneUnavailable(None, str(error)) from error
        found = [
            InputDevice(
                name=row["name"], rate=int(row["default_samplerate"]), channels=int(row["max_input_channels"]), default=number == default
            )
            for number, row in enumerate(rows)
            if row["max_input_channels"] > 0
        ]
        return sorted(found, key=lambda device: not device.default)

    def open(self, device: str) -> Capture:
        """Begin to listen to `device` (part of its name; empty is the default); raises `MicrophoneUnavailable`."""
        self._look_again()
        return Capture(device or None)

    @staticmethod
    def _look_again() -> None:
        """PortAudio lists devices once; a server that came back is seen only by a fresh start."""
        try:
            sounddevice._terminate()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the documented way to list anew
            sounddevice._initialize()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        except sounddevice.PortAudioError as error:
            raise MicrophoneUnavailable(None, str(error)) from error
