"""Every error KAIROS raises on purpose, as one tree, so a caller can catch exactly what it means.

KairosError
├── SettingsError            a key, type or value in the settings is wrong
├── WireError                a message breaks docs/messaging.md; carries `code` and `field`
│   └── Busy                 the inbox is over its bound for this priority
├── StoreError               the state directory cannot be written or read
│   ├── StoreUnavailable     for now: disk full, read-only; retried by itself
│   ├── SchemaError          the file belongs to another version
│   ├── NoSuchEvent          no event and no receipt has this name
│   └── ChainBroken          a receipt is missing or was changed
├── MindError
│   ├── ModelMissing         what was looked for, and how to get it
│   ├── ModelUnfit           the files are no causal LM we can drive
│   ├── FrameTooLong         a frame wants more positions than the ring has
│   ├── RewindError          a rewind that cannot be whole; nothing was changed
│   ├── RowsRefused          latent rows that this model cannot be fed
│   ├── RingTooLarge         Ring 1 does not fit into memory
│   └── SnapshotRefused      a snapshot that does not belong to what lives now
├── ActuatorFailed           an actuator ran and did not do it
├── MicrophoneUnavailable    no device, a busy one, no permission, a rate it does not have
├── PluginError              a plugin broke its contract
├── AlreadyRunning           another daemon holds this state directory; carries its pid
└── DaemonUnreachable        nobody answers on the socket

Constructors take facts and write the message: what happened, what was expected, what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final


class KairosError(Exception):
    """Base of everything KAIROS raises on purpose; its text is meant for a person."""


class SettingsError(KairosError):
    """A setting is unknown, of the wrong type, or impossible."""

    def __init__(self, key: str, problem: str, *, where: str = "", allowed: str = "") -> None:
        self.key: Final = key
        self.where: Final = where
        place = f"{where}: " if where else ""
        hint = f" (allowed: {allowed})" if allowed else ""
        super().__init__(f"{place}setting `{key}` {problem}{hint}")


class WireError(KairosError):
    """A message that breaks the wire format; answered to its sender, never stored."""

    def __init__(self, code: str, field: str, problem: str) -> None:
        self.code: Final = code
        self.field: Final = field
        self.problem: Final = problem
        super().__init__(f"{code}: field `{field}` {problem}")


class Busy(WireError):
    """The inbox is over its bound for this priority; send again later."""

    def __init__(self, waiting: int, bound: int) -> None:
        super().__init__(
            "busy",
            "priority",
            f"cannot be taken now: {waiting} events wait and the bound is {bound}; send again later",
        )


class StoreError(KairosError):
    """The state directory cannot be used as it is."""


class StoreUnavailable(StoreError):
    """The disk refuses writes for now; the daemon keeps ticking and tries again."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason: Final = reason
        super().__init__(f"cannot write {path}: {reason}; events are refused until there is space and permission")


class SchemaError(StoreError):
    """The state file was written by another schema version."""

    def __init__(self, path: Path, found: int, ours: int) -> None:
        way = "a newer KAIROS wrote it: install that one, or" if found > ours else "to start fresh,"
        super().__init__(f"{path} has schema {found}, this is schema {ours}; {way} move the file away")


class NoSuchEvent(StoreError):
    """Nothing kept has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no event {name!r}: give the id that `kairos send` printed, or a receipt's number")


class ChainBroken(StoreError):
    """A receipt is missing, was changed, or is out of order."""

    def __init__(self, number: int, problem: str) -> None:
        self.number: Final = number
        super().__init__(f"receipt {number} {problem}")


class MindError(KairosError):
    """The resident model cannot do what was asked."""


class ModelMissing(MindError):
    """No model where the settings point."""

    def __init__(self, looked_for: str, remedy: str) -> None:
        super().__init__(f"no model found: looked for {looked_for}; {remedy}")


class ModelUnfit(MindError):
    """The files are there but are not a causal LM this daemon can drive."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"the model at {path} cannot be used: {problem}; set `mind.model` to a Hugging Face causal LM with a key-value cache"
        )


class FrameTooLong(MindError):
    """A frame wants more positions than Ring 1 has."""

    def __init__(self, wanted: int, room: int) -> None:
        super().__init__(
            f"the frame needs {wanted} positions and Ring 1 has room for {room}; raise `mind.max_positions` or lower `mind.frame_tokens`"
        )


class RewindError(MindError):
    """A rewind that cannot be whole; the cache is as it was."""

    def __init__(self, wanted: int, oldest_kept: int) -> None:
        self.wanted: Final = wanted
        self.oldest_kept: Final = oldest_kept
        super().__init__(f"cannot rewind to position {wanted}: the oldest kept is {oldest_kept}")


class RowsRefused(MindError):
    """Latent rows that cannot be fed; nothing was."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the latent rows cannot be fed: {problem}")


class RingTooLarge(MindError):
    """There is no memory for Ring 1."""

    def __init__(self, wanted: int, positions: int) -> None:
        super().__init__(
            f"Ring 1 wants {wanted:,} bytes for {positions} positions and there is no room; lower `mind.max_positions` (or take a smaller dtype)"
        )


class SnapshotRefused(MindError):
    """A snapshot of Ring 1 that is damaged or belongs to something else; Ring 1 starts cold."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason: Final = reason
        super().__init__(f"the snapshot {path} is refused: {reason}; Ring 1 is lived again from the ledger")


class ActuatorFailed(KairosError):
    """An actuator ran and says that it did not do it."""

    def __init__(self, actuator: str, reason: str) -> None:
        super().__init__(f"{actuator}: {reason}")


class MicrophoneUnavailable(KairosError):
    """No sound comes in from here; tried again by whoever listens."""

    def __init__(self, device: object, reason: str) -> None:
        self.reason: Final = reason
        which = f"microphone {device!r}" if device else "the default microphone"
        super().__init__(f"{which} cannot be opened: {reason.strip()}; `kairos doctor` lists the devices there are")


class PluginError(KairosError):
    """A plugin broke its contract; the host parks it and the rest goes on."""


class AlreadyRunning(KairosError):
    """Another daemon lives in this state directory."""

    def __init__(self, state_dir: Path, pid: int | None) -> None:
        self.pid: Final = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{who} already runs in {state_dir}; stop it, or choose another directory with --state-dir")


class DaemonUnreachable(KairosError):
    """Nobody answers on the event socket."""

    def __init__(self, endpoint: str, waited_s: float) -> None:
        missing = f"no daemon lives here ({endpoint} is missing)"
        what = f"no daemon answered on {endpoint} within {waited_s:g} s" if waited_s else missing
        super().__init__(f"{what}; start one with `kairos run`, or name its directory with --state-dir")
