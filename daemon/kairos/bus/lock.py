"""One daemon per state directory: an flock on a file that holds the pid, taken before anything is bound.

libzmq silently steals a living ipc path, so the socket itself cannot tell that somebody is home.
The kernel drops the lock with the process, however that ends: no stale pid file.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from kairos.errors import AlreadyRunning, StoreUnavailable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class StateLock:
    """Held for the daemon's life; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Raises `AlreadyRunning` with the pid of the holder."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise StoreUnavailable(self._path, error.strerror or str(error)) from error
        try:
            _lock(descriptor)
        except OSError:
            holder = os.pread(descriptor, 32, 0) if hasattr(os, "pread") else b""
            os.close(descriptor)
            pid = int(holder) if holder.strip().isdigit() else None
            raise AlreadyRunning(self._path.parent, pid) from None
        with contextlib.suppress(OSError):  # a full disk must not keep us from running
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt  # pragma: no cover - Windows

    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # pragma: no cover
