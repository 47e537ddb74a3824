"""Sound as it happens, and what of it plugins hand each other."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec


class InputDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One device that sound can come from."""

    name: str
    rate: int
    """Hz of its own."""
    channels: int
    default: bool


class Listening(Protocol):
    """One open device. All calls on one thread."""

    @property
    def name(self) -> str:
        """Of the device."""
        ...

    @property
    def lost(self) -> int:
        """Samples that came and were not heard, so far."""
        ...

    def read(self, timeout_s: float) -> Any:
        """int16 samples, 16 kHz mono, since the last call; None if none came for `timeout_s`."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


class Microphone(Protocol):
    """Sound as it happens."""

    def devices(self) -> list[InputDevice]:
        """Those there are, the default one first; raises `MicrophoneUnavailable`."""
        ...

    def open(self, device: str) -> Listening:
        """Listen to the device whose name holds `device`, or the default one; raises `MicrophoneUnavailable`."""
        ...


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody spoke, as the ear's features of it; no sound. It is shared between plugins, never stored."""

    place: str
    """Where the microphone is."""
    seconds: float
    features: Any
    """int16 [T, 320], one row each 40 ms, with some silence on either side."""
