"""What every experimental sound has: a probability that it sounds now, and words for it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from kairos_plugins.ear.hearing import Frame


class Now(NamedTuple):
    """Whether a sound goes on: how surely, and what to call it."""

    probability: float
    words: str


class Detector(Protocol):
    """One sound of one listening."""

    def feed(self, frame: Frame) -> Now | None:
        """One frame of 40 ms: what is known since it, None where nothing new was worked out."""
        ...
