"""The spoken language of commands and events: sentences drawn from templates, and the words they are made of.

An owner's own phrases join as they are; training, gates and the vocabulary all read the same page.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, Self

from kairos.api import KairosError

_PAGE: Final = Path(__file__).parent / "language.toml"
_SLOT: Final = re.compile(r"{(\w+)}")
_PHRASE: Final = re.compile(r"[a-z']+( [a-z']+)*")


class Sentence(NamedTuple):
    """Words to be said, whether a person should be told of them, and the words that name what it is about."""

    text: str
    salient: bool
    names: tuple[str, ...] = ()


class Language:
    """Templates and what fills them."""

    def __init__(self, salient: Sequence[str], idle: Sequence[str], words: dict[str, list[str]]) -> None:
        self.salient, self.idle, self._words = salient, idle, words

    @classmethod
    def read(cls, phrases: Sequence[str] = ()) -> Self:
        """The page, with an owner's own salient `phrases`; raises `KairosError` naming one that is not plain words."""
        page = tomllib.loads(_PAGE.read_text("utf-8"))
        for phrase in phrases:
            if not _PHRASE.fullmatch(phrase):
                raise KairosError(f"the phrase {phrase!r} cannot be said: use lower-case words, numbers spelled out")
        return cls([*page["salient"], *phrases], page["idle"], page["words"])

    def draw(self, rng: Random, *, salient: bool) -> Sentence:
        """One sentence."""
        template = rng.choice(self.salient if salient else self.idle)
        names: list[str] = []

        def fill(slot: re.Match[str]) -> str:
            names.append(rng.choice(self._words[slot.group(1)]))
            return names[-1]

        text = _SLOT.sub(fill, template)
        return Sentence(text, salient, tuple(names))

    def loose(self, rng: Random, count: int) -> Sentence:
        """Words of the language in no order at all, so that no one learns the sentences instead."""
        return Sentence(" ".join(rng.choices(self.words, k=count)), salient=False)

    @property
    def words(self) -> list[str]:
        """All words, sorted."""
        found = {word for options in self._words.values() for option in options for word in option.split()}
        for template in (*self.salient, *self.idle):
            found |= set(_SLOT.sub("", template).split())
        return sorted(found)
