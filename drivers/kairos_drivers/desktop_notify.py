"""Desktop notices by `notify-send` (libnotify). Driver `desktop`."""

from __future__ import annotations

import os
import shutil
from subprocess import DEVNULL

import anyio

from kairos.errors import ActuatorFailed


class NotifySend:
    """`Desktop` over the program every Linux desktop has. Argument list, no shell."""

    async def notify(self, title: str, body: str, key: str) -> None:
        """Show it; raises `ActuatorFailed` without a program or a session bus."""
        program = shutil.which("notify-send")
        if program is None:
            raise ActuatorFailed("notify", "notify-send is not installed (package libnotify-bin)")
        if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
            raise ActuatorFailed("notify", "there is no desktop session")
        argv = [program, "--app-name=KAIROS", f"--hint=string:x-kairos-key:{key}", "--", title, body]
        done = await anyio.run_process(argv, stdin=DEVNULL, check=False)
        if done.returncode:
            raise ActuatorFailed("notify", done.stderr.decode("utf-8", "replace").strip()[:200] or "notify-send failed")
