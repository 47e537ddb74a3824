"""Seeded frames with the verdict a person would want, singly and as a daemon meets them: in lives.

Used by `kairos.mind.train` and by gates that need distinct ticks; `splits` says what training never sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any, Final, NamedTuple

from kairos.events import Frame
from kairos.mind.corpus.derived import Case, Kind
from kairos.mind.corpus.numbers import Number, comparison, metrics, quantity
from kairos.mind.corpus.slots import Draw, draw
from kairos.mind.corpus.splits import Split, domains, named, quantities, rules, styles, tactics
from kairos.mind.corpus.styles import STYLES, WEIGHTS

_SERIES_SHARE: Final = 0.3
SHARES: Final[Mapping[str, float]] = {"idle": 0.03, "metrics": 0.06, "quantity": 0.14, "comparison": 0.08, "injection": 0.1}
"""What is no plain event; idle beats are common and must never be in doubt."""
_OWN_CARRIER: Final = 0.5
_RULED_SHARE: Final = 0.6
_OF_A_RULE: Final = (6, 12)
_FIELDS: Final = (
    '{line}, user agent "{text}"',
    '{line} agent="{text}"',
    'referer="{text}" {line}',
    "{line}; ssid '{text}'",
    '{line} filename="{text}.pdf"',
    '{line} (mail subject: "{text}")',
    'device "{text}": {line}',
    '{line} user="{text}"',
    '{line} query="{text}"',
    '"{text}" as song title; {line}',
    '{line} title="{text}" lang=en',
    "{line} form field city='{text}'",
    '{line} X-Client: "{text}"',
    'display name "{text}"; {line}',
)
"""Where a stranger's words arrive beside any event."""
_SAME_LINE: Final = 0.5
_NOT_DRAWN: Final = ("", "")
_UNWORDED: Final = "notify you asked for it"
"""Where nobody wrote what is said: see `Example.worded`."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One frame and what should be said of it: `answer` is None for NO_OP, else `<actuator> <sentence>`."""

    frame: Frame
    answer: str | None
    domain: str
    style: str
    kind: str = "plain"
    """How it was made: plain, pair (one of two lines that differ in meaning alone), series, number, hostile, rule or idle."""
    target: str | None = None
    """What the sentence names, where the label draws a name."""
    ambiguous: bool = False
    """Whether a reasonable person could go either way; never in training."""
    rule: str = ""
    """The owner's rule that it was made for, if that is given: one that speaks of it, or only seems to."""
    turned: bool = False
    """Whether that rule made the verdict what it is."""
    plain: str | None = None
    """Its answer without that rule."""
    worded: bool = True
    """Whether `answer` says more than its actuator."""
    drawn_from: tuple[str, str] = _NOT_DRAWN
    """The line and the answer with their braces, of a grave line of a domain's."""
    alike: int = 0
    """Frames with one number here deserve one judgement, that of `stands` among them; 0 has no others."""
    stands: bool = False

    @property
    def lived(self) -> tuple[Frame, str]:
        """As Ring 1 retains it, if it is an ACTION."""
        return self.frame, self.answer or ""

    def without_rule(self) -> Example:
        """The same where its owner gave no rule."""
        return replace(self, answer=self.plain, rule="", turned=False) if self.turned else replace(self, rule="")


@dataclass(frozen=True, kw_only=True)
class Life:
    """What one ring may hold, and frames to judge there, each at the same anchor."""

    rules: tuple[str, ...]
    """The owner's own sentences."""
    retained: tuple[Example, ...]
    """Actions, oldest first."""
    frames: tuple[Example, ...]


class _Said(NamedTuple):
    text: str
    answer: str | None = None
    series: str | None = None
    target: str | None = None
    kind: str = "plain"
    drawn_from: tuple[str, str] = _NOT_DRAWN


