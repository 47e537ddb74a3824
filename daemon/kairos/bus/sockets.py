"""Bind the event socket and the feed, with the right options, modes and keys. Called once, by `boot`."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import zmq

from kairos.bus.auth import authenticator, curve
from kairos.config import BusSettings, Places
from kairos.config.places import Endpoints
from kairos.errors import SettingsError, StoreUnavailable

_LONGEST_IPC: Final = 100
_MODES: Final = {"user": (0o077, 0o700), "group": (0o007, 0o750)}


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The two sockets and where they are."""

    events: zmq.Socket[bytes]
    feed: zmq.Socket[bytes]
    endpoints: Endpoints


@contextmanager
def bind(settings: BusSettings, places: Places) -> Generator[Bound]:
    """Both sockets, bound and announced in `endpoints.json`; closed and withdrawn at exit."""
    context: Any = zmq.Context(io_threads=1)
    context.linger = 0
    guard = None
    events: Any = context.socket(zmq.ROUTER)
    feed: Any = context.socket(zmq.PUB)
    try:
        events.setsockopt(zmq.ROUTER_MANDATORY, 1)
        events.setsockopt(zmq.MAXMSGSIZE, settings.max_bytes + 1024)
        events.setsockopt(zmq.SNDHWM, settings.feed_queue)
        feed.setsockopt(zmq.SNDHWM, settings.feed_queue)
        if _uses_ipc(settings, places):
            endpoints = _bind_ipc(settings, places, events, feed)
        else:
            endpoints, guard = _bind_tcp(settings, places, context, events, feed)
        _announce(places, endpoints)
        yield Bound(events=events, feed=feed, endpoints=endpoints)
    finally:
        places.endpoints.unlink(missing_ok=True)
        for socket in (events, feed):
            socket.close(linger=200)
        if guard is not None:
            guard.stop()
        context.term()


def _uses_ipc(settings: BusSettings, places: Places) -> bool:
    if settings.transport != "auto":
        return settings.transport == "ipc"
    return sys.platform != "win32" and len(str(places.runtime)) < _LONGEST_IPC


def _bind_ipc(settings: BusSettings, places: Places, events: Any, feed: Any) -> Endpoints:
    if len(str(places.runtime)) >= _LONGEST_IPC:
        raise SettingsError("bus.transport", f"is ipc, but {places.runtime} is too long for a socket path", allowed="tcp")
    mask, mode = _MODES[settings.access]
    where = {name: f"ipc://{places.runtime}/{name}.sock" for name in ("events", "feed")}
    before = os.umask(mask)
    try:
        places.runtime.mkdir(mode=mode, parents=True, exist_ok=True)
        events.bind(where["events"])
        feed.bind(where["feed"])
    except (OSError, zmq.ZMQError) as error:
        raise StoreUnavailable(places.runtime, str(error)) from error
    finally:
        os.umask(before)
    return Endpoints(pid=os.getpid(), events=where["events"], feed=where["feed"])


def _bind_tcp(settings: BusSettings, places: Places, context: Any, events: Any, feed: Any) -> tuple[Endpoints, Any]:
    server = curve(places.keys, "server")
    curve(places.keys, "client")  # the local client's own pair
    guard = authenticator(context, places.keys, settings.host)
    bound: list[str] = []
    for socket, port in ((events, settings.event_port), (feed, settings.feed_port)):
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = server.public, server.secret
        try:
            socket.bind(f"tcp://{settings.host}:{port or '*'}")
        except zmq.ZMQError as error:
            raise SettingsError(
                "bus.event_port", f"cannot be used: {settings.host}:{port}: {error}", allowed="a free port, or 0"
            ) from error
        bound.append(socket.getsockopt_string(zmq.LAST_ENDPOINT))
    return Endpoints(pid=os.getpid(), events=bound[0], feed=bound[1], server_key=server.public.decode()), guard


def _announce(places: Places, endpoints: Endpoints) -> None:
    scratch = places.endpoints.with_suffix(".part")
    try:
        scratch.touch(mode=0o640)
        scratch.write_bytes(msgspec.json.encode(endpoints))
        scratch.replace(places.endpoints)
    except OSError as error:
        raise StoreUnavailable(places.endpoints, error.strerror or str(error)) from error
