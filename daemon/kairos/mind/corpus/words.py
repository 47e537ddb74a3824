"""Make `words.txt`: the words sentences use without having read them.

    python -m kairos.mind.corpus.words > daemon/kairos/mind/words.txt

A word counts if sentences of three domains or more use it where the line itself does not contain it.
Names of programs, things and rooms are copied, so they do not pass.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from kairos.mind.corpus.slots import choices
from kairos.mind.corpus.splits import domains, quantities, read, rules

_SLOT: Final = re.compile(r"\{[^{}]*\}\S*")
_WORD: Final = re.compile(r"(?<![\w/.-])[a-z]+(?:['-][a-z]+)*(?![\w/])")
_DOMAINS: Final = 3
_LETTERS: Final = frozenset({"a", "i"})


def _rows(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of a domain with its sentence."""
    for text, _, sentence in (*row["grave"], *row["series_grave"]):
        yield text, sentence
    for text, _, _, sentence in row["twins"]:
        yield text, sentence


def _pairs() -> Iterator[tuple[str, str, str]]:
    for row in domains("train"):
        for text, sentence in _rows(row):
            yield row["name"], text, sentence
    for row in rules("train"):
        for case in (*row["about"], *row["near"]):
            if not isinstance(case, str):
                yield row["topic"], case[0], case[2]
    for row in quantities("train"):
        yield row["key"], row["name"], row["do"]
    for row in read("metrics")["metric"]:
        if "say" in row:
            yield row["name"], row["name"], row["say"]


def plain_words() -> list[str]:
    """Sorted."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for where, text, sentence in _pairs():
        read_words = set(re.findall(r"[a-z']+", text.lower()))
        for word in _WORD.findall(_SLOT.sub(" ", sentence)):
            if word not in read_words and (len(word) > 1 or word in _LETTERS):
                seen[word].add(where)
    return sorted(word for word, places in seen.items() if len(places) >= _DOMAINS and word not in choices("room"))


if __name__ == "__main__":
    sys.stdout.write("\n".join(plain_words()) + "\n")
