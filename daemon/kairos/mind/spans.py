"""What a sentence may be made of: plain words, and spans of what was read, so that nothing can be invented.

A name, a number, a unit or a path is any word that is not in `words.txt`: it must stand in the given
text as it is, whole (`5` is no span of `95 %`). The plain words are those the corpus itself uses in
sentences about things that do not contain them (`kairos.mind.corpus.words` makes the list).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from importlib import resources
from typing import Final

_CLOSING: Final = ".,;:!?)\"'%"
_OPENING: Final = "(\"'"
_JOINED: Final = re.compile(r"(?<=[^\W_])(?=[^\W_])|(?<=\d)(?=[.,:]\d)|(?<=\d[.,:])(?=\d)")
"""Places inside a word or a number, where no span begins or ends."""
_CUT: Final = "\ufffd"
"""What a decoder shows where a character is not whole yet."""


@cache
def plain_words() -> tuple[str, ...]:
    """The plain words, sorted."""
    return tuple((resources.files("kairos.mind") / "words.txt").read_text("utf-8").split())


class Spans:
    """The words one sentence may use, for one given text."""

    def __init__(self, given: str) -> None:
        self._words = plain_words()
        self._given = given
        joined = {match.start() for match in _JOINED.finditer(given)}
        self._edges = frozenset(range(len(given) + 1)) - joined

    def may_begin(self, word: str) -> bool:
        """Whether `word` is the beginning of an allowed one."""
        core = word.lstrip(_OPENING)
        if _CUT in core:  # plain words are ASCII, so the rest of the character must be read
            return self._is_read(core.rstrip(_CUT), whole=False)
        return not core or self.allows(word) or self._is_start(core)

    def allows(self, word: str) -> bool:
        """Whether `word` is a plain word or a span, with or without punctuation around it."""
        if _CUT in word or ("%" in word and "%" not in self._given):
            return False
        if self.copied(word):
            return True
        core = word.lstrip(_OPENING).rstrip(_CLOSING)
        return (not core and bool(word)) or self._is_plain(core) or self.copied(core)

    def copied(self, word: str) -> bool:
        """Whether `word` stands in the given text, whole."""
        place = self._given.find(word) if word else -1
        while place >= 0:
            if place in self._edges and place + len(word) in self._edges:
                return True
            place = self._given.find(word, place + 1)
        return False

    def _is_plain(self, word: str) -> bool:
        """Plain words are said in small letters: what has a capital is a name, and names are copied."""
        place = bisect_left(self._words, word)
        return place < len(self._words) and self._words[place] == word

    def _is_start(self, word: str) -> bool:
        place = bisect_left(self._words, word)
        if place < len(self._words) and self._words[place].startswith(word):
            return True
        return self._is_read(word, whole=True)

    def _is_read(self, word: str, *, whole: bool) -> bool:
        """Whether a span begins so, or goes on so with a character that is not `whole` yet: one of several bytes."""
        starts = (start for start in self._edges if self._given.startswith(word, start))
        return any(whole or not self._given[start + len(word) :][:1].isascii() for start in starts)
