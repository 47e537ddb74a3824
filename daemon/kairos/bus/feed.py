"""The PUB feed: every message is numbered per topic, so a subscriber sees what it missed.

Sending never blocks and never raises: a slow subscriber loses messages at its own queue's bound, a
fast daemon loses nothing. JSON only, and JSON has no NaN: such a number travels as null.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import zmq

from kairos.wire import VERSION


class Feed:
    """Publishes on one bound socket; event loop only."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._numbers: Counter[str] = Counter()
        self.dropped = 0

    def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        """Send `body` under `topic`."""
        self._numbers[topic] += 1
        message = {"v": VERSION, "topic": topic, "n": self._numbers[topic], "at": time.time(), **_plain(body)}
        try:
            self._socket.send_multipart([topic.encode(), msgspec.json.encode(message)], zmq.NOBLOCK)
        except (zmq.ZMQError, TypeError, ValueError):
            self.dropped += 1


def _plain(value: Any) -> Any:
    """`value` with every NaN and infinity as None and every struct as an object."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.to_builtins(value))
    if isinstance(value, Mapping):
        pairs: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {str(key): _plain(item) for key, item in pairs.items()}
    if isinstance(value, (list, tuple)):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return [_plain(item) for item in items]
    return value
