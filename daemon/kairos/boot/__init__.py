"""Wiring: the only room that knows all the others."""

from __future__ import annotations

from kairos.boot.daemon import SCHEMAS, Daemon

__all__ = ["SCHEMAS", "Daemon"]
