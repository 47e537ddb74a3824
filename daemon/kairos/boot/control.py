"""What a person may ask of a living daemon over its socket: look, pause, tick, answer an action.

Whoever can open the socket may do this; that is what the socket's mode and keys are for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kairos import __version__
from kairos.act import ActionState
from kairos.boot.history import explain
from kairos.errors import WireError
from kairos.ports import Request

if TYPE_CHECKING:
    from kairos.boot.daemon import Daemon

_MOST: Final = 1000
_NOTE: Final = 2000
_NEED_THE_HEART: Final = ("tick", "pause", "resume", "reload", "approve", "deny")


class Control:
    """Answers every `op` but `event`."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ops: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "ping": self._ping, "status": self._status, "plugins": self._plugins, "tick": self._tick,
            "pause": self._pause, "resume": self._resume, "reload": self._reload,
            "actions": self._actions, "approve": self._approve, "deny": self._deny, "feedback": self._feedback,
            "plugin": self._plugin,
        }  # fmt: skip

    async def answer(self, op: str, message: dict[str, Any]) -> dict[str, Any]:
        """The reply to `op`; raises `WireError` for one that is not known."""
        handler = self._ops.get(op)
        if handler is None:
            raise WireError("op", "op", f"is {op!r}; known are event, {', '.join(sorted(self._ops))}")
        if op in _NEED_THE_HEART and not self._daemon.awake:
            raise WireError("busy", "op", "must wait: the mind is not awake yet")
        return await handler(message)

    async def _ping(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"version": __version__, "pid": self._daemon.endpoints.pid}

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"version": __version__, **self._daemon.gauges.status()}

    async def _plugins(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"plugins": [record.row() for record in self._daemon.host.records]}

    async def _plugin(self, message: dict[str, Any]) -> dict[str, Any]:
        name, do = message.get("plugin"), message.get("do")
        if not isinstance(name, str) or not isinstance(do, str):
            raise WireError("type", "plugin, do", "must both be text")
        return dict(await self._daemon.host.ask(name, Request(do=do, body=message)))

    async def _tick(self, _: dict[str, Any]) -> dict[str, Any]:
        self._daemon.heartbeat.tick_now()
        return {"done": True}

    async def _pause(self, _: dict[str, Any]) -> dict[str, Any]:
        self._daemon.heartbeat.pause()
        return {"paused": True}

    async def _resume(self, _: dict[str, Any]) -> dict[str, Any]:
        self._daemon.heartbeat.resume()
        return {"paused": False}

    async def _reload(self, _: dict[str, Any]) -> dict[str, Any]:
        await self._daemon.reload()
        return {"done": True}

    async def _actions(self, message: dict[str, Any]) -> dict[str, Any]:
        limit, state = message.get("limit", 20), message.get("state")
        if not isinstance(limit, int) or not 1 <= limit <= _MOST:
            raise WireError("range", "limit", f"must be 1 to {_MOST}")
        try:
            wanted = None if state is None else ActionState(state)
        except ValueError:
            raise WireError("range", "state", f"is {state!r}; known are {', '.join(s.value for s in ActionState)}") from None
        rows = await self._daemon.database.read(lambda c: self._daemon.actions.list(c, limit=limit, state=wanted))
        return {"actions": [msgspec.to_builtins(row) for row in rows]}

    async def _approve(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"done": await self._daemon.hands.answer(_number(message), approve=True)}

    async def _deny(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"done": await self._daemon.hands.answer(_number(message), approve=False)}

    async def _feedback(self, message: dict[str, Any]) -> dict[str, Any]:
        name, right, note = message.get("event"), message.get("right"), message.get("note", "")
        if not isinstance(name, str) or not isinstance(right, bool) or not isinstance(note, str):
            raise WireError("type", "event, right, note", "must be a text, true or false, a text")

        def job(connection: sqlite3.Connection) -> dict[str, Any]:
            found = explain(connection, name)
            if found.receipt is None:
                raise WireError("range", "event", f"is {name!r}, which has no verdict yet")
            verdict = found.receipt.body.get("verdict", "NO_OP")
            body = {"event": found.event, "verdict": verdict, "of": found.receipt.n, "right": right, "note": note[:_NOTE]}
            return {"event": found.event, "verdict": verdict, "receipt": self._daemon.ledger.append(connection, "feedback", body)}

        return await self._daemon.database.write(job)


def _number(message: dict[str, Any]) -> int:
    number = message.get("action")
    if type(number) is not int or number < 1:
        raise WireError("type", "action", "must be the number of an action")
    return number
