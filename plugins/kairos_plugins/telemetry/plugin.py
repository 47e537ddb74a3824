"""`telemetry`: what the daemon does, published. The smallest plugin, and a template for yours."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
import msgspec

from kairos.api import Decision, Outcome, PluginContext, Tick, hookimpl


class Telemetry:
    """The plugin."""

    def __init__(self) -> None:
        self._context: PluginContext | None = None

    @hookimpl
    async def kairos_run(self, context: PluginContext) -> None:
        """Remember where to publish; the rest happens in the other hooks."""
        self._context = context
        context.status("publishes tick, action, outcome, gauge")
        await anyio.sleep_forever()

    @hookimpl
    async def kairos_tick(self, tick: Tick) -> None:
        """Topic `tick`."""
        self._publish("tick", tick)

    @hookimpl
    async def kairos_action(self, decision: Decision) -> None:
        """Topic `action`."""
        self._publish("action", decision)

    @hookimpl
    async def kairos_outcome(self, outcome: Outcome) -> None:
        """Topic `outcome`."""
        self._publish("outcome", outcome)

    @hookimpl
    async def kairos_gauges(self, gauges: Mapping[str, float]) -> None:
        """Topic `gauge`."""
        if self._context is not None:
            self._context.publish("gauge", {"gauges": dict(gauges)})

    def _publish(self, topic: str, record: msgspec.Struct) -> None:
        if self._context is not None:
            fields = {k: v for k, v in msgspec.to_builtins(record).items() if k != "at"}
            self._context.publish(topic, fields)
