"""Why a thing is not said twice, or not now: silences, inhibition, repeats. Pure functions; the first reason wins.

The order is a person's word first: what was silenced, then what follows from a known cause, then what
was said before. A recovery notice and a sign of life are never repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from kairos.config import ActSettings, Inhibition, Silence, within


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An action that was carried out."""

    action: int
    source: str
    what: str
    age_s: float


def why_not(
    settings: ActSettings, *, source: str, what: str, when: datetime, recent: Sequence[Said], since_same_s: float | None, insists: bool
) -> str:
    """The reason to keep quiet; empty for none. `when` is local time, `recent` what was said, newest first."""
    for number, silence in enumerate(settings.silence):
        if _covers(silence, source, what, when):
            return f"act.silence[{number}]: {silence.why or silence.source}"
    for inhibition in settings.inhibit:
        if cause := _cause(inhibition, source, recent):
            return f"follows from action {cause.action} of {cause.source}, {cause.age_s:.0f} s ago"
    if not insists and since_same_s is not None and since_same_s < settings.cool_down_s:
        return f"said {since_same_s:.0f} s ago"
    return ""


def _covers(silence: Silence, source: str, what: str, when: datetime) -> bool:
    return (
        fnmatchcase(source, silence.source)
        and fnmatchcase(what.lower(), silence.says.lower())
        and within(silence.hours, when)
        and (not silence.until or when.replace(tzinfo=None) < datetime.fromisoformat(silence.until))
    )


def _cause(inhibition: Inhibition, source: str, recent: Sequence[Said]) -> Said | None:
    """What explains news of `source`; a cause does not mute itself."""
    if not fnmatchcase(source, inhibition.mutes):
        return None
    return next(
        (
            said
            for said in recent
            if said.age_s <= inhibition.within_s
            and said.source != source
            and fnmatchcase(said.source, inhibition.cause)
            and fnmatchcase(said.what.lower(), inhibition.says.lower())
        ),
        None,
    )
