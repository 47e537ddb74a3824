"""What happened, and what was made of it: frozen records that every room may read.

A record here is a fact, never a command; only its maker fills it, nobody changes it after.
Times are seconds since the epoch, UTC, unless a name says otherwise.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final, Literal

import msgspec

Kind = Literal["text", "metric", "latent"]
Dtype = Literal["f16", "f32", "bf16"]
DTYPE_BYTES: Final[dict[str, int]] = {"f16": 2, "bf16": 2, "f32": 4}


class Priority(IntEnum):
    """Who goes first. The first two wake the heartbeat at once; BULK is folded under overload."""

    REALTIME = 0
    INTERACTIVE = 1
    BACKGROUND = 2
    BULK = 3


class Verdict(str, Enum):
    """What one frame came to."""

    NO_OP = "NO_OP"
    ACTION = "ACTION"


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Latent rows as they travel: `data` holds `shape[0] * shape[1]` little-endian numbers, row-major."""

    dtype: Dtype
    shape: tuple[int, int]
    data: bytes
    model: str = ""
    """Digest of the embedding they are rows of; `status` names the resident model's as `digests.rows`."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; durable from the moment it is acknowledged."""

    id: str
    source: str
    kind: Kind
    priority: Priority
    at: float
    text: str = ""
    metrics: dict[str, float] = {}
    rows: Rows | None = None
    depth: int = 0
    """0 from outside; n + 1 when it is the outcome of an ACTION on an event of depth n."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Due events of one source and template: the unit of judgement."""

    key: str
    source: str
    kind: Kind
    seqs: tuple[int, int]
    """Inbox numbers of its first and last due event; the verdict covers what lies between."""
    newest: Event
    count: int
    """Due events, all of which get this verdict."""
    series: str | None
    """What the inbox remembers of this template, e.g. `40 like this in 12 min`; None for a first one."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What the mind is fed for one verdict. `text` is data, never instruction; of a latent frame it is what its rows read as."""

    kind: Literal["idle", "text", "metric", "latent"]
    source: str = ""
    text: str = ""
    series: str | None = None
    rows: Rows | None = None

    @classmethod
    def idle(cls) -> Frame:
        """The one canonical frame of a beat in which nothing happened."""
        return cls(kind="idle")


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The mind's verdict on one frame, before anything is settled."""

    verdict: Verdict
    margin: float
    """logit(ACTION) - logit(NO_OP) at the first answer position."""
    threshold: float
    """The margin above which the verdict is ACTION."""
    positions: int
    """Tokens and rows that were fed."""
    ms: float
    actuator: str = ""
    what: str = ""
    reason: str = ""
    """Why the frame could not be judged as it was; empty when it could."""
    probability: float = 0.0
    """The margin as a calibrated probability that a person should be told."""
    rule: str = ""
    """The owner's rule that decided, where one did."""
    read: str = ""
    """Of latent rows: the words nearest to them."""
    distance: float | None = None
    """Of latent rows: 1 - cosine between the row farthest from the vocabulary and its nearest word."""
    known: bool = False
    """Whether the margin was remembered, not worked out: the same frame at the same anchor."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A settled verdict: what the receipt says."""

    receipt: int
    verdict: Verdict
    margin: float
    source: str
    text: str
    count: int
    actuator: str = ""
    what: str = ""
    retained: bool = False
    ms: float = 0.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an ACTION."""

    action: int
    actuator: str
    state: str
    """One of the states in `kairos.act.states`."""
    detail: str = ""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """One finished beat, as it goes to the feed and to plugins."""

    number: int
    cause: Literal["interval", "interrupt", "asked", "backlog"]
    at: float
    decisions: tuple[Decision, ...]
    idle_margin: float | None
    """Margin of the idle frame when nothing was due; None otherwise."""
    waiting: int
    """Events still pending after this beat."""
    anchor: int
    """KV position the mind stands at."""
    ms: float
