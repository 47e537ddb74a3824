"""Seeded frames with the verdict a person would want, singly and as a daemon meets them: in lives.

Used by `kairos.mind.train` and by gates that need distinct ticks; `splits` says what training never sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from kairos.events import Frame
from kairos.mind.corpus.slots import Draw, draw
from kairos.mind.corpus.splits import Split, domains, read, rules, styles, tactics
from kairos.mind.corpus.styles import STYLES, WEIGHTS

_SERIES_SHARE: Final = 0.3
_GRAVE_SHARE: Final = 0.4
_UNKNOWN_SHARE: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Example:
    """One frame and what should be said of it: `answer` is None for NO_OP, else `<actuator> <sentence>`."""

    frame: Frame
    answer: str | None
    domain: str
    style: str
    ambiguous: bool = False
    """Whether a reasonable person could go either way; never in training."""


@dataclass(frozen=True, kw_only=True)
class Life:
    """What one ring may hold, and frames to judge there, each at the same anchor."""

    rules: tuple[str, ...]
    """The owner's own sentences."""
    retained: tuple[Example, ...]
    """Actions, oldest first."""
    frames: tuple[Example, ...]


class Corpus:
    """Endless examples of one split; the same seed gives the same ones."""

    def __init__(self, seed: object, split: Split = "train", *, metrics: float = 0.08) -> None:
        """`metrics` is the share of metric frames in training; the other splits have none of their own."""
        self._metrics_share = metrics if split == "train" else 0.0
        self._rng = Random(f"{seed}/{split}")
        self._split: Split = split
        self._styles = styles(split)
        self._weights = [WEIGHTS.get(name, 1.0) for name in self._styles]

    def example(self) -> Example:
        """One frame of any kind."""
        kind = self._rng.random()
        if kind < 0.04:  # noqa: PLR2004 - idle beats are common and must never be in doubt
            return Example(frame=Frame.idle(), answer=None, domain="idle", style="idle")
        if kind < 0.04 + self._metrics_share:
            return self._metrics()
        if kind < 0.10 + self._metrics_share:
            return self._injection()
        return self.event()

    def event(self) -> Example:
        """One text event of the split's domains, in one of its styles."""
        rng, row = self._rng, self._rng.choice(domains(self._split))
        text, answer, series = self._said(row)
        return self._wrapped(text, answer, series, domain=row["name"], rng=rng)

    def ambiguous(self) -> Example:
        """One event that may be judged either way."""
        row = self._rng.choice(domains(self._split))
        text = Draw(self._rng).fill(self._rng.choice(row["ambiguous"]))
        return replace(self._wrapped(text, None, None, domain=row["name"], rng=self._rng), ambiguous=True)

    def life(self, *, depth: int, frames: int) -> Life:
        """A ring with `depth` retained actions, and `frames` frames to judge there; a third live under the owner's rules."""
        retained: list[Example] = []
        while len(retained) < depth:
            example = self.event()
            if example.answer is not None:
                retained.append(example)
        said: list[str] = []
        judged: list[Example] = []
        if self._rng.random() < 0.34:  # noqa: PLR2004
            for rule in self._rng.sample(rules(self._split), self._rng.choice([1, 1, 2, 3])):
                sentence, ruled = self.ruled(rule, self._rng.randint(2, 6))
                said.append(sentence)
                judged += ruled
        if retained:  # what happened before may happen again, and is still one
            judged += self._rng.sample(retained, min(len(retained), 2))
        judged = judged[:frames]
        judged += [self.example() for _ in range(frames - len(judged))]
        self._rng.shuffle(judged)
        return Life(rules=tuple(said), retained=tuple(retained), frames=tuple(judged))

    def ruled(self, rule: dict[str, Any], count: int) -> tuple[str, list[Example]]:
        """One rule as its owner would say it, and `count` frames it speaks of or seems to."""
        rng, drawn = self._rng, Draw(self._rng)
        sentence, found = drawn.fill(rng.choice(rule["say"])), list[Example]()
        for _ in range(count):
            about = rng.random() < 0.5  # noqa: PLR2004
            row = rng.choice(rule["about" if about else "near"])
            text, actuator, what = (row, "", "") if isinstance(row, str) else row
            acts = about if rule["kind"] == "tell" else not about
            filled = drawn.fill(text)
            answer = drawn.fill(f"{actuator} {what}") if acts else None
            found.append(self._wrapped(filled, answer, None, domain=f"rule:{rule['kind']}:{'about' if about else 'near'}", rng=rng))
        return sentence, found

    def _said(self, row: dict[str, Any]) -> tuple[str, str | None, str | None]:
        """Text, answer and series of one event of a domain."""
        rng, kind, drawn = self._rng, self._rng.random(), Draw(self._rng)
        if kind < 0.38:  # noqa: PLR2004
            return drawn.fill(rng.choice(row["routine"])), None, self._series(grave=False)
        if kind < 0.62:  # noqa: PLR2004
            text, actuator, what = rng.choice(row["grave"])
            return drawn.fill(text), drawn.fill(f"{actuator} {what}"), self._series(grave=rng.random() < _SERIES_SHARE)
        if kind < 0.92:  # noqa: PLR2004 - minimal pairs: the words are the same and only the meaning differs
            grave, routine, actuator, what = rng.choice(row["twins"])
            text = drawn.fill(grave)
            return (text, drawn.fill(f"{actuator} {what}"), None) if rng.random() < 0.5 else (drawn.fill(routine), None, None)  # noqa: PLR2004
        text, actuator, what = rng.choice(row["series_grave"])
        grave = rng.random() < 0.5  # noqa: PLR2004
        return drawn.fill(text), drawn.fill(f"{actuator} {what}") if grave else None, _series(rng, grave=grave)

    def _series(self, *, grave: bool) -> str | None:
        return _series(self._rng, grave=grave) if self._rng.random() < _SERIES_SHARE else None

    def _wrapped(self, text: str, answer: str | None, series: str | None, *, domain: str, rng: Random) -> Example:
        style = rng.choices(self._styles, self._weights)[0]
        source, wrapped = STYLES[style](text, rng)
        return Example(frame=Frame(source=source, kind="text", text=wrapped, series=series), answer=answer, domain=domain, style=style)

    def _injection(self) -> Example:
        return self.injected(self._rng.choice(tactics(self._split)))[0]

    def injected(self, tactic: dict[str, Any]) -> tuple[Example, Example]:
        """An event that carries hostile text, and the same event with a harmless word in its place."""
        rng, drawn = self._rng, Draw(self._rng)
        place = rng.randrange(len(tactic["carriers"]))
        carrier, right, what = (tactic[name][place] for name in ("carriers", "verdicts", "sentences"))
        line = drawn.fill(carrier.replace("{text}", "\0"))
        hostile, word = drawn.fill(rng.choice(tactic["texts"])), draw("word", rng)
        answer = drawn.fill(f"{right.split()[1]} {what}") if right != "NO_OP" else None
        state = rng.getstate()
        pair: list[Example] = []
        for text in (hostile, word):
            rng.setstate(state)  # the same wrapper around both
            pair.append(self._wrapped(line.replace("\0", text), answer, None, domain=f"injection:{tactic['name']}", rng=rng))
        return pair[0], pair[1]

    def _metrics(self) -> Example:
        rng, rows = self._rng, read("metrics")["metric"]
        chosen = rng.sample(rows, rng.choice([1, 1, 1, 2, 3, 5]))
        bad = rng.choice([row for row in rows if "bad" in row]) if rng.random() < _GRAVE_SHARE else None
        if bad is not None:
            chosen = [row for row in chosen if row is not bad]
            chosen.insert(rng.randint(0, len(chosen)), bad)
        parts, answer = list[str](), None
        if rng.random() < _UNKNOWN_SHARE:  # a number nobody explained is no alarm
            parts.append(
                f"{draw('word', rng)}_{draw('word', rng)}{rng.choice(['', '_total', '_ms', '_percent', '_c'])}={_number(rng, [0, 90])}"
            )
        for row in chosen:
            label = draw(row["label"], rng) if "label" in row else ""
            value = _number(rng, row["bad"] if row is bad else row["ok"])
            parts.append(f"{row['name']}{f'[{label}]' if label else ''}={value}")
            if row is bad:
                answer = "notify " + row["say"].format(v=value, label=label)
        source = rng.choice(["sysmon", "sensors", "cli", "prometheus", draw("host", rng)])
        return Example(frame=Frame(source=source, kind="metric", text=" ".join(parts)), answer=answer, domain="metrics", style="metric")


def examples(seed: int, split: Split = "train") -> Iterator[Example]:
    """Endless single frames."""
    corpus = Corpus(seed, split)
    while True:
        yield corpus.example()


def _series(rng: Random, *, grave: bool) -> str:
    """How the inbox counts a series: many in minutes, or a few in a while."""
    count = rng.randint(60, 900) if grave else rng.randint(2, 12)
    span = rng.randint(2, 15) if grave else rng.randint(10, 300)
    return f"{count} like this in {span} min"


def _number(rng: Random, bounds: list[float]) -> str:
    value = rng.uniform(bounds[0], bounds[1])
    return f"{value:.1f}" if abs(value) < 10 and rng.random() < 0.5 else f"{value:.0f}"  # noqa: PLR2004
