"""The doorman: takes messages off the event socket, has them stored, answers each sender.

All use of the ROUTER socket happens in one task, `run`, in bursts: read what is there, send what is
owed, look again. libzmq's descriptor is edge-triggered, so the last look must come after the last
send, or a wake-up is lost. Storing goes through one bounded lane of batches, so that a burst shares
a commit and ten thousand senders cannot pile up memory.

An answer is sent only after the commit; a lost answer costs a resend of the same id, nothing more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import anyio
import msgspec
import zmq

from kairos.bus.codec import Codec
from kairos.errors import KairosError, StoreUnavailable, WireError
from kairos.events import Decision, Event, Priority
from kairos.logs import get_logger
from kairos.wire import Encoding, encoding_of, pack, unpack

_BURST: Final = 256
_PARTS: Final = 3
_LONGEST_ID: Final = 128

log = get_logger("bus")

Control = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class DoormanStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters since the start."""

    received: int
    refused: dict[str, int]
    unreachable: int
    """Answers to senders who had gone."""


class _Sender(msgspec.Struct, frozen=True):
    """Whom to answer, and how."""

    identity: bytes
    delimiter: bool
    encoding: Encoding
    wait: bool = False
    id: str | None = None


class Doorman:
    """Owns the ROUTER socket. Give it rooms as functions; run `run` for the daemon's life."""

    def __init__(
        self,
        socket: zmq.Socket[bytes],
        codec: Codec,
        *,
        accept: Callable[[Sequence[Event]], Awaitable[Sequence[Any]]],
        refuse_when_full: Callable[[Priority], None],
        arrived: Callable[[Sequence[Event]], None],
        control: Control,
        look_up: Callable[[int], Awaitable[dict[str, Any] | None]],
    ) -> None:
        """Rooms as functions: `accept` stores, `arrived` hears of what was stored.

        `control` answers every other `op`; `look_up` finds the verdict of an event decided before.
        """
        self._socket = socket
        self._codec = codec
        self._accept = accept
        self._refuse_when_full = refuse_when_full
        self._arrived = arrived
        self._control = control
        self._look_up = look_up
        self._kick = anyio.Event()
        self._settled = anyio.Event()
        self._outbox: list[tuple[_Sender, dict[str, Any]]] = []
        self._waiters: defaultdict[int, list[_Sender]] = defaultdict(list)
        self._received = self._unreachable = 0
        self._refused: Counter[str] = Counter()

    async def run(self) -> None:
        """Serve until cancelled."""
        send, receive = anyio.create_memory_object_stream[list[tuple[_Sender, Event]]](16)
        async with receive, anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._ring, name="door bell")
            for _ in range(2):  # one batch is checked and answered while the other is on its way to disk
                tasks.start_soon(self._store, receive.clone(), name="door keeper")
            async with send:
                while True:
                    self._kick = anyio.Event()
                    batch = self._read()
                    if batch:
                        await send.send(batch)
                    self._flush()
                    if self._socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:  # pyright: ignore[reportOperatorIssue]
                        await anyio.lowlevel.checkpoint()
                        continue
                    self._settled.set()
                    await self._kick.wait()

    def decided(self, seqs: Sequence[int], decision: Decision) -> None:
        """Answer everybody who waits for one of `seqs`."""
        if not self._waiters:
            return
        for seq in self._waiters.keys() & set(seqs):
            for sender in self._waiters.pop(seq):
                self._owe(sender, verdict_message(decision))

    def statistics(self) -> DoormanStatistics:
        """Counters; cheap."""
        return DoormanStatistics(received=self._received, refused=dict(self._refused), unreachable=self._unreachable)

    async def _ring(self) -> None:
        descriptor: Any = self._socket.getsockopt(zmq.FD)
        while True:
            await anyio.wait_readable(descriptor)
            self._settled = anyio.Event()
            self._kick.set()
            await self._settled.wait()

    def _read(self) -> list[tuple[_Sender, Event]]:
        """Take a burst off the socket; everything that is no good event is answered here."""
        batch: list[tuple[_Sender, Event]] = []
        for _ in range(_BURST):
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._received += 1
            self._open(parts, batch)
        return batch

    def _open(self, parts: list[bytes], batch: list[tuple[_Sender, Event]]) -> None:
        delimiter = len(parts) == _PARTS and parts[1] == b""
        frame = parts[-1]
        sender = _Sender(parts[0], delimiter, encoding_of(frame))
        try:
            if len(parts) != (_PARTS if delimiter else _PARTS - 1):
                raise WireError("parts", "message", f"has {len(parts) - 1} parts, must have one")
            message = unpack(frame, max_bytes=self._codec.settings.max_bytes)
            sender = msgspec.structs.replace(sender, id=_echoed(message.get("id")), wait=message.get("wait") is True)
            op = message.get("op", "event")
            if op == "event":
                event = self._codec.event(message)
                self._refuse_when_full(event.priority)
                batch.append((sender, event))
            elif isinstance(op, str):
                self._tasks.start_soon(self._answer_control, sender, op, message, name=f"control {op}")
            else:
                raise WireError("type", "op", "must be text")
        except WireError as error:
            self._refuse(sender, error)
        except Exception as error:  # noqa: BLE001 - one message, whatever it is, must not end the daemon
            log.error("bus.internal", error=repr(error), remedy="please report this message")
            self._refuse(sender, WireError("internal", "message", f"met a fault of ours: {type(error).__name__}"))

    async def _store(self, receive: Any) -> None:
        async with receive:
            async for batch in receive:
                pairs: list[tuple[_Sender, Event]] = batch
                try:
                    stored = await self._accept([event for _, event in pairs])
                except StoreUnavailable as error:
                    for sender, _ in pairs:
                        self._refuse(sender, WireError("store", "event", f"was not kept: {error.reason}"))
                    continue
                for (sender, event), row in zip(pairs, stored, strict=True):
                    await self._acknowledge(sender, event, row)
                self._arrived([event for _, event in pairs])

    async def _acknowledge(self, sender: _Sender, event: Event, row: Any) -> None:
        if not (sender.wait and sender.delimiter):  # a REQ that waits gets the verdict as its one answer
            self._owe(sender, {"type": "ack", "id": event.id, "event": row.seq, "duplicate": row.duplicate})
        if not sender.wait:
            return
        if row.receipt is not None and (known := await self._look_up(row.receipt)) is not None:
            self._owe(sender, known)
        else:
            self._waiters[row.seq].append(sender)

    async def _answer_control(self, sender: _Sender, op: str, message: dict[str, Any]) -> None:
        try:
            self._owe(sender, {"type": op, **await self._control(op, message)})
        except WireError as error:
            self._refuse(sender, error)
        except KairosError as error:
            self._refuse(sender, WireError("failed", "op", str(error)))

    def _refuse(self, sender: _Sender, error: WireError) -> None:
        self._refused[error.code] += 1
        self._owe(sender, {"type": "error", "code": error.code, "field": error.field, "message": error.problem})

    def _owe(self, sender: _Sender, message: dict[str, Any]) -> None:
        self._outbox.append((sender, message))
        self._kick.set()

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        for sender, message in outbox:
            if sender.id is not None and "id" not in message:
                message["id"] = sender.id
            frame = pack(message, sender.encoding)
            parts = [sender.identity, b"", frame] if sender.delimiter else [sender.identity, frame]
            try:
                self._socket.send_multipart(parts, zmq.NOBLOCK)
            except zmq.ZMQError:
                self._unreachable += 1  # gone, or drowning in its own answers; its events are safe


def _echoed(marker: Any) -> str | None:
    """The id an answer may carry back: one that could be an event's."""
    return marker if isinstance(marker, str) and len(marker) <= _LONGEST_ID else None


def verdict_message(decision: Decision) -> dict[str, Any]:
    """What a waiting sender is told."""
    message: dict[str, Any] = {
        "type": "verdict", "verdict": decision.verdict.value, "margin": round(decision.margin, 4),
        "receipt": decision.receipt, "count": decision.count,
    }  # fmt: skip
    if decision.actuator:
        message |= {"actuator": decision.actuator, "what": decision.what}
    return message
