"""Settings of `[plugin.sysmon]`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class SysmonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is watched, how often, and how much must change."""

    every_s: Annotated[float, Meta(ge=1)] = 15.0
    """Seconds between two looks."""
    step_percent: Annotated[float, Meta(gt=0, le=100)] = 10.0
    """Points a percentage must move before it is told again; below this it is noise."""
    step_ratio: Annotated[float, Meta(gt=0)] = 0.25
    """Share by which any other number must move."""
    settle: Annotated[int, Meta(ge=1)] = 3
    """Looks in a row a change must last, so that a short peak is no event."""
    ignore: tuple[str, ...] = ()
    """Metrics, by beginning of name, that are never told."""
