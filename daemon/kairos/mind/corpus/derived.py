"""Owner's rules derived from the corpus's own events, so that training meets more of them than anybody can write down.

Hundreds of written rules teach those rules. Here a rule is about any name that any event holds, on some weekday perhaps; or
about what happened, in the words of that event's own sentence; or about a whole domain; or about a reading and a limit of the
owner's. Beside events that it speaks of stand those that differ in just that. Their words are the same in every split; the events, domains and
quantities are the split's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Final, Literal, NamedTuple

from kairos.mind.corpus.numbers import decimals, number, with_unit
from kairos.mind.corpus.slots import Draw, draw
from kairos.mind.corpus.splits import Split, domains, quantities

Kind = Literal["mute", "tell"]


class Case(NamedTuple):
    """One event that a rule speaks of, or seems to."""

    text: str
    about: bool
    said: str | None
    """`<actuator> <sentence>` where it is an ACTION; None if nobody wrote one."""


class Rule(NamedTuple):
    """A sentence of an owner, with events."""

    kind: Kind
    """mute: what it speaks of becomes NO_OP; tell: ACTION. The rest keeps the verdict it has: ACTION of a mute rule, NO_OP of the other."""
    sentence: str
    cases: list[Case]
    name: str = ""
    """The name it is about, if it is about one: what else holds that name is no example of anything."""


class _Line(NamedTuple):
    """A template, and the actuator and sentence of a grave one."""

    text: str
    actuator: str = ""
    what: str = ""
    twin: str = ""
    """Whose draws its slots may speak of."""


_NOUNS: Final = {
    "host": "machine", "user": "user", "svc": "service", "ip": "address", "db": "database", "disk": "disk", "job": "job", "pool": "pool",
    "pkg": "package", "iface": "interface", "printer": "printer", "ctr": "container", "queue": "queue", "room": "", "mount": "", "path": "",
    "file": "file", "email": "", "country": "", "url": "", "word": "",
}  # fmt: skip
"""The names an owner would make rules about, and what they are called."""
_FEWEST: Final = 8
"""Lines that hold a kind of name, or there are no rules about it."""
_WITH_NOUN: Final = 0.35
_ON_A_DAY: Final = 0.25
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STAMPS: Final = ("{day} {h:02}:{m:02} {text}", "{day}, {h}:{m:02}: {text}", "[{day} {h:02}:{m:02}] {text}", "{text} ({day} {h:02}:{m:02})")
_MUTE: Final = (
    "nothing about {x} matters to me", "ignore {x}", "do not tell me about {x}", "{x}? skip it", "whatever is wrong with {x}, stay quiet",
    "I know about {x}, no alarms please", "{x} is only a test, leave me alone with it", "trouble with {x} is fine",
    "please never bother me because of {x}", "let {x} be", "silence about {x}", "{x} may fail", "{x} is of no interest to me",
    "we live with the trouble of {x}", "spare me {x}", "no news of {x}, thank you", "forget {x}",
)  # fmt: skip
_TELL: Final = (
    "tell me anything about {x}", "every line about {x} goes to me", "report whatever {x} does", "let me know of all that concerns {x}",
    "{x}: always tell me", "I want to hear of {x} each time", "note every mention of {x}", "{x} matters to me, pass it on",
    "never let me miss anything about {x}", "please write down what happens with {x}", "as soon as {x} is named, say so",
    "I watch {x} closely, so report it", "all news of {x}, please",
)  # fmt: skip
_MUTE_WHAT: Final = (
    "it is fine if {x}", "do not act when {x}", "no need to tell me that {x}", "ignore it if {x}", "when {x}, stay quiet",
    "{x}: expected, skip it", "never mind that {x}", "let it pass when {x}", "if {x}, I do not care", "I know that {x}; no alarm",
    "please do not report that {x}", "{x}? leave it", "we can live with it when {x}",
)  # fmt: skip
_MUTE_LIMIT: Final = (
    "{x} may go {up} to {limit}", "{x} {up} to {limit} is fine", "no alarm for {x} as long as it is {inside} {limit}",
    "only bother me about {x} {past} {limit}", "{x} is allowed to reach {limit}", "do not tell me of {x} {inside} {limit}",
)  # fmt: skip
_TELL_LIMIT: Final = (
    "tell me when {x} is {past} {limit}", "{x} {past} {limit}: message me", "I want to know of {x} {past} {limit}",
    "report {x} {past} {limit}", "as soon as {x} is {past} {limit}, say so", "{limit} is the {most} I take for {x}: tell me of {more}",
)  # fmt: skip
_OVER: Final = ("over", "above", "beyond", "higher than")
_UNDER: Final = ("under", "below", "lower than", "less than")
_RISING: Final = {"up": "up", "most": "most", "more": "more"}
_FALLING: Final = {"up": "down", "most": "least", "more": "less"}
_READ: Final = ("{name} {value}", "{name}: {value}", "{name} is {value}", "{key}={value}", "{value} {name}", "reading of {name}: {value}")
_LIMITED: Final = (
    "{read}, limit {limit}",
    "{read} (limit {limit})",
    "{read} for {n} min, alarm limit {limit}",
    "alarm: {read}, set limit {limit}",
)
_SLOT: Final = re.compile(r"\{(\w+?)\d*(?::[^{}]*)?\}")


@cache
def _lines(split: Split, *, grave: bool) -> list[list[_Line]]:
    """Events, domain by domain."""
    if grave:
        return [[_Line(*row) for row in one["grave"]] + [_Line(twin[0], *twin[2:]) for twin in one["twins"]] for one in domains(split)]
    return [[_Line(text) for text in one["routine"]] + [_Line(twin[1], twin=twin[0]) for twin in one["twins"]] for one in domains(split)]


@cache
def _naming(split: Split, *, grave: bool) -> dict[str, list[_Line]]:
    """Events by the kinds of names they hold."""
    found: dict[str, list[_Line]] = {slot: [] for slot in _NOUNS}
    for line in (line for some in _lines(split, grave=grave) for line in some):
        for slot in {match[1] for match in _SLOT.finditer(line.text)} & found.keys():
            if f"{{{slot}}}" in line.text:
                found[slot].append(line)
    return {slot: lines for slot, lines in found.items() if len(lines) >= _FEWEST}


def _case(line: _Line, drawn: Draw, *, about: bool) -> Case:
    drawn.fill(line.twin)
    text = drawn.fill(line.text)
    return Case(text, about, drawn.fill(f"{line.actuator} {line.what}") if line.what else None)


def _by_name(rng: Random, count: int, split: Split) -> Rule:
    """Any event with this name in it, on this weekday if one is said; beside it other names, and other days."""
    kind = _kind(rng)
    some = _naming(split, grave=kind == "mute")
    slot = rng.choice(sorted(some))
    name, day, cases = draw(slot, rng), rng.choice(_DAYS) if rng.random() < _ON_A_DAY else None, list[Case]()
    for _ in range(count):
        line, about = rng.choice(some[slot]), rng.random() < 0.5  # noqa: PLR2004
        off = day is not None and not about and rng.random() < 0.5  # noqa: PLR2004 - the right name on the wrong day
        known = {slot: name} if about or off else {"": name}
        case = _case(line, Draw(rng, known), about=about)
        if day is not None:
            case = case._replace(text=_stamped(case.text, rng.choice([d for d in _DAYS if d != day]) if off else day, rng))
        cases.append(case)
    noun = f"the {_NOUNS[slot]} " if _NOUNS[slot] and rng.random() < _WITH_NOUN else ""
    subject = f"{noun}{name}" + (rng.choice((f" on {day}s", f" on a {day}", f" ({day}s)")) if day else "")
    return Rule(kind, rng.choice(_MUTE if kind == "mute" else _TELL).format(x=subject), cases, name)


def _by_what(rng: Random, count: int, split: Split) -> Rule:
    """What happened, as the sentence of its own event says it; beside it other trouble of that domain, and the same of other names."""
    some = rng.choice(_lines(split, grave=True))
    line = rng.choice(some)
    others, drawn = [one for one in some if one is not line], Draw(rng)
    spoken = _case(line, drawn, about=True)
    name, cases = drawn.first_name(line.what.partition(";")[0]), list[Case]()
    for _ in range(count):
        if rng.random() < 0.5:  # noqa: PLR2004
            cases.append(spoken)
            continue
        other = _case(line, Draw(rng, {"": name}), about=False) if name is not None and rng.random() < 0.4 else spoken  # noqa: PLR2004
        if other.text == spoken.text:  # it names nothing that could be another's
            other = _case(rng.choice(others), drawn, about=False)
        cases.append(other)
    said = (spoken.said or "").partition(" ")[2].partition(";")[0]
    return Rule("mute", rng.choice(_MUTE_WHAT).format(x=said), cases)


def _by_domain(rng: Random, count: int, split: Split) -> Rule:
    """All of one domain, by what it is called; beside it the rest of the world."""
    kind = _kind(rng)
    every, place = _lines(split, grave=kind == "mute"), rng.randrange(len(domains(split)))
    cases: list[Case] = []
    for _ in range(count):
        about = rng.random() < 0.5  # noqa: PLR2004
        other = rng.choice([n for n in range(len(every)) if n != place])
        cases.append(_case(rng.choice(every[place if about else other]), Draw(rng), about=about))
    called = str(domains(split)[place]["name"]).replace("-", " ")
    subject = rng.choice((called, f"the {called}", f"anything of {called}"))
    return Rule(kind, rng.choice(_MUTE if kind == "mute" else _TELL).format(x=subject), cases)


def _by_limit(rng: Random, count: int, split: Split) -> Rule:
    """A reading past a limit of the owner's: further than its own for silence, nearer to be told."""
    kind, row = _kind(rng), rng.choice(quantities(split))
    rises = row["bad"][1] >= row["ok"][1]
    ok, bad = [float(bound) for bound in row["ok"]], [float(bound) for bound in row["bad"]]
    inner, outer = _halves(ok if kind == "tell" else bad, upwards=rises)
    places = decimals([*row["ok"], *row["bad"]])
    inner, outer = [round(v, places) for v in inner], [round(v, places) for v in outer]
    limit = with_unit(f"{inner[1 if rises else 0]:.{places}f}", row["unit"], rng)
    past, inside = rng.choice(_OVER if rises else _UNDER), rng.choice(_UNDER if rises else _OVER)
    words = {"past": past, "inside": inside} | (_RISING if rises else _FALLING)
    sentence = rng.choice(_MUTE_LIMIT if kind == "mute" else _TELL_LIMIT).format(x=row["name"], limit=limit, **words)
    cases: list[Case] = []
    for _ in range(count):
        about = rng.random() < 0.5  # noqa: PLR2004
        value = with_unit(number(rng, outer if about == (kind == "tell") else inner), row["unit"], rng)
        text = rng.choice(_READ).format(name=row["name"], key=row["key"], value=value)
        if kind == "mute":
            text = rng.choice(_LIMITED).format(read=text, limit=with_unit(f"{row['limit']}", row["unit"], rng), n=rng.randint(3, 90))
        cases.append(Case(text, about, f"notify {row['name']} is {value}; {row['do']}."))
    return Rule(kind, sentence, cases)


