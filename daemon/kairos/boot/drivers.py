"""Drivers by entry point, made once, handed on as ports; one that cannot load is a degraded part."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any, Final

from kairos.logs import get_logger
from kairos.ports import Drivers, Supervisor

GROUP: Final = "kairos.drivers"

log = get_logger("boot")


class Unsupervised:
    """Nobody started us who wants to know."""

    watchdog_s = None

    def notify(self, *fields: str) -> None:
        """To nobody."""


def load_drivers() -> tuple[Drivers, Supervisor]:
    """What is installed: the ports a plugin may ask for, and whoever watches us."""
    found: dict[str, Any] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()()
        except Exception as error:  # noqa: BLE001 - a missing library is a degraded part; whoever needs it says so
            log.info("driver.missing", driver=point.name, reason=str(error))
    known = {name: found[name] for name in Drivers.__struct_fields__ if name in found}
    return Drivers(**known), found.get("supervisor", Unsupervised())
