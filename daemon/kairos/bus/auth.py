"""CURVE keys for TCP: made at the first start, mode 0600; beyond loopback only known clients are let in.

On loopback any local user could connect, so the daemon still proves itself and encrypts, and a
client needs the server's public key, which lies in a file only the owner can read. Off loopback a
client must also be known: its public key is a file in `<state>/keys/clients`.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

import zmq
from zmq.auth.asyncio import AsyncioAuthenticator

from kairos.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A key pair, Z85."""

    public: bytes
    secret: bytes


def curve(keys: Path, name: str) -> Curve:
    """The pair `name`, made if it is not there."""
    path = keys / f"{name}.curve"
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        public, secret = zmq.curve_keypair()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, public + b"\n" + secret + b"\n")
        os.close(descriptor)
    public, secret = path.read_bytes().split()
    return Curve(public=public, secret=secret)


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def known_clients(keys: Path) -> list[bytes]:
    """Public keys (Z85, one a file) that may connect from elsewhere."""
    folder = keys / "clients"
    return [path.read_bytes().split()[0] for path in sorted(folder.glob("*.pub"))] if folder.is_dir() else []


def authenticator(context: zmq.Context[zmq.Socket[bytes]], keys: Path, host: str) -> AsyncioAuthenticator | None:
    """Starts the check of client keys where it is demanded; raises `SettingsError` if nobody could pass."""
    if is_loopback(host):
        return None
    clients = known_clients(keys)
    if not clients:
        raise SettingsError(
            "bus.host", f"is {host}, beyond this machine, but no client key is known",
            allowed=f"127.0.0.1, or put clients' public keys into {keys / 'clients'}/NAME.pub",
        )  # fmt: skip
    guard = AsyncioAuthenticator(context)
    guard.start()
    guard.configure_curve_callback("*", credentials_provider=_Known(frozenset(clients)))
    return guard


class _Known:
    """zmq asks this for every client."""

    def __init__(self, clients: frozenset[bytes]) -> None:
        self._clients = clients

    def callback(self, domain: str, key: bytes) -> bool:
        del domain
        return key in self._clients
