"""The plugin host: finds plugins, gives each a record, guards every call into them."""

from __future__ import annotations

from kairos.host.discovery import discover
from kairos.host.host import Host
from kairos.host.record import PluginRecord, PluginStatus

__all__ = ["Host", "PluginRecord", "PluginStatus", "discover"]
