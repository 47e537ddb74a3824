"""Settings of `[plugin.projector]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from kairos_plugins.projector.words import Bound


class ProjectorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether what the ear heard said goes to the mind, and by which weights."""

    listen: bool = False
    """Whether speech becomes events at all; needs `plugin.ear.listen`."""
    weights: str = ""
    """A projector of your own (`kairos train projector`); empty is the one shipped for the default mind."""
    source: Annotated[str, Meta(min_length=1, max_length=64)] = "voice"
    """What such events call their source."""
    sure: Annotated[float, Meta(ge=0, le=1)] = 0.65
    """Mean probability of its tokens below which an utterance is nothing: other languages give some words that only sound like ours."""
    least: Annotated[int, Meta(ge=1)] = 2
    """Tokens below which nothing was said that the language knows."""

    def passes(self, bound: Bound) -> bool:
        """Whether what was heard is enough of the language to be told."""
        return len(bound.ids) >= self.least and bound.sure >= self.sure
