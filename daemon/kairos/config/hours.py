"""Local hours such as `22:00-07:00`, as several settings have them; a range may cross midnight."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

HOURS: Final = re.compile(r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")


def within(hours: str, when: datetime) -> bool:
    """Whether the local time `when` lies in `hours`; always, if that is empty."""
    if not hours:
        return True
    first, last = hours.split("-")
    clock = when.strftime("%H:%M")
    return first <= clock < last if first <= last else clock >= first or clock < last
