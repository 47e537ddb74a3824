"""Where a daemon lives: one state directory per instance, a runtime directory for its sockets.

Client and daemon find each other by the state directory alone: the daemon writes `endpoints.json`
there. Socket paths are kept short, since the kernel allows 107 characters.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs to reach a daemon; the content of `endpoints.json`."""

    pid: int
    events: str
    feed: str
    server_key: str | None = None
    """CURVE public key of the daemon (Z85); None on ipc."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Every path of one instance."""

    state: Path
    runtime: Path

    @property
    def database(self) -> Path:
        """Inbox and ledger, one sqlite file."""
        return self.state / "kairos.db"

    @property
    def lock(self) -> Path:
        """The flock file that holds the pid."""
        return self.state / "lock"

    @property
    def endpoints(self) -> Path:
        """Where clients learn the sockets."""
        return self.state / "endpoints.json"

    @property
    def models(self) -> Path:
        """Converted models."""
        return self.state / "models"

    @property
    def ring(self) -> Path:
        """The snapshot of Ring 1."""
        return self.state / "ring1.safetensors"

    @property
    def policy(self) -> Path:
        """The owner's rules."""
        return self.state / "policy.md"

    @property
    def memo(self) -> Path:
        """Margins known at the anchor of that snapshot."""
        return self.state / "memo.json"

    @property
    def keys(self) -> Path:
        """CURVE and signing keys, mode 0700."""
        return self.state / "keys"

    @property
    def log_file(self) -> Path:
        """The rotating log, where there is no journal."""
        return self.state / "log" / "kairos.log"

    def read_endpoints(self) -> Endpoints | None:
        """The endpoints of the daemon that lives (or lived) here."""
        try:
            return msgspec.json.decode(self.endpoints.read_bytes(), type=Endpoints)
        except (OSError, msgspec.DecodeError):
            return None


def places(state_dir: Path | None = None, environment: Mapping[str, str] | None = None) -> Places:
    """The places of the instance at `state_dir`, or of the default one.

    Order: the argument, `KAIROS_STATE_DIR`, systemd's `STATE_DIRECTORY`, the user's state home.
    """
    env = os.environ if environment is None else environment
    home = Path(env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    named = env.get("KAIROS_STATE_DIR") or env.get("STATE_DIRECTORY", "").partition(":")[0]
    state = (state_dir or (Path(named) if named else home / "kairos")).expanduser().absolute()
    return Places(state=state, runtime=_runtime(state, env))


def _runtime(state: Path, env: Mapping[str, str]) -> Path:
    if given := env.get("RUNTIME_DIRECTORY", "").partition(":")[0]:
        return Path(given)
    name = f"kairos-{hashlib.blake2b(str(state).encode(), digest_size=4).hexdigest()}"
    if (user := env.get("XDG_RUNTIME_DIR")) and os.access(user, os.W_OK):
        return Path(user) / name
    uid = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"{name}-{uid}"
