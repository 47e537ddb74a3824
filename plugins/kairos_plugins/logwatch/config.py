"""Settings of `[plugin.logwatch]`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class LogwatchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is followed."""

    files: tuple[str, ...] = (
        "/var/log/syslog",
        "/var/log/messages",
        "/var/log/auth.log",
        "/var/log/kern.log",
        "/var/log/dpkg.log",
    )
    """Files to follow; `*` is allowed. Those that are not there (yet) are looked for again."""
    journal: bool = True
    """Whether to follow the system's journal where there is one we may read."""
    poll_s: Annotated[float, Meta(ge=0.05)] = 1.0
    """Seconds between two looks at a file."""
    max_line: Annotated[int, Meta(ge=64, le=16384)] = 2000
    """Characters of a line that are handed in; the rest is cut, with a mark."""
    from_start: bool = False
    """Whether a file seen for the first time is read from its start instead of its end."""
