"""Spoken sentences as features with a token for each frame that ends one, and sounds in which nothing was said.

A token is due a fixed time after its word's last sample (the voice's own alignment), so that the network has heard
the word whole; a word of several tokens gives them one after the other. Words outside the language, other
languages and plain noise are due nothing. Rooms, noises, gains and band limits are the ear's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from kairos.api import IntegerNetwork
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME, whole
from kairos_plugins.ear.training.noises import NOISES, Rng, Sound, room
from kairos_plugins.ear.training.scenes import recorded
from kairos_plugins.projector.language import Language
from kairos_plugins.projector.network import BLANK
from kairos_plugins.projector.training.disguise import disguised
from kairos_plugins.projector.training.speakers import Speakers, Voice

DELAY: Final = 5
"""Frames from a word's end to its first token: 200 ms."""
RUN: Final = 2
"""Frames each token is due in."""
_TAIL_S: Final = 0.6
_LEAD_S: Final = (0.3, 1.5)
_STRETCH: Final = (0.85, 1.18)
_TEMPO: Final = (0.8, 1.3)
_PITCH: Final = (-0.6, 0.9)
"""Octaves."""
_FORMANTS: Final = (0.82, 1.25)
_PLAIN: Final = {"espeak-ng": 0.7, "flite": 0.2}
"""Share of a program's sentences left in its own voice: espeak-ng has dozens, flite four."""
_SNR_DB: Final = (6.0, 45.0)
_FOREIGN: Final = ("de", "fr", "es", "it", "nl", "pl", "sv", "tr", "cs", "fi", "pt", "hu")
OUTSIDE: Final = (
    "abandon", "ability", "accident", "across", "actual", "adventure", "advice", "agree", "airport", "almost", "ancient", "angry", "answer",
    "anxious", "area", "argue", "army", "artist", "attempt", "autumn", "avenue", "average", "balance", "band", "bargain", "beach", "believe",
    "bench", "benefit", "bishop", "bitter", "borrow", "bottom", "branch", "breath", "bridge", "brilliant", "bucket", "business", "butcher",
    "candle", "captain", "careful", "castle", "century", "chapter", "choice", "circle", "citizen", "climate", "clever", "college", "comfort",
    "common", "concert", "corner", "cottage", "courage", "cousin", "crowd", "culture", "curious", "danger", "debate", "decade", "decide",
    "deliver", "describe", "desert", "discover", "distance", "double", "dragon", "dream", "eager", "early", "economy", "effort", "elbow",
    "emotion", "empire", "engine", "escape", "example", "famous", "farmer", "feather", "festival", "figure", "finger", "foreign", "forest",
    "fortune", "freedom", "future", "gallery", "gentle", "glory", "govern", "habit", "harbour", "harvest", "hollow", "honest", "humour",
    "island", "jacket", "journey", "judge", "justice", "kingdom", "labour", "language", "leather", "lesson", "liberty", "linger", "magic",
    "manner", "market", "marriage", "member", "merchant", "message", "middle", "mighty", "million", "moment", "mountain", "muscle", "mystery",
    "narrow", "nation", "nature", "needle", "noble", "notice", "novel", "object", "ocean", "opinion", "orange", "ordinary",
    "palace", "parcel", "partner", "passage", "patient", "peasant", "people", "perhaps", "pleasant", "poem", "police", "politics", "position",
    "possible", "powder", "prayer", "present", "prince", "prison", "problem", "promise", "public", "purple", "quarrel", "question", "rather",
    "reason", "remember", "report", "result", "ribbon", "river", "sailor", "science", "season", "secret", "separate", "shadow", "shoulder",
    "silver", "simple", "society", "soldier", "sorrow", "special", "spirit", "station", "stomach", "struggle", "student",
    "sudden", "summer", "surprise", "swallow", "symbol", "teacher", "temple", "theatre", "thousand", "thunder", "tongue", "tower", "travel",
    "treasure", "trouble", "tunnel", "uncle", "union", "valley", "victory", "village", "violin", "visitor", "volume", "wander", "weapon",
    "wedding", "whisper", "willing", "winter", "wonder", "world", "worry", "yesterday", "youth",
)  # fmt: skip
"""Words that are none of the language's, so that it learns what to leave alone."""
Marks = NDArray[np.int16]


class Example(NamedTuple):
    """Features int16 [T, 320], the class due in each frame [T], and the words said."""

    features: NDArray[np.int16]
    marks: Marks
    text: str


