"""`kairos gate ordinary`: what machines and houses report every day, told or left alone.

`tape-1000` asks for what is hard: pairs of lines that differ in one detail, in domains and formats kept out of training. This asks
what an owner asks first: a full disk, a dead fan, water where none should be, and beside them the chatter of a day. Such things are trained
on, their wording here is not. Each event is judged as its program says it, in every format kept out of training, and behind ACTIONs.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from random import Random
from typing import Any, Final, NamedTuple

from kairos.checks import Check, Findings, Trial, missed
from kairos.events import Frame
from kairos.judging.minds import default_mind
from kairos.mind.corpus.generate import actions
from kairos.mind.corpus.splits import styles
from kairos.mind.corpus.styles import STYLES
from kairos.rates import auc, upper95

_RETAINED: Final = 8
_QUICK: Final = 10
"""Events of each sort."""
_BARS: Final = {"false": 0.02, "missed": 0.05}


class Judged(NamedTuple):
    """One event as it was met."""

    margin: float
    grave: bool
    text: str


def events() -> dict[bool, list[tuple[str, str]]]:
    """Sources and texts: of what should be told (True) and of what should not."""
    read = tomllib.loads((resources.files("kairos.gates") / "ordinary.toml").read_text("utf-8"))
    return {grave: [(source, text) for source, text in read[name]] for grave, name in ((True, "told"), (False, "quiet"))}


def run(trial: Trial) -> Findings:
    """As they are, in other formats, and behind what was done before."""
    opened, rng = default_mind(), Random(trial.seed)
    some = [(grave, *row) for grave, rows in events().items() for row in (rng.sample(rows, _QUICK) if trial.quick else rows)]
    plain = [(grave, Frame(kind="text", source=source, text=text)) for grave, source, text in some]
    foreign = [(grave, _in_style(style, text, rng)) for grave, _, text in some for style in styles("test")]
    opened.reflex.begin()
    found = {"plain": _judged(opened, plain), "foreign": _judged(opened, foreign)}
    opened.reflex.restore(actions(trial.seed, _RETAINED))
    found["behind"] = _judged(opened, plain)
    figures: dict[str, Any] = {"events": len(some)}
    for name, ticks in found.items():
        figures |= _figures(name, ticks, opened.threshold)
    bars = missed(figures, {f"{name}_{rate}": ("<=", bar) for name in found for rate, bar in _BARS.items()})
    wrong = {name: [tick.text for tick in ticks if (tick.margin > opened.threshold) != tick.grave] for name, ticks in found.items()}
    config = {"mind": "default", "digests": opened.digests, "threshold": opened.threshold, "styles": styles("test"), "wrong": wrong}
    return Findings(figures=figures, failed=bars, config=config, data={"n": len(some), "seed": trial.seed, "digest": None})


def _in_style(style: str, text: str, rng: Random) -> Frame:
    source, wrapped = STYLES[style](text, rng)
    return Frame(kind="text", source=source, text=wrapped)


def _judged(opened: Any, frames: list[tuple[bool, Frame]]) -> list[Judged]:
    return [Judged(opened.reflex.margin(frame), grave, frame.text) for grave, frame in frames]


def _figures(name: str, ticks: list[Judged], limit: float) -> dict[str, float]:
    """Error rates with their upper bounds, and the area under the curve."""
    false = [tick.margin > limit for tick in ticks if not tick.grave]
    lost = [tick.margin <= limit for tick in ticks if tick.grave]
    return {
        f"{name}_false": sum(false) / len(false), f"{name}_false_upper95": upper95(sum(false), len(false)),
        f"{name}_missed": sum(lost) / len(lost), f"{name}_missed_upper95": upper95(sum(lost), len(lost)),
        f"{name}_auc": auc([tick.margin for tick in ticks], [tick.grave for tick in ticks]),
    }  # fmt: skip


GATE: Final = Check(kind="gate", name="ordinary", summary="what machines and houses report every day, told or left alone", run=run)
