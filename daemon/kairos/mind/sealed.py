"""Files of the mind that must come back as they were written, or not at all: sealed, and renamed into place."""

from __future__ import annotations

import hmac
import os
from pathlib import Path


def seal(key: bytes, label: str, body: bytes) -> str:
    """HMAC-SHA256 of `body` under the instance's key, 64 hex characters; `label` keeps kinds of file apart."""
    return hmac.digest(key, label.encode() + b":" + body, "sha256").hex()


def fits(found: str, key: bytes, label: str, body: bytes) -> bool:
    """Whether `found` is the seal of `body`."""
    return hmac.compare_digest(found.encode(), seal(key, label, body).encode())


def keep(scratch: Path, path: Path) -> None:
    """Make `scratch` the file `path`, also through a power loss; a kill leaves the old file or the new one."""
    with scratch.open("rb+") as file:
        os.fsync(file.fileno())
    scratch.chmod(0o600)
    scratch.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
