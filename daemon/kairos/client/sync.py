"""The blocking client: one DEALER, answers matched by id, resend after a lost answer is safe."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import zmq

from kairos.client.messages import Answer, check, event_message, locate, new_id, secure
from kairos.config.places import Places
from kairos.errors import DaemonUnreachable
from kairos.wire import Encoding, pack, unpack

_BIG: Final = 64 << 20


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the feed. `missed` is how many of its topic were lost before it."""

    topic: str
    n: int
    body: dict[str, Any]
    missed: int


class Client:
    """A connection to one daemon; a context manager. Not for several threads at once."""

    def __init__(self, where: Places | None = None, *, timeout_s: float = 10.0, encoding: Encoding = "json") -> None:
        """Raises `DaemonUnreachable` if none ever started there."""
        place, self.endpoints = locate(where)
        self._timeout_s = timeout_s
        self._encoding: Encoding = encoding
        self._context: Any = zmq.Context()
        self._socket: Any = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        secure(self._socket, place, self.endpoints)
        self._socket.connect(self.endpoints.events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the socket go; closing twice is fine."""
        self._socket.close()
        self._context.term()

    def send(self, text: str | None = None, *, wait: bool = False, timeout_s: float | None = None, **event: Any) -> Answer:
        """Hand in one event; returns its ack, or its verdict with `wait`. See `event_message` for the rest.

        Raises `WireError` when it is refused and `DaemonUnreachable` when nobody answers; sending the
        same `id` again is then safe.
        """
        message = event_message(text, wait=wait, **event)
        self.post(message)
        deadline = time.monotonic() + (timeout_s or self._timeout_s)
        while True:
            answer = self.next_answer(deadline)
            if answer.get("id") != message["id"]:
                continue
            check(answer)
            if not wait or answer["type"] == "verdict":
                return msgspec.convert(dict(answer), Answer)

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a control message and return its answer."""
        marker = new_id()
        self.post({"op": op, "id": marker, **fields})
        deadline = time.monotonic() + self._timeout_s
        while True:
            answer = self.next_answer(deadline)
            if answer.get("id") == marker:
                return dict(check(answer))

    def post(self, message: dict[str, Any]) -> None:
        """Send without waiting; read the answers with `next_answer`. For many events in flight."""
        self._socket.send(pack(message, self._encoding))

    def next_answer(self, deadline: float) -> Mapping[str, Any]:
        """The next answer of any event; `deadline` is in `time.monotonic()`."""
        left = max(0.0, deadline - time.monotonic())
        if not self._socket.poll(int(left * 1000)):
            raise DaemonUnreachable(self.endpoints.events, self._timeout_s)
        return unpack(self._socket.recv(), max_bytes=_BIG)


def subscribe(where: Places | None = None, *, topics: tuple[str, ...] = ("",), timeout_s: float | None = None) -> Iterator[Message]:
    """Endless messages of the feed; ends after `timeout_s` of silence if given."""
    place, endpoints = locate(where)
    context: Any = zmq.Context()
    socket: Any = context.socket(zmq.SUB)
    socket.linger = 0
    secure(socket, place, endpoints)
    for topic in topics:
        socket.subscribe(topic)
    socket.connect(endpoints.feed)
    last: dict[str, int] = {}
    try:
        while socket.poll(None if timeout_s is None else int(timeout_s * 1000)):
            _, frame = socket.recv_multipart()
            body = unpack(frame, max_bytes=_BIG)
            topic, n = str(body["topic"]), int(body["n"])
            missed = max(0, n - last.get(topic, n - 1) - 1)
            last[topic] = n
            yield Message(topic=topic, n=n, body=body, missed=missed)
    finally:
        socket.close()
        context.term()
