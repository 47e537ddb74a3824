"""Entry points to records. First-party plugins come through the same door; loading never raises."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from kairos.config import PluginsSettings
from kairos.host.record import PluginRecord, PluginStatus
from kairos.logs import get_logger

GROUP: Final = "kairos.plugins"

log = get_logger("host")


def discover(settings: PluginsSettings, *, timeout_s: float | None = None) -> list[PluginRecord]:
    """One record for every installed plugin, loaded unless the settings say no."""
    records = [_load(point, settings, timeout_s or settings.hook_timeout_s * 4) for point in _unique(entry_points(group=GROUP))]
    for record in records:
        if record.status is PluginStatus.LOAD_FAILED:
            log.warning("plugin.load_failed", plugin=record.name, reason=record.detail)
    return records


def _unique(points: Iterable[EntryPoint]) -> list[EntryPoint]:
    return sorted({point.name: point for point in points}.values(), key=lambda point: point.name)


def _load(point: EntryPoint, settings: PluginsSettings, timeout_s: float) -> PluginRecord:
    record = PluginRecord(name=point.name, version=point.dist.version if point.dist else "")
    if point.name in settings.disable or (settings.only and point.name not in settings.only):
        record.status, record.detail = PluginStatus.DISABLED, "switched off in the settings"
        return record
    found = _import(point, timeout_s)
    if isinstance(found, BaseException):
        record.status, record.detail = PluginStatus.LOAD_FAILED, f"{type(found).__name__}: {found}"
    elif found is None:
        record.status, record.detail = PluginStatus.LOAD_FAILED, f"its import took longer than {timeout_s:g} s"
    else:
        record.plugin = found
    return record


def _import(point: EntryPoint, timeout_s: float) -> Any:
    """The plugin object, the exception its import raised, or None if it did not come back in time."""
    result: list[Any] = []

    def work() -> None:
        try:
            loaded = point.load()
            result.append(loaded() if isinstance(loaded, type) else loaded)
        except BaseException as error:  # noqa: BLE001 - even SystemExit at import is only the plugin's own
            result.append(error)

    thread = threading.Thread(target=work, name=f"import {point.name}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return result[0] if result else None