def _halves(bounds: Sequence[float], *, upwards: bool) -> tuple[list[float], list[float]]:
    """The part of a range that is nearer to what is usual, and the further one, with a gap between."""
    low, high = bounds
    step = (high - low) * 0.4
    near, far = [low, low + step], [high - step, high]
    return (near, far) if upwards else (far, near)


def _kind(rng: Random) -> Kind:
    return "mute" if rng.random() < 0.5 else "tell"  # noqa: PLR2004


def _stamped(text: str, day: str, rng: Random) -> str:
    named = day if rng.random() < 0.4 else day[:3]  # noqa: PLR2004
    return rng.choice(_STAMPS).format(day=named, h=rng.randint(0, 23), m=rng.randint(0, 59), text=text)


def _spoken(rule: Rule, rng: Random) -> str:
    """With a capital and a full stop, as one person writes, or without, as the next; names stay as they are."""
    sentence, named = rule.sentence, rule.name and rule.sentence.startswith(rule.name)
    if rng.random() < 0.5 and not named:  # noqa: PLR2004
        sentence = sentence[0].upper() + sentence[1:]
    return sentence + rng.choice(("", "", "."))


class _Shape(NamedTuple):
    make: Callable[[Random, int, Split], Rule]
    weight: float


SHAPES: Final = {"name": _Shape(_by_name, 5), "what": _Shape(_by_what, 3), "domain": _Shape(_by_domain, 2), "limit": _Shape(_by_limit, 3)}
"""What rules are about, and how often."""


def derived(rng: Random, count: int, split: Split = "train", *, about: str | None = None) -> Rule:
    """One rule with `count` events of a split, about half of which it speaks of; `about` is one of `SHAPES`, or any."""
    shape = SHAPES[about] if about else rng.choices([*SHAPES.values()], [shape.weight for shape in SHAPES.values()])[0]
    rule = shape.make(rng, count, split)
    return rule._replace(sentence=_spoken(rule, rng))
