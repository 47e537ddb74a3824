"""Speech whose words are known to the sample: espeak-ng and flite through their own libraries, which tell when each word ends.

Voices for judging are never trained on: see `VOICES`.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import soxr

from kairos.api import KairosError
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.noises import Sound
from kairos_plugins.ear.training.voices import Split

_SYNCHRONOUS: Final = 2
_UTF8: Final = 1
_BY_CHARACTER: Final = 1
_WORD: Final = 1
_SPEED, _PITCH, _RANGE = 1, 3, 4
_FLITE: Final = "Debian: libflite1"
_WORDS: Final = re.compile(r"\S+")
_LAST_END: Final = "R:SylStructure.daughtern.daughtern.R:Segment.end"


class Voice(NamedTuple):
    """One speaker of one program."""

    program: Literal["espeak-ng", "flite"]
    name: str


_ACCENTS: Final = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
_VARIANTS: Final = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f5", "klatt", "klatt2", "klatt3", "adam", "anika", "belinda", "benjamin",
    "denis", "edward", "grandma", "iven", "lee", "linda", "marco", "michael", "pablo", "paul", "quincy", "rob", "steph", "travis", "victor",
    "zac", "alex", "andrea", "boris", "caleb", "david", "ed", "henrique", "hugo", "jacky", "marcelo", "mario", "max", "mr serious", "norbert",
    "robert", "sandro", "shelby", "storm", "tweaky",
)  # fmt: skip
VOICES: Final[dict[Split, tuple[Voice, ...]]] = {
    "train": (
        *(Voice("espeak-ng", f"{accent}+{variant}") for accent in _ACCENTS for variant in _VARIANTS),
        *(Voice("flite", name) for name in ("awb", "kal16", "rms", "slt")),
    ),
    "valid": tuple(Voice("espeak-ng", f"{accent}+{variant}") for accent in ("en-us", "en") for variant in ("f4", "klatt4", "gene")),
    "test": tuple(Voice("espeak-ng", f"en-us+{variant}") for variant in ("klatt6", "Alicia", "Diogo", "miguel")),
}


class Spoken(NamedTuple):
    """16 kHz samples, full scale being 1, and the second each word ends at."""

    sound: Sound
    ends: tuple[float, ...]


class Speakers:
    """Both programs, opened once a process. Raises `KairosError` where a library is missing."""

    def say(self, voice: Voice, text: str, *, speed: int = 165, pitch: int = 50, swing: int = 50) -> Spoken | None:
        """`text` (plain words) in `voice`; words a minute, pitch and its range of 100. None where the voice makes other words of it."""
        spoken = _espeak().say(voice.name, text, speed, pitch, swing) if voice.program == "espeak-ng" else _flite().say(voice.name, text)
        return spoken if spoken is not None and len(spoken.ends) == len(text.split()) else None


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


class _Espeak:
    def __init__(self) -> None:
        self._library = _library("libespeak-ng.so.1", "Debian: libespeak-ng1 espeak-ng-data")
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
        if self._rate <= 0:
            raise KairosError("espeak-ng finds no data: install espeak-ng-data")
        self._pieces: list[Any] = []
        self._starts: dict[int, int] = {}
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
        self._callback = prototype(self._heard)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, name: str, text: str, speed: int, pitch: int, swing: int) -> Spoken | None:
        self._pieces, self._starts = [], {}
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            return None
        for what, value in ((_SPEED, speed), (_PITCH, pitch), (_RANGE, swing)):
            self._library.espeak_SetParameter(what, value, 0)
        raw = text.encode()
        self._library.espeak_Synth(raw, len(raw) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._pieces:
            return None
        sound = np.concatenate(self._pieces).astype(np.float64) / 32768
        known = {position: milliseconds / 1000 for position, milliseconds in self._starts.items()}
        starts = _filled_in([match.start() for match in _WORDS.finditer(text)], known, _last_sound(sound) / self._rate)
        return Spoken(soxr.resample(sound, self._rate, RATE), starts[1:])

    def _heard(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        place = 0
        while events[place].type != 0:
            if events[place].type == _WORD:
                self._starts.setdefault(events[place].text_position - 1, events[place].audio_position)
            place += 1
        return 0


class _Flite:
    def __init__(self) -> None:
        self._library = _library("libflite.so.1", _FLITE)
        for name in ("libflite_usenglish.so.1", "libflite_cmulex.so.1"):
            _library(name, _FLITE)
        self._library.flite_init()
        for name in ("flite_synth_text", "utt_wave", "utt_relation", "relation_head", "item_next"):
            getattr(self._library, name).restype = ctypes.c_void_p
        self._library.ffeature_float.restype = ctypes.c_float
        self._voices: dict[str, Any] = {}

    def say(self, name: str, text: str) -> Spoken | None:
        utterance = ctypes.c_void_p(self._library.flite_synth_text(text.encode(), self._voice(name)))
        try:
            wave = ctypes.cast(self._library.utt_wave(utterance), ctypes.POINTER(_Wave)).contents
            sound = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).astype(np.float64) / 32768
            ends: list[float] = []
            item = self._library.relation_head(ctypes.c_void_p(self._library.utt_relation(utterance, b"Word")))
            while item:
                ends.append(float(self._library.ffeature_float(ctypes.c_void_p(item), _LAST_END.encode())))
                item = self._library.item_next(ctypes.c_void_p(item))
            return Spoken(soxr.resample(sound, wave.sample_rate, RATE) if wave.sample_rate != RATE else sound, tuple(ends))
        finally:
            self._library.delete_utterance(utterance)

    def _voice(self, name: str) -> Any:
        if name not in self._voices:
            library = _library(f"libflite_cmu_us_{name}.so.1", _FLITE)
            register = getattr(library, f"register_cmu_us_{name}")
            register.restype = ctypes.c_void_p
            self._voices[name] = ctypes.c_void_p(register(None))
        return self._voices[name]


class _Wave(ctypes.Structure):
    """cst_wave of flite."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


def _library(name: str, needs: str) -> Any:
    try:
        return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise KairosError(f"{name} is not installed ({needs})") from error


_espeak: Callable[[], _Espeak] = cache(_Espeak)
_flite: Callable[[], _Flite] = cache(_Flite)


def _filled_in(positions: list[int], known: dict[int, float], end: float) -> tuple[float, ...]:
    """When each word starts, and the end: what the voice said in one breath (`of the`) is divided by its letters."""
    places = [place for place in positions if place in known]
    times = [known[place] for place in places]
    return (*np.interp(positions, [*places, positions[-1] + 1], [*times, max(end, times[-1] + 0.01)]).tolist(), end) if places else (end,)


def _last_sound(sound: Sound) -> int:
    """The sample after the last that is no silence."""
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    return int(loud[-1]) + 1 if len(loud) else len(sound)