class Maker:
    """Draws examples; one a process."""

    def __init__(self, bank: IntegerNetwork, language: Language, tokens: Mapping[str, Sequence[int]]) -> None:
        """`tokens` gives the classes of each word of the language."""
        self._bank, self._language, self._tokens = bank, language, tokens
        self._speakers = Speakers()

    def draw(self, seed: int, voices: Sequence[Voice]) -> Example | None:
        """One example; None where the voice says it in other words."""
        dice, rng = Random(seed), np.random.default_rng(seed)
        kind = dice.random()
        if kind < 0.05:
            return self._heard(rng, np.zeros(int(rng.uniform(1, 4) * RATE)), (), "")
        program = dice.choice(sorted({voice.program for voice in voices}))
        voice = dice.choice([voice for voice in voices if voice.program == program])
        text = self._text(dice, kind)
        if kind < 0.12 and voice.program == "espeak-ng":
            voice = voice._replace(name=dice.choice(_FOREIGN) + "+" + voice.name.partition("+")[2])
            text = " ".join(dice.choices(OUTSIDE, k=dice.randint(2, 8)))
        spoken = self._speakers.say(voice, text, speed=dice.randint(120, 210), pitch=dice.randint(15, 90), swing=dice.randint(20, 80))
        if spoken is None:
            return None
        if dice.random() < _PLAIN[voice.program]:
            stretch = rng.uniform(*_STRETCH)
            sound = soxr.resample(spoken.sound, RATE, RATE * stretch)
        else:
            stretch = rng.uniform(*_TEMPO)
            sound = disguised(spoken.sound, pitch=2 ** rng.uniform(*_PITCH), formants=rng.uniform(*_FORMANTS), tempo=stretch)
        return self._heard(rng, sound, [end * stretch for end in spoken.ends], text)

    def _text(self, dice: Random, kind: float) -> str:
        if kind < 0.65:
            return self._language.draw(dice, salient=dice.random() < 0.5).text
        words = self._language.loose(dice, dice.randint(2, 9)).text.split()
        if kind < 0.8:
            words = [dice.choice(OUTSIDE) if dice.random() < 0.4 else word for word in words]
        return " ".join(words)

    def _heard(self, rng: Rng, sound: Sound, ends: Sequence[float], text: str) -> Example:
        lead = rng.uniform(*_LEAD_S)
        dry = np.concatenate([np.zeros(int(lead * RATE)), sound, np.zeros(int(_TAIL_S * RATE))])
        dry = dry[: len(dry) // FRAME * FRAME]
        wet = room(rng, dry) if rng.random() < 0.5 else dry
        heard = recorded(rng, _with_noise(rng, wet))
        features = whole(self._bank, heard)
        return Example(features, self._marks(text.split(), [lead + end for end in ends], len(features)), text)

    def _marks(self, words: Sequence[str], ends: Sequence[float], frames: int) -> Marks:
        found, free = np.zeros(frames, np.int16), 0
        for word, end in zip(words, ends, strict=False):
            place = max(free, int(end * RATE / FRAME) + DELAY)
            for token in self._tokens.get(word, ()):
                found[place : place + RUN] = token
                place += RUN
            free = place
        return found


def _with_noise(rng: Rng, voice: Sound) -> Sound:
    noise = NOISES[str(rng.choice(list(NOISES)))](rng, len(voice))
    loud = np.sqrt(np.mean(voice[np.abs(voice) > 0.05 * np.abs(voice).max()] ** 2)) if np.abs(voice).max() > 0 else 1.0
    return voice + noise * loud * 10 ** (-rng.uniform(*_SNR_DB) / 20)


def vocabulary(language: Language, encode: Callable[[str], Sequence[int]]) -> tuple[list[int], dict[str, list[int]]]:
    """The model's token ids the language is made of, sorted, and the classes of each word, as it is spelled after a space."""
    spelled = {word: list(encode(f" {word}")) for word in language.words}
    ids = sorted({token for tokens in spelled.values() for token in tokens})
    place: dict[Any, int] = {token: number + 1 for number, token in enumerate(ids)}
    return ids, {word: [place[token] for token in tokens] for word, tokens in spelled.items()}


def due_in(marks: Any) -> list[int]:
    """The classes a row of marks asks for, each once."""
    found: list[int] = []
    place = 0
    while place < len(marks):
        if marks[place] != BLANK:
            found.append(int(marks[place]))
            place += 1
        place += 1
    return found


def edits(said: Sequence[int], truth: Sequence[int]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(truth) + 1))
    for number, one in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(truth, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (one != other))
    return row[-1]
