"""From a group of events to the frame the mind is fed: the newest of them, and how often its like came."""

from __future__ import annotations

from kairos.events import Frame, Group


def frame_of(group: Group) -> Frame:
    """The frame of `group`. No clock text: equal news must give equal frames."""
    event = group.newest
    if event.kind == "latent":
        return Frame(kind="latent", source=event.source, rows=event.rows, series=group.series)
    text = metric_text(event.metrics) if event.kind == "metric" else event.text
    return Frame(kind=event.kind, source=event.source, text=text, series=group.series)


def metric_text(metrics: dict[str, float]) -> str:
    """`name=value` pairs, sorted by name, four significant digits."""
    return " ".join(f"{name}={value:.4g}" for name, value in sorted(metrics.items()))
