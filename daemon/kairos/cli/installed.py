"""What is installed under a group of entry points, by name: the same list and the same error for every command that takes one."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from kairos.errors import KairosError


def installed(group: str) -> dict[str, EntryPoint]:
    """By name, sorted."""
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.name)}


def chosen(group: str, name: str) -> EntryPoint:
    """The one called so; raises `KairosError` with the names there are."""
    points = installed(group)
    if name not in points:
        raise KairosError(f"there is no {name!r} under {group}; there are {', '.join(points)}")
    return points[name]
