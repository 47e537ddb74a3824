"""The simplest thing that fills each port. No torch, no disk, no time of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import msgspec

from kairos.errors import ActuatorFailed, FrameTooLong
from kairos.events import Decision, Event, Frame, Group, Judgement, Priority, Verdict
from kairos.ports import Order


class FakeMind:
    """ACTION for a text that holds `ACT`, NO_OP otherwise; `ACT:name` chooses the actuator.

    The anchor counts committed frames, ten positions each, so tests can see rewinds.
    """

    def __init__(self, *, seconds: float = 0.0, budget: int = 10_000, width: int = 8) -> None:
        self.anchor = 100
        self.width = width
        self.rows = "fake"
        self.judged: list[Frame] = []
        self.lived: list[tuple[Frame, str]] = []
        self.echoes = 0
        self.rules: tuple[str, ...] = ()
        self.saved = 0
        self._seconds = seconds
        self._budget = budget
        self._trial: tuple[Frame, str] | None = None

    async def judge(self, frame: Frame) -> Judgement:
        """See `Mind.judge`; a text of more than 10,000 characters is too long."""
        if len(frame.text) > 10_000:  # noqa: PLR2004
            raise FrameTooLong(len(frame.text), 10_000)
        if self._seconds:
            await anyio.sleep(self._seconds)
        self.judged.append(frame)
        _, mark, rest = frame.text.partition("ACT")
        actuator = rest[1:].split()[0] if rest.startswith(":") else "log"
        self._trial = (frame, f"{actuator} {frame.text}")
        return Judgement(
            verdict=Verdict.ACTION if mark else Verdict.NO_OP,
            margin=5.0 if mark else -5.0,
            threshold=0.0,
            positions=10,
            ms=self._seconds * 1000,
            actuator=actuator if mark else "",
            what=frame.text if mark else "",
        )

    async def commit(self) -> None:
        """Ten positions further."""
        if self._trial is not None:
            self.lived.append(self._trial)
            self.anchor += 10
            self._trial = None

    async def rewind(self) -> None:
        """The anchor stays."""
        self._trial = None

    async def restore(self, lived: Sequence[tuple[Frame, str]]) -> int:
        """Live them again."""
        self.lived += lived
        self.anchor += 10 * len(lived)
        return 0

    async def rule(self, sentences: Sequence[str]) -> None:
        """Remembered."""
        self.rules = tuple(sentences)

    async def save(self) -> bool:
        """Counted."""
        self.saved += 1
        return True

    async def trim(self) -> int:
        """Half of them go when over budget."""
        if self.anchor <= self._budget:
            return 0
        dropped = (len(self.lived) + 1) // 2
        self.lived = self.lived[dropped:]
        self.anchor -= 10 * dropped
        return dropped

    async def echo(self) -> None:
        """At once."""
        self.echoes += 1


class FakeActuator:
    """Remembers its orders; fails if told to."""

    def __init__(self, name: str = "log", *, idempotent: bool = True, failure: str = "") -> None:
        self.name = name
        self.idempotent = idempotent
        self.orders: list[Order] = []
        self._failure = failure

    async def act(self, order: Order) -> str:
        """Remember it."""
        self.orders.append(order)
        if self._failure:
            raise ActuatorFailed(self.name, self._failure)
        return "done"


class FakeInbox:
    """Groups handed in by the test, most urgent first."""

    def __init__(self, groups: Sequence[Group] = ()) -> None:
        self.groups = list(groups)

    @property
    def waiting(self) -> int:
        """How many are left."""
        return len(self.groups)

    async def due(self, limit: int, *, least: Priority = Priority.BULK) -> list[Group]:
        """The first `limit` of at least that priority."""
        ready = [g for g in self.groups if g.newest.priority <= least]
        return sorted(ready, key=lambda g: (g.newest.priority, g.seqs))[:limit]


class FakeSettler:
    """Numbers decisions and takes their groups out of a `FakeInbox`."""

    def __init__(self, inbox: FakeInbox) -> None:
        self.decisions: list[Decision] = []
        self.trims: list[int] = []
        self.idle: list[float] = []
        self.trouble: Exception | None = None
        self._inbox = inbox

    async def settle(self, group: Group | None, frame: Frame, judgement: Judgement) -> Decision:
        """Raises `trouble` once if a test has set it."""
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        if group is not None:
            self._inbox.groups.remove(group)
        decision = Decision(
            receipt=len(self.decisions) + 1,
            verdict=judgement.verdict,
            margin=judgement.margin,
            source=frame.source,
            text=frame.text,
            count=group.count if group else 0,
            actuator=judgement.actuator,
            what=judgement.what,
            retained=judgement.verdict is Verdict.ACTION,
        )
        self.decisions.append(decision)
        return decision

    async def trimmed(self, count: int) -> None:
        """Remember it."""
        self.trims.append(count)

    def idle_beat(self, margin: float) -> None:
        """Remember it."""
        self.idle.append(margin)


def event(text: str = "hello", *, number: int = 1, **fields: Any) -> Event:
    """An event with defaults; `fields` replace them."""
    plain = Event(id=f"e{number}", source="test", kind="text", priority=Priority.BACKGROUND, at=1000.0 + number, text=text)
    return msgspec.structs.replace(plain, **fields)


def group(text: str = "hello", *, number: int = 1, priority: Priority = Priority.BACKGROUND) -> Group:
    """A group of one event."""
    newest = event(text, number=number, priority=priority)
    return Group(key=f"t{number}", source="test", kind="text", seqs=(number, number), newest=newest, count=1, series=None)
