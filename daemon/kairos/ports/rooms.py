"""Between the rooms of the daemon itself: mind, ledger, inbox, heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kairos.events import Decision, Frame, Group, Judgement, Priority, Tick


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

    async def rule(self, sentences: Sequence[str]) -> None:
        """Judge under these rules of the owner's, and no others, from the next frame on."""
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


class TickListener(Protocol):
    """Whoever wants to hear of finished beats."""

    def __call__(self, tick: Tick) -> None:
        """Must not block."""
        ...
