"""What the daemon needs from outside its rooms, as protocols: who fills one is decided in `boot`.

Each says which calls change state, in which order they are legal and what they raise. One fake per
port lies in `kairos.testing`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from kairos.events import Decision, Event, Frame, Group, Judgement, Priority, Tick


class Mind(Protocol):
    """The resident model. One frame at a time: `judge`, then `commit` or `rewind`, then the next.

    All calls but the properties run on the model's own thread and may take seconds.
    """

    @property
    def anchor(self) -> int:
        """KV position every NO_OP returns to."""
        ...

    @property
    def width(self) -> int:
        """Numbers in one latent row."""
        ...

    @property
    def rows(self) -> str:
        """Digest of the embedding whose rows it takes."""
        ...

    async def judge(self, frame: Frame) -> Judgement:
        """Feed `frame` at the anchor and read its verdict; the frame stays until settled.

        Raises `FrameTooLong` or `RowsRefused`, and then nothing was fed.
        """
        ...

    async def commit(self) -> None:
        """Keep the judged frame and its answer: the anchor moves behind them."""
        ...

    async def rewind(self) -> None:
        """Return to the anchor, byte for byte."""
        ...

    async def restore(self, lived: Sequence[tuple[Frame, str]]) -> int:
        """Live retained frames again, each in its own chunk, but for those a snapshot holds; returns how many it held.

        Legal once, before the first `judge`.
        """
        ...

    async def save(self) -> bool:
        """Snapshot Ring 1, so that the next start need not live it again; False if nothing moved.

        A frame on trial is left alone. Raises `StoreUnavailable`, and then the snapshot before it still stands.
        """
        ...

    async def trim(self) -> int:
        """Let the oldest retained frames go if Ring 1 is over its budget; returns how many."""
        ...

    async def echo(self) -> None:
        """Return once the model's thread has answered: a sign of life without work."""
        ...


class Settling(Protocol):
    """Makes a verdict true: inbox, receipt, retained frame and action in one transaction."""

    async def settle(self, group: Group | None, frame: Frame, judgement: Judgement) -> Decision:
        """Raises `StoreUnavailable`; then nothing was decided and the events wait on."""
        ...

    async def trimmed(self, count: int) -> None:
        """Receipt that the `count` oldest retained frames left Ring 1."""
        ...


class DueEvents(Protocol):
    """What the heartbeat asks of the inbox."""

    @property
    def waiting(self) -> int:
        """Events not yet decided."""
        ...

    async def due(self, limit: int, *, least: Priority = Priority.BULK) -> list[Group]:
        """The next groups, most urgent first."""
        ...


class IdleBook(Protocol):
    """Where idle beats are counted."""

    def idle_beat(self, margin: float) -> None:
        """Count one idle beat."""
        ...


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What an actuator is asked to do."""

    action: int
    key: str
    """Idempotency key: the same order, repeated after a crash, has the same key."""
    what: str
    source: str
    event: str
    """Id of the newest event it is about; empty for an idle beat."""
    receipt: int


@runtime_checkable
class Actuator(Protocol):
    """One way to act. `name` is the word the mind writes."""

    @property
    def name(self) -> str:
        """Lower case letters, digits, `.`, `_`, `-`."""
        ...

    @property
    def idempotent(self) -> bool:
        """Whether doing an order twice with one key is the same as once."""
        ...

    async def act(self, order: Order) -> str:
        """Carry out `order` and say what was done; raises `ActuatorFailed`."""
        ...


class Publisher(Protocol):
    """The feed, as rooms and plugins see it."""

    def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        """Send one numbered message; never blocks, never raises."""
        ...


class Emit(Protocol):
    """How a source hands in events: returns once they are durable."""

    async def __call__(self, *events: Event) -> None:
        """Raises nothing a source could mend: a full disk is waited out."""
        ...


class TickListener(Protocol):
    """Whoever wants to hear of finished beats."""

    def __call__(self, tick: Tick) -> None:
        """Must not block."""
        ...


class HostMetrics(Protocol):
    """The machine's own numbers."""

    def read(self) -> dict[str, float]:
        """All metrics now, by name, e.g. `disk_percent[/]`; blocks for some milliseconds."""
        ...


class Desktop(Protocol):
    """A person's screen."""

    async def notify(self, title: str, body: str, key: str) -> None:
        """Show a message; raises `ActuatorFailed` where there is no desktop."""
        ...


class Journal(Protocol):
    """The system's journal."""

    def available(self) -> bool:
        """Whether this machine has one we may read."""
        ...

    def follow(self, cursor: str | None) -> AsyncIterator[tuple[str, str, str]]:
        """Endless `(cursor, source, line)` after `cursor`, or from now."""
        ...


