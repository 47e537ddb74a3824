"""The hash chain and the signature of a segment, as pure functions.

    hash(n) = blake2b( hash(n-1) | n | kind | at | body )        hash(0) = 32 zero bytes
    signature(segment) = HMAC-SHA256(key, no | first | last | head)

The key lies in `<state>/keys/ledger.key`, mode 0600. It shows tampering by anyone who cannot read
that file; the head, published on the feed and in the log, shows a cut tail.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from typing import Final

import msgspec

GENESIS: Final = bytes(32)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chain ends."""

    n: int
    hash: str


def link(previous: bytes, n: int, kind: str, at: float, body: str) -> bytes:
    """The 32-byte hash of receipt `n` after one with hash `previous`."""
    state = hashlib.blake2b(previous, digest_size=32)
    state.update(f"{n}\x1f{kind}\x1f{at!r}\x1f{body}".encode())
    return state.digest()


def sign(key: bytes, no: int, first: int, last: int, head: bytes) -> bytes:
    """The signature of a closed segment."""
    return hmac.digest(key, f"{no}:{first}:{last}:{head.hex()}".encode(), "sha256")


def signing_key(keys: Path) -> bytes:
    """The instance's signing key; made on first use."""
    path = keys / "ledger.key"
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = path.with_suffix(".part")
        scratch.touch(mode=0o600)
        scratch.write_bytes(os.urandom(32))
        scratch.replace(path)
    return path.read_bytes()
