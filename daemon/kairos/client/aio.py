"""The asyncio client: the same calls, awaited; answers are matched by id, so calls may overlap."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final, Self

import msgspec
import zmq
import zmq.asyncio

from kairos.client.messages import Answer, check, event_message, locate, new_id, secure
from kairos.config.places import Places
from kairos.errors import DaemonUnreachable
from kairos.wire import pack, unpack

_BIG: Final = 64 << 20


class AsyncClient:
    """A connection to one daemon; an async context manager."""

    def __init__(self, where: Places | None = None, *, timeout_s: float = 10.0) -> None:
        """Raises `DaemonUnreachable` if none ever started there."""
        place, self.endpoints = locate(where)
        self._timeout_s = timeout_s
        self._context: Any = zmq.asyncio.Context()
        self._socket: Any = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        secure(self._socket, place, self.endpoints)
        self._answers: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        self._socket.connect(self.endpoints.events)
        self._reader = asyncio.create_task(self._read(), name="kairos client reader")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        self._socket.close()
        self._context.term()

    async def send(self, text: str | None = None, *, wait: bool = False, **event: Any) -> Answer:
        """As `Client.send`."""
        message = event_message(text, wait=wait, **event)
        answer = await self._exchange(message, last="verdict" if wait else "ack")
        return msgspec.convert(answer, Answer)

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """As `Client.ask`."""
        return await self._exchange({"op": op, "id": new_id(), **fields}, last=op)

    async def _exchange(self, message: dict[str, Any], *, last: str) -> dict[str, Any]:
        """Send and read answers up to the one of type `last`."""
        marker: str = message["id"]
        answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers[marker] = answers
        try:
            await self._socket.send(pack(message, "json"))
            while True:
                answer = dict(check(await asyncio.wait_for(answers.get(), self._timeout_s)))
                if answer["type"] == last:
                    return answer
        except TimeoutError:
            raise DaemonUnreachable(self.endpoints.events, self._timeout_s) from None
        finally:
            if self._answers.get(marker) is answers:
                del self._answers[marker]

    async def _read(self) -> None:
        while True:
            answer = unpack(await self._socket.recv(), max_bytes=_BIG)
            queue = self._answers.get(str(answer.get("id")))
            if queue is not None:
                queue.put_nowait(answer)
