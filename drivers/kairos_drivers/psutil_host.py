"""The machine's numbers by psutil. Driver `host_metrics`."""

from __future__ import annotations

import math
import os
from typing import Any, Final

import psutil

_MIB: Final = 1 << 20
_PSEUDO: Final = ("/snap/", "/boot/efi", "/run/", "/dev", "/proc", "/sys")


class PsutilHost:
    """`HostMetrics` over psutil."""

    def read(self) -> dict[str, float]:
        """Processor, load, memory, swap, disks, temperatures, battery; what is missing is left out."""
        metrics: dict[str, float] = {
            "cpu_percent": psutil.cpu_percent(interval=None),
            "memory_percent": psutil.virtual_memory().percent,
            "processes": float(len(psutil.pids())),
        }
        if hasattr(os, "getloadavg"):
            metrics["load_per_core"] = round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)
        swap = psutil.swap_memory()
        if swap.total:
            metrics["swap_percent"] = swap.percent
        metrics |= _disks() | _temperatures() | _battery()
        return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _disks() -> dict[str, float]:
    found: dict[str, float] = {}
    for partition in psutil.disk_partitions(all=False):
        if partition.mountpoint.startswith(_PSEUDO) or not os.path.isdir(partition.mountpoint):
            continue
        try:
            found[f"disk_percent[{partition.mountpoint}]"] = psutil.disk_usage(partition.mountpoint).percent
        except OSError:
            continue
    return found


def _temperatures() -> dict[str, float]:
    read: Any = getattr(psutil, "sensors_temperatures", None)
    try:
        sensors: dict[str, Any] = read() if read else {}
    except (OSError, RuntimeError):
        return {}
    return {f"temperature_c[{name}]": float(max(reading.current for reading in readings)) for name, readings in sensors.items() if readings}


def _battery() -> dict[str, float]:
    read: Any = getattr(psutil, "sensors_battery", None)
    try:
        battery = read() if read else None
    except (OSError, RuntimeError):
        return {}
    return {} if battery is None else {"battery_percent": float(battery.percent)}