class Supervisor(Protocol):
    """Whoever started us and wants to know that we live: systemd, or nobody."""

    @property
    def watchdog_s(self) -> float | None:
        """Seconds without a ping after which we are killed; None where nobody watches."""
        ...

    def notify(self, *fields: str) -> None:
        """Send `READY=1` and the like; silently nothing where nobody listens."""
        ...


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


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One layer of a model in float, to be compiled into fixed point."""

    name: str
    kind: Literal["affine", "conv1d", "square"] = "affine"
    """`square` is its one tap times itself, plus layer `adds`."""
    taps: tuple[tuple[str, int], ...] = (("", 0),)
    """What it reads, side by side: outputs of layers (empty: the input) that many frames ago."""
    weights: Any = None
    """[M, K] floats; [filters, width] of a convolution."""
    bias: Any = None
    """[M] floats; None is zero."""
    stride: int = 1
    adds: str = ""
    activation: Literal["none", "identity", "relu", "log2"] = "none"
    """`none` leaves int32; `log2` is that of the accumulator's own integers, and never under 2."""
    scale: float | None = None
    """What the output counts for one; None is chosen on the calibration so that nothing saturates."""


class IntegerStream(Protocol):
    """A model in fixed point, listening."""

    @property
    def saturated(self) -> bool:
        """Whether anything saturated so far."""
        ...

    def step(self, frame: Any) -> Mapping[str, Any]:
        """An int16 frame [inputs]: the output of every layer by name, valid until the next step."""
        ...


class IntegerNetwork(Protocol):
    """A model in fixed point, ready to run."""

    @property
    def inputs(self) -> int:
        """Numbers in one frame."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory of its numbers and of what it remembers."""
        ...

    def width(self, name: str) -> int:
        """Numbers layer `name` makes of a frame; raises KeyError."""
        ...

    def scale(self, name: str) -> float:
        """What the output of layer `name` counts for one; raises KeyError."""
        ...

    def stream(self) -> IntegerStream:
        """Frame by frame, nothing before the first."""
        ...

    def clip(self, frames: Any) -> tuple[Mapping[str, Any], bool]:
        """int16 frames [T, inputs] of a whole recording: outputs [T, width] by layer, and whether anything saturated."""
        ...


class FixedPoint(Protocol):
    """An engine for models in GNA-class fixed point, exact to the bit."""

    def load(self, path: Path) -> IntegerNetwork:
        """The model in a file; raises `KairosError` naming the limit it breaks."""
        ...

    def compile(
        self, inputs: int, layers: Sequence[Layer], calibration: Any, path: Path, *, input_scale: float = 1.0
    ) -> Mapping[str, float]:
        """Write float `layers` as a model: scales chosen on int16 `calibration` [T, inputs], `input_scale` of them being one.

        Returns each layer's drift: the error's root mean square over the float output's. Raises `KairosError` naming the
        limit a layer breaks, or the layer that saturates.
        """
        ...

    def verify(self, folder: Path | None = None) -> tuple[int, list[str]]:
        """Run the golden vectors of `folder`, or the engine's own: how many, and the names of those that differ."""
        ...


class Drivers(msgspec.Struct, frozen=True, kw_only=True):
    """The drivers a plugin may ask for; a missing one is None and its user degrades."""

    host_metrics: HostMetrics | None = None
    desktop: Desktop | None = None
    journal: Journal | None = None
    fixed_point: FixedPoint | None = None
    microphone: Microphone | None = None


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody spoke, as the ear's features of it; no sound. It is shared between plugins, never stored."""

    place: str
    """Where the microphone is."""
    seconds: float
    features: Any
    """int16 [T, 320], one row each 40 ms, with some silence on either side."""


class PluginContext(Protocol):
    """What a plugin gets at start; everything it may touch."""

    @property
    def drivers(self) -> Drivers:
        """The machine."""
        ...

    @property
    def state_dir(self) -> Path:
        """A directory of the plugin's own, kept across restarts."""
        ...

    @property
    def emit(self) -> Emit:
        """Hand in events."""
        ...

    def settings(self, into: type[Any]) -> Any:
        """The plugin's table `[plugin.NAME]` as a frozen struct; raises `SettingsError`."""
        ...

    def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        """Send to the feed."""
        ...

    def share(self, utterance: Utterance) -> None:
        """Hand an utterance to every plugin that has `kairos_utterance`; returns at once."""
        ...

    def status(self, text: str) -> None:
        """Say what the plugin is doing, for `kairos plugins`."""
        ...