class Corpus:
    """Endless examples of one split; the same seed gives the same ones."""

    def __init__(self, seed: object, split: Split = "train", shares: Mapping[str, float] = SHARES) -> None:
        """`shares` are those of frames that are no plain event."""
        self._shares = shares
        self._rng = Random(f"{seed}/{split}")
        self.split: Split = split
        self._styles = styles(split)
        self._weights = [WEIGHTS.get(name, 1.0) for name in self._styles]

    def example(self) -> Example:
        """One frame of any kind."""
        kind = self._rng.choices([*self._shares, "event"], [*self._shares.values(), 1 - sum(self._shares.values())])[0]
        if kind == "idle":
            return Example(frame=Frame.idle(), answer=None, domain="idle", style="idle", kind="idle")
        if kind == "metrics" and self.split == "train":  # its names are in one split alone
            return self._number(metrics(self._rng), kind)
        if kind == "comparison" and self.split == "train":  # made up on the spot, so there is nothing to keep back
            return self._number(comparison(self._rng), kind)
        if kind == "quantity":
            return self._number(quantity(self._rng, quantities(self.split)), kind)
        if kind == "injection":
            return self.injected(self._rng.choice(tactics(self.split)))[0]
        return self.event()

    def event(self) -> Example:
        """One text event of the split's domains, in one of its styles."""
        return self._of(self._rng.choice(domains(self.split)))

    def grave(self) -> Example:
        """One text event that is an ACTION."""
        return next(one for one in iter(self.event, None) if one.answer is not None)

    def like(self, past: Example) -> Example:
        """What may well follow one event of a domain: its own line of another name, if it was grave, or any other of that domain; its style."""
        if past.drawn_from[0] and self._rng.random() < _SAME_LINE:
            drawn = Draw(self._rng)
            text, answer = (drawn.fill(part) for part in past.drawn_from)
            return self._wrapped(text, answer, None, domain=past.domain, kind="like", style=past.style)
        return replace(self._of(named(self.split)[past.domain], style=past.style), kind="like")

    def _of(self, row: dict[str, Any], *, style: str | None = None) -> Example:
        said = self._said(row)
        wrapped = self._wrapped(said.text, said.answer, said.series, domain=row["name"], style=style)
        return replace(wrapped, target=said.target, kind=said.kind, drawn_from=said.drawn_from)

    def ambiguous(self) -> Example:
        """One event that may be judged either way."""
        row = self._rng.choice(domains(self.split))
        text = Draw(self._rng).fill(self._rng.choice(row["ambiguous"]))
        return replace(self._wrapped(text, None, None, domain=row["name"]), ambiguous=True)

    def life(self, *, depth: int, frames: int) -> Life:
        """A ring with `depth` retained actions, and `frames` frames to judge there; many live under the owner's rules."""
        retained = [self.grave() for _ in range(depth)]
        said, judged = self._under_rules() if self._rng.random() < _RULED_SHARE else ((), [])
        if retained:  # what happened before may happen again, and is still one
            judged += self._rng.sample(retained, min(len(retained), 2))
        judged = judged[:frames]
        judged += [self.example() for _ in range(frames - len(judged))]
        self._rng.shuffle(judged)
        return Life(rules=said, retained=tuple(retained), frames=tuple(judged))

    def _under_rules(self) -> tuple[tuple[str, ...], list[Example]]:
        """A few rules with frames they speak of or seem to, and such frames of rules that nobody gave."""
        count = self._rng.choice([0, 1, 1, 2, 3])
        some = self._rng.sample(rules(self.split), count + self._rng.choice([1, 2]))
        said, judged = list[str](), list[Example]()
        for number, rule in enumerate(some):
            sentence, found = self.ruled(rule, self._rng.randint(*_OF_A_RULE), given=number < count)
            judged += found
            if number < count:
                said.append(sentence)
        return tuple(said), judged

    def ruled(self, rule: dict[str, Any], count: int, *, given: bool = True) -> tuple[str, list[Example]]:
        """One rule as its owner would say it, and `count` frames it speaks of or seems to; plain verdicts if it is not `given`."""
        rng, drawn = self._rng, Draw(self._rng)
        sentence, found = drawn.fill(rng.choice(rule["say"])), list[Example]()
        for _ in range(count):
            about = rng.random() < 0.5  # noqa: PLR2004
            row = rng.choice(rule["about" if about else "near"])
            text, *said = [row] if isinstance(row, str) else [row[0], f"{row[1]} {row[2]}"]
            filled = drawn.fill(text)
            example = self.under(rule["kind"], sentence, Case(filled, about, drawn.fill(said[0]) if said else None))
            found.append(example if given else example.without_rule())
        return sentence, found

    def under(self, kind: Kind, sentence: str, case: Case) -> Example:
        """An event that this rule speaks of or seems to, in some style, with the verdict that it has under the rule."""
        said = case.said or _UNWORDED
        plain, turned = (said, None) if kind == "mute" else (None, said)
        domain = f"rule:{kind}:{'about' if case.about else 'near'}"
        example = self._wrapped(case.text, turned if case.about else plain, None, domain=domain, kind="rule")
        return replace(example, rule=sentence, turned=case.about, plain=plain, worded=case.said is not None)

    def _number(self, found: Number, kind: str) -> Example:
        if found.frame.kind == "text" and self._rng.random() < 0.5:  # noqa: PLR2004
            return self._wrapped(found.frame.text, found.answer, None, domain=kind, kind="number")
        return Example(frame=found.frame, answer=found.answer, domain=kind, style="number", kind="number")

    def _said(self, row: dict[str, Any], *, series: bool = True) -> _Said:
        """One event of a domain; without `series` the text alone decides."""
        rng, drawn = self._rng, Draw(self._rng)
        kind = rng.random() * (1.0 if series else 0.92)
        if kind < 0.38:  # noqa: PLR2004
            return _Said(drawn.fill(rng.choice(row["routine"])), series=self._series(grave=False))
        if kind < 0.62:  # noqa: PLR2004
            said = _grave(drawn, *rng.choice(row["grave"]))
            return said._replace(series=self._series(grave=rng.random() < _SERIES_SHARE))
        if kind < 0.92:  # noqa: PLR2004 - minimal pairs: the words are the same and only the meaning differs
            grave, routine, actuator, what = rng.choice(row["twins"])
            said = _grave(drawn, grave, actuator, what)
            return (said if rng.random() < 0.5 else _Said(drawn.fill(routine)))._replace(kind="pair")  # noqa: PLR2004
        said = _grave(drawn, *rng.choice(row["series_grave"]))
        many = rng.random() < 0.5  # noqa: PLR2004
        said = said._replace(drawn_from=_NOT_DRAWN)  # how many there were made it grave, not its line
        return (said if many else _Said(said.text))._replace(series=_series(rng, grave=many), kind="series")

    def _series(self, *, grave: bool) -> str | None:
        return _series(self._rng, grave=grave) if self._rng.random() < _SERIES_SHARE else None

    def _wrapped(
        self, text: str, answer: str | None, series: str | None, *, domain: str, kind: str = "plain", style: str | None = None
    ) -> Example:
        rng = self._rng
        style = style or rng.choices(self._styles, self._weights)[0]
        source, wrapped = STYLES[style](text, rng)
        return Example(
            frame=Frame(source=source, kind="text", text=wrapped, series=series), answer=answer, domain=domain, style=style, kind=kind
        )

    def injected(self, tactic: dict[str, Any]) -> tuple[Example, Example]:
        """An event that carries hostile text, and the same event with a harmless word in its place."""
        rng, drawn = self._rng, Draw(self._rng)
        if "carriers" in tactic and rng.random() < _OWN_CARRIER:
            place = rng.randrange(len(tactic["carriers"]))
            line, right, what = (tactic[name][place] for name in ("carriers", "verdicts", "sentences"))
            line = drawn.fill(line.replace("{text}", "\0"))
            answer = drawn.fill(f"{right.split()[1]} {what}") if right != "NO_OP" else None
        else:
            said = self._said(rng.choice(domains(self.split)), series=False)
            line, answer = rng.choice(_FIELDS).format(line=said.text, text="\0"), said.answer
        hostile, word = drawn.fill(rng.choice(tactic["texts"])), draw("word", rng)
        state = rng.getstate()
        pair: list[Example] = []
        for text in (hostile, word):
            rng.setstate(state)  # the same wrapper around both
            pair.append(self._wrapped(line.replace("\0", text), answer, None, domain=f"injection:{tactic['name']}", kind="hostile"))
        return pair[0], pair[1]


def examples(seed: int, split: Split = "train") -> Iterator[Example]:
    """Endless single frames."""
    corpus = Corpus(seed, split)
    while True:
        yield corpus.example()


def actions(seed: int, count: int) -> list[tuple[Frame, str]]:
    """The first `count` ACTIONs of a seed, as Ring 1 retains them."""
    return list(islice((example.lived for example in examples(seed) if example.answer is not None), count))


def _grave(drawn: Draw, text: str, actuator: str, what: str) -> _Said:
    filled = drawn.fill(text)
    answer = f"{actuator} {what}"
    return _Said(filled, answer=drawn.fill(answer), target=drawn.first_name(what), drawn_from=(text, answer))


def _series(rng: Random, *, grave: bool) -> str:
    """How the inbox counts a series: many in minutes, or a few in a while."""
    count = rng.randint(60, 900) if grave else rng.randint(2, 12)
    span = rng.randint(2, 15) if grave else rng.randint(10, 300)
    return f"{count} like this in {span} min"
