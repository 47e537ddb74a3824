"""Seeded frames with the verdict a person would want, and the histories they come after.

Used by `kairos.mind.train` and by gates that need distinct ticks. Splits are by whole domains and
whole styles (`HELD_OUT_*`), never by line: a line's twin in training would make the figure a lie.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final

from kairos.events import Frame
from kairos.mind.corpus.slots import draw, fill
from kairos.mind.corpus.styles import STYLES

HELD_OUT_DOMAINS: Final = ("containers", "printing", "power")
HELD_OUT_STYLES: Final = ("java", "iso", "sentence")
_FILES: Final = ("machines", "networks", "software", "home")
_GRAVE_SHARE: Final = 0.4
_SERIES_SHARE: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class Example:
    """One frame and what should be said of it: `answer` is None for NO_OP, else `<actuator> <sentence>`."""

    frame: Frame
    answer: str | None
    domain: str
    style: str


@cache
def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("kairos.mind.corpus") / f"{name}.toml").read_text("utf-8"))


@cache
def _domains(*, held_out: bool) -> list[dict[str, Any]]:
    rows = [row for name in _FILES for row in _load(name)["domain"]]
    return [row for row in rows if (row["name"] in HELD_OUT_DOMAINS) == held_out]


def _styles(*, held_out: bool) -> list[str]:
    return [name for name in STYLES if (name in HELD_OUT_STYLES) == held_out]


def _series(rng: Random, *, grave: bool) -> str:
    count = rng.randint(60, 900) if grave else rng.randint(2, 12)
    span = rng.randint(2, 15) if grave else rng.randint(10, 300)
    return f"{count} like this in {span} min"


def _text_example(rng: Random, *, held_out: bool) -> Example:
    domain = rng.choice(_domains(held_out=held_out))
    style = rng.choice(_styles(held_out=held_out))
    series = None
    if rng.random() >= _GRAVE_SHARE:
        line = rng.choice(domain["routine"])
        (message,), answer = fill([line], rng), None
        if rng.random() < _SERIES_SHARE:  # much of a harmless thing is harmless, but for those that are grave in number
            counted = any(line == row[0] for row in domain.get("series_grave", ()))
            series = _series(rng, grave=not counted and rng.random() < _SERIES_SHARE)
    elif "series_grave" in domain and rng.random() < 0.4:  # noqa: PLR2004
        line, actuator, sentence = rng.choice(domain["series_grave"])
        message, sentence = fill([line, sentence], rng)
        series, answer = _series(rng, grave=True), f"{actuator} {sentence}"
    else:
        line, actuator, sentence = rng.choice(domain["grave"])
        message, sentence = fill([line, sentence], rng)
        answer = f"{actuator} {sentence}"
        if rng.random() < _SERIES_SHARE:  # a disaster that repeats is still one
            series = _series(rng, grave=rng.random() < _SERIES_SHARE)
    source, text = STYLES[style](message, rng)
    frame = Frame(source=source, kind="text", text=text, series=series)
    return Example(frame=frame, answer=answer, domain=domain["name"], style=style)


def _number(rng: Random, bounds: list[float]) -> str:
    value = rng.uniform(bounds[0], bounds[1])
    return f"{value:.1f}" if abs(value) < 10 and rng.random() < 0.5 else f"{value:.0f}"  # noqa: PLR2004


def _metric_example(rng: Random) -> Example:
    rows = _load("metrics")["metric"]
    chosen = rng.sample(rows, rng.choice([1, 1, 1, 2, 3, 5]))
    bad = rng.choice([row for row in rows if "bad" in row]) if rng.random() < _GRAVE_SHARE else None
    if bad is not None:
        chosen = [row for row in chosen if row is not bad]
        chosen.insert(rng.randint(0, len(chosen)), bad)
    parts, answer = [], None
    for row in chosen:
        label = draw(row["label"], rng) if "label" in row else ""
        value = _number(rng, row["bad"] if row is bad else row["ok"])
        parts.append(f"{row['name']}{f'[{label}]' if label else ''}={value}")
        if row is bad:
            answer = "notify " + row["say"].format(v=value, label=label)
    source = rng.choice(["sysmon", "sensors", "cli", "prometheus", draw("host", rng)])
    frame = Frame(source=source, kind="metric", text=" ".join(parts))
    return Example(frame=frame, answer=answer, domain="metrics", style="metric")


def examples(seed: int, *, held_out: bool = False) -> Iterator[Example]:
    """Endless examples of one split; the same seed gives the same ones."""
    rng = Random(f"{seed}/{held_out}")
    while True:
        draw_kind = rng.random()
        if draw_kind < 0.06:  # noqa: PLR2004 - idle beats are common and must never be in doubt
            yield Example(frame=Frame.idle(), answer=None, domain="idle", style="idle")
        elif draw_kind < 0.2 and not held_out:  # noqa: PLR2004 - metrics have no held-out twin
            yield _metric_example(rng)
        else:
            yield _text_example(rng, held_out=held_out)


def histories(seed: int, *, held_out: bool = False, longest: int = 24) -> Iterator[tuple[list[Example], Example]]:
    """Endless `(retained actions, the frame to judge)`; histories of 0 to `longest` actions."""
    rng = Random(f"history/{seed}")
    source = examples(seed, held_out=held_out)
    recent: list[Example] = []
    for example in source:
        depth = rng.choice([0, 0, 1, 2, 4, 8, longest])
        retained = recent[-depth:] if depth else []
        yield list(retained), example
        if example.answer is not None:
            recent.append(example)
            if len(recent) > longest:
                recent.pop(0)
