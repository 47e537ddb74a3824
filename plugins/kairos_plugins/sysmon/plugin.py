"""`sysmon`: processor, memory, disks, temperatures and battery as metric events when they change."""

from __future__ import annotations

import time

import anyio

from kairos.api import Event, PluginContext, Priority, get_logger, hookimpl, new_id
from kairos_plugins.sysmon.change import ChangeDetector
from kairos_plugins.sysmon.config import SysmonSettings

log = get_logger("sysmon")


class Sysmon:
    """The plugin."""

    @hookimpl
    async def kairos_run(self, context: PluginContext) -> None:
        """Look, compare, tell; for ever."""
        settings: SysmonSettings = context.settings(SysmonSettings)
        host = context.drivers.host_metrics
        if host is None:
            log.warning("sysmon.no_metrics", remedy="install psutil")
            context.status("no metrics driver")
            await anyio.sleep_forever()
            return
        detector = ChangeDetector(settings)
        while True:
            metrics = await anyio.to_thread.run_sync(host.read)
            context.status(f"{len(metrics)} metrics every {settings.every_s:g} s")
            if news := detector.news(metrics):
                await context.emit(
                    Event(
                        id=new_id(), source="sysmon", kind="metric", priority=Priority.BACKGROUND,
                        at=time.time(), metrics=news,
                    )
                )  # fmt: skip
            await anyio.sleep(settings.every_s)
