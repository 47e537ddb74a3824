"""Which numbers changed enough, for long enough, to be news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kairos_plugins.sysmon.config import SysmonSettings

_SMALL: Final = 1.0


class ChangeDetector:
    """Remembers what was last told of each metric."""

    def __init__(self, settings: SysmonSettings) -> None:
        self._settings = settings
        self._told: dict[str, float] = {}
        self._pending: dict[str, int] = {}

    def news(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """The metrics to tell now. The first look is not news; it sets what later ones are held against."""
        changed: dict[str, float] = {}
        for name, value in metrics.items():
            if any(name.startswith(prefix) for prefix in self._settings.ignore):
                continue
            if name not in self._told:
                self._told[name] = value
            elif not self._moved(name, value):
                self._pending.pop(name, None)
            else:
                self._pending[name] = self._pending.get(name, 0) + 1
                if self._pending[name] >= self._settings.settle:
                    changed[name] = value
        for name, value in changed.items():
            self._told[name] = value
            self._pending.pop(name, None)
        return changed

    def _moved(self, name: str, value: float) -> bool:
        before = self._told[name]
        if "percent" in name:
            return abs(value - before) >= self._settings.step_percent
        return abs(value - before) > self._settings.step_ratio * max(abs(before), _SMALL)
