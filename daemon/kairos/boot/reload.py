"""SIGHUP: read the settings and the owner's rules again; wrong ones are reported and the ones in use stay.

`heartbeat`, `act` and the rules take effect at once; a change elsewhere is named and waits for the next start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from kairos.config import load
from kairos.config.rules import read_rules
from kairos.errors import KairosError
from kairos.logs import get_logger

if TYPE_CHECKING:
    from kairos.boot.daemon import Daemon

_LIVING: Final = ("heartbeat", "act")

log = get_logger("boot")


async def reload(daemon: Daemon) -> None:
    """Apply what may change while living."""
    daemon.supervisor.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
    try:
        new = load(daemon.config, daemon.overrides).settings
    except KairosError as error:
        log.error("settings.refused", reason=str(error), kept="the settings in use")
    else:
        old = daemon.settings
        waiting = [name for name in old.__struct_fields__ if name not in _LIVING and getattr(new, name) != getattr(old, name)]
        daemon.settings = msgspec.structs.replace(old, heartbeat=new.heartbeat, act=new.act)
        daemon.heartbeat.settings = new.heartbeat
        daemon.hands.settings = new.act
        log.info("settings.reloaded", waits_for_restart=waiting)
    await _rules(daemon)
    daemon.supervisor.notify("READY=1", "STATUS=beating")


async def _rules(daemon: Daemon) -> None:
    """Those of the owner, if they changed."""
    try:
        found = read_rules(daemon.places.policy)
    except KairosError as error:
        log.error("rules.refused", reason=str(error), kept="the rules in use")
        return
    if found != daemon.rules:
        await daemon.rule(found)
        log.info("rules.reloaded", rules=len(found))
