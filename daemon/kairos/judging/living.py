"""Daemons as processes of their own, for gates and benches: started, waited for, killed, measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kairos.checks import GateError
from kairos.client import Client
from kairos.config import Places
from kairos.config.places import Endpoints
from kairos.errors import DaemonUnreachable, WireError

_POLL_S: Final = 0.02


class Living:
    """One daemon process in `folder`. `start` waits until it answers; `kill` is SIGKILL."""

    def __init__(self, folder: Path, argv: Sequence[str], *, environment: dict[str, str] | None = None) -> None:
        self.places = Places(state=folder / "state", runtime=folder / "run")
        self._argv = argv
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = folder / "stderr"

    @property
    def pid(self) -> int:
        """Of the living process."""
        assert self._process is not None
        return self._process.pid

    @property
    def endpoints(self) -> Endpoints:
        """Of the living daemon."""
        found = self.places.read_endpoints()
        if found is None:
            raise GateError("the daemon has no endpoints: it is not running")
        return found

    def start(self, *, timeout_s: float = 120.0, failpoint: str = "", may_die: bool = False) -> bool:
        """Start it; False if it died before it answered, which is an error unless `may_die`."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("KAIROS_")}
        env |= {"HF_HUB_OFFLINE": "1", **(self._environment or {}), **({"KAIROS_FAILPOINT": failpoint} if failpoint else {})}
        self.places.endpoints.unlink(missing_ok=True)
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(self._argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                if may_die:
                    return False
                raise GateError(f"the daemon did not start: {self._last_words()}")
            if self._answers():
                return True
            time.sleep(_POLL_S)
        raise GateError(f"the daemon did not answer within {timeout_s:g} s: {self._last_words()}")

    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def wait_dead(self, timeout_s: float) -> bool:
        """Whether it died by itself in time."""
        assert self._process is not None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, *, number: int = signal.SIGTERM, timeout_s: float = 30.0) -> None:
        """End it, cleanly by default; SIGKILL if it does not listen."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
            if not self.wait_dead(timeout_s):
                self._process.kill()
        self._process.wait()

    def kill(self) -> None:
        """SIGKILL, now."""
        self.stop(number=signal.SIGKILL)

    def client(self, *, timeout_s: float = 30.0) -> Client:
        """A connection."""
        return Client(self.places, timeout_s=timeout_s)

    def _answers(self) -> bool:
        if self.places.read_endpoints() is None:
            return False
        try:
            with self.client(timeout_s=0.5) as client:
                return client.ask("status")["mind"] == "awake"
        except (DaemonUnreachable, WireError):
            return False

    def _last_words(self) -> str:
        lines = self._errors.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


@contextmanager
def scratch(prefix: str) -> Generator[Path]:
    """A scratch folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix=f"k-{prefix}-", dir="/tmp" if os.path.isdir("/tmp") else None) as name:  # noqa: S108
        yield Path(name)


def fake_daemon(folder: Path, *assignments: str, flags: Sequence[str] = (), environment: dict[str, str] | None = None) -> Living:
    """A daemon with real stores and sockets and a torch-free mind."""
    settings = [word for assignment in assignments for word in ("--set", assignment)]
    argv = [sys.executable, "-m", "kairos.testing.child", "--folder", str(folder), *settings, *flags]
    return Living(folder, argv, environment=environment)


def real_daemon(folder: Path, *assignments: str, environment: dict[str, str] | None = None) -> Living:
    """The shipped daemon on the default mind; converted models are shared with the user's own instance."""
    from kairos.config import places

    models = places().models
    models.mkdir(parents=True, exist_ok=True)
    (folder / "state").mkdir(parents=True, exist_ok=True)
    if not (folder / "state" / "models").exists():
        (folder / "state" / "models").symlink_to(models)
    settings = [word for assignment in assignments for word in ("--set", assignment)]
    argv = [sys.executable, "-m", "kairos", "--state-dir", str(folder / "state"), *settings, "run"]
    return Living(folder, argv, environment={"RUNTIME_DIRECTORY": str(folder / "run"), **(environment or {})})
