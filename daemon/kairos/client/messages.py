"""What clients say, as messages of the wire format; shared by the sync and the async client."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from kairos.config.places import Endpoints, Places, places
from kairos.errors import DaemonUnreachable, WireError


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A daemon's reply to an event."""

    type: str
    """`ack` or `verdict`."""
    id: str
    event: int | None = None
    duplicate: bool = False
    verdict: str | None = None
    margin: float | None = None
    receipt: int | None = None
    count: int | None = None
    actuator: str | None = None
    what: str | None = None


def new_id() -> str:
    """An id nobody else has: 6 bytes of time, 10 of chance, hex. The same id again is the same event."""
    return int(time.time() * 1000).to_bytes(6, "big").hex() + os.urandom(10).hex()


def event_message(
    text: str | None = None, *, metrics: Mapping[str, float] | None = None, rows: Mapping[str, Any] | None = None,
    source: str = "client", priority: str = "interactive", id: str | None = None, at: float | None = None,  # noqa: A002
    wait: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The message of one event; give exactly one of `text`, `metrics` and `rows`."""
    message: dict[str, Any] = {"op": "event", "id": id or new_id(), "source": source, "priority": priority}
    if metrics is not None:
        message |= {"kind": "metric", "metrics": dict(metrics)}
    elif rows is not None:
        message |= {"kind": "latent", "rows": dict(rows)}
    else:
        message |= {"kind": "text", "text": text}
    if at is not None:
        message["at"] = at
    if wait:
        message["wait"] = True
    return message


def check(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer itself; raises `WireError` if it is a refusal."""
    if answer.get("type") == "error":
        raise WireError(str(answer.get("code")), str(answer.get("field")), str(answer.get("message")))
    return answer


def locate(where: Places | None) -> tuple[Places, Endpoints]:
    """The places and endpoints of the daemon; the system's own if the user has none running."""
    found = where or places()
    endpoints = found.read_endpoints()
    if endpoints is None and where is None and (system := places(_SYSTEM).read_endpoints()) is not None:
        return places(_SYSTEM), system
    if endpoints is None:
        raise DaemonUnreachable(str(found.endpoints), 0)
    return found, endpoints


_SYSTEM: Final = Path("/var/lib/kairos")


def secure(socket: Any, where: Places, endpoints: Endpoints) -> None:
    """Give a socket the keys its daemon asks for."""
    if endpoints.server_key is None:
        return
    public, secret = (where.keys / "client.curve").read_bytes().split()
    socket.curve_serverkey = endpoints.server_key.encode()
    socket.curve_publickey, socket.curve_secretkey = public, secret
