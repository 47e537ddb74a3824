"""Frames whose news is a number: metrics by name, and quantities of any field of life beside their limits.

A reading is grave when it lies past its limit, whichever way that is, and stays there. Names alone
prove nothing: most readings in the world have names nobody has met, and are fine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any, Final, NamedTuple

from kairos.events import Frame
from kairos.mind.corpus.slots import draw
from kairos.mind.corpus.splits import read

_GRAVE_SHARE: Final = 0.4
_UNKNOWN_SHARE: Final = 0.25
_METRIC_SHARE: Final = 0.3
_SOURCES: Final = ("sysmon", "sensors", "cli", "prometheus", "telegraf", "plc", "gauge", "script", "modbus", "phone")
_ABOVE: Final = ("limit", "maximum", "max", "upper limit", "alarm above", "not above", "must stay under", "high limit", "ceiling")
_BELOW: Final = ("minimum", "min", "lower limit", "alarm below", "at least", "must stay over", "low limit", "not under", "required")
_FORMS: Final = (
    "{name} {value}, {word} {limit}",
    "{name}: {value} ({word} {limit})",
    "{name} is {value} now, {word} {limit}",
    "{key}={plain} {key}_limit={bare} ({word})",
    "{name} reads {value}; {word} {limit}",
    "{value} {name}, {word} {limit}",
    "{key} {value} [{word} {limit}]",
    "{name} of {host} has been {value} for {n} min, {word} {limit}",
    "{word} {limit} for {name}; measured {value}",
    "reading of {name}: {value}, set {word} {limit}",
)
_WANTED_SHARE: Final = 0.25
_FIRST: Final = ("check it", "look at it now", "find the cause", "bring it back", "check the sensor and the cause", "see what changed")
_STAYS: Final = (
    "{name} went from {fine} to {value} and has stayed there for {n} min, {word} {limit}",
    "{name} {fine} -> {value}, {word} {limit}, third reading in a row",
    "{name} still {value} after {n} min, {word} {limit}",
)
_HEALED: Final = (
    "{name} was {value} for {few} s, back to {fine}, {word} {limit}",
    "{name} {value} -> {fine}, alarm cleared, {word} {limit}",
    "{name}: {fine} again after one reading of {value}",
    "{name} sensor self-test simulated {value}, true reading {fine}, {word} {limit}",
)


_MEASURED: Final = (
    "level pressure temperature rate depth load age delay flow voltage current weight distance speed density length height count "
    "share backlog offset humidity duty torque tension gap drift width score credit stock fill charge lag"
).split()
_UNITS: Final = [*"C F % ms s min h V A W kW bar mbar Pa kg g l ml m mm cm km Hz kHz rpm ppm dB MB GB GiB lx".split(), "", "", ""]
_MAGNITUDES: Final = (0.0, 4.0)
_CLOSE: Final = (1.02, 1.3, 3.0)
_WANTED: Final = (
    "{name}: expected {want}, found {have}",
    "{name} {have}/{want}",
    "{name} has {have} of {want}",
    "{key} want={want} have={have}",
    "{have} {name}, should be {want}",
    "check of {name}: {have} counted, {want} wanted",
)


class Number(NamedTuple):
    """One frame, and the answer a person would want; None for NO_OP."""

    frame: Frame
    answer: str | None


def metrics(rng: Random) -> Number:
    """Named metrics of machines, at most one of them bad."""
    rows = read("metrics")["metric"]
    chosen = rng.sample(rows, rng.choice([1, 1, 1, 2, 3, 5]))
    bad = rng.choice([row for row in rows if "bad" in row]) if rng.random() < _GRAVE_SHARE else None
    if bad is not None:
        chosen = [row for row in chosen if row is not bad]
        chosen.insert(rng.randint(0, len(chosen)), bad)
    parts, answer = list[str](), None
    if rng.random() < _UNKNOWN_SHARE:  # a number nobody explained is no alarm
        name = f"{draw('word', rng)}_{draw('word', rng)}{rng.choice(['', '_total', '_ms', '_percent', '_c'])}"
        parts.append(f"{name}={number(rng, [0, 90])}")
    for row in chosen:
        label = draw(row["label"], rng) if "label" in row else ""
        value = number(rng, row["bad"] if row is bad else row["ok"])
        parts.append(f"{row['name']}{f'[{label}]' if label else ''}={value}")
        if row is bad:
            answer = "notify " + row["say"].format(v=value, label=label)
    source = rng.choice(["sysmon", "sensors", "cli", "prometheus", draw("host", rng)])
    return Number(Frame(source=source, kind="metric", text=" ".join(parts)), answer)


def quantity(rng: Random, rows: Sequence[dict[str, Any]]) -> Number:
    """One of `rows` beside its limit, past it or not; or a few of them as bare metrics, all fine."""
    source = rng.choice([*_SOURCES, draw("host", rng)])
    if rng.random() < _METRIC_SHARE:
        some = rng.sample(rows, min(len(rows), rng.choice([1, 1, 2, 3, 4])))
        return Number(Frame(source=source, kind="metric", text=" ".join(f"{row['key']}={number(rng, row['ok'])}" for row in some)), None)
    row = rng.choice(rows)
    kind = rng.random()
    fine, past = number(rng, row["ok"]), number(rng, row["bad"])
    if kind < 0.30:  # noqa: PLR2004
        form, value, grave = rng.choice(_FORMS), past, True
    elif kind < 0.45:  # noqa: PLR2004
        form, value, grave = rng.choice(_STAYS), past, True
    elif kind < 0.60:  # noqa: PLR2004
        form, value, grave = rng.choice(_HEALED), past, False
    else:
        form, value, grave = rng.choice(_FORMS), fine, False
    unit, limit = row["unit"], f"{row['limit']}"
    text = form.format(
        name=row["name"], key=row["key"], value=with_unit(value, unit, rng), plain=value, fine=with_unit(fine, unit, rng),
        word=rng.choice(_BELOW if row["bad"][1] < row["ok"][0] else _ABOVE), limit=with_unit(limit, unit, rng), bare=limit,
        host=draw("host", rng), n=rng.randint(5, 90), few=rng.randint(2, 9),
    )  # fmt: skip
    answer = f"notify {row['name']} is {value} {unit}".rstrip() + f", limit {limit}; {row['do']}." if grave else None
    return Number(Frame(source=source, kind="text", text=text), answer)


def comparison(rng: Random) -> Number:
    """A made-up thing beside a made-up limit, or its count beside the one expected: only the two numbers tell."""
    name = f"{draw('word', rng)} {rng.choice(_MEASURED)}"
    if rng.random() < _WANTED_SHARE:
        return _wanted(name, rng)
    places = rng.choice([0, 0, 1, 2])
    limit = max(round(10 ** rng.uniform(*_MAGNITUDES), places), 10.0 if places == 0 else 1.0)
    near, far = _CLOSE[0], rng.choice(_CLOSE[1:])
    above, below = [limit * near, limit * far], [limit / far, limit / near]
    ok, bad = (below, above) if rng.random() < 0.5 else (above, below)  # noqa: PLR2004
    row = {
        "name": name, "key": name.replace(" ", "_"), "unit": rng.choice(_UNITS), "do": rng.choice(_FIRST),
        "limit": round(limit, places) if places else int(limit), "ok": _rounded(ok, places), "bad": _rounded(bad, places),
    }  # fmt: skip
    return quantity(rng, [row])


def _rounded(bounds: Sequence[float], places: int) -> list[float]:
    """Bounds with `places` decimals, inside the given ones so that they never touch the limit."""
    step = 10**places
    low, high = math.ceil(bounds[0] * step), math.floor(bounds[1] * step)
    return [value / step if places else value for value in (low, max(low, high))]


def _wanted(name: str, rng: Random) -> Number:
    want = rng.randint(1, rng.choice([4, 12, 300]))
    grave = rng.random() < _GRAVE_SHARE
    have = rng.choice([0, rng.randint(0, want - 1)]) if grave else want
    text = rng.choice(_WANTED).format(name=name, key=name.replace(" ", "_"), want=want, have=have)
    answer = f"notify {name} is {have} where {want} are expected; {rng.choice(_FIRST)}." if grave else None
    return Number(Frame(source=draw("host", rng), kind="text", text=text), answer)


def with_unit(value: str, unit: str, rng: Random) -> str:
    """As people and programs write it, with a space or without."""
    if not unit:
        return value
    return f"{value}{unit}" if unit == "%" or rng.random() < 0.15 else f"{value} {unit}"  # noqa: PLR2004


def number(rng: Random, bounds: Sequence[float]) -> str:
    """One value between, in the precision of the bounds."""
    places = decimals(bounds)
    return f"{rng.uniform(bounds[0], bounds[1]):.{places}f}" if places else str(rng.randint(int(bounds[0]), int(bounds[1])))


def decimals(bounds: Sequence[float]) -> int:
    """Of the most precise of them."""
    return max(len(f"{bound}".partition(".")[2].rstrip("0")) for bound in bounds)
