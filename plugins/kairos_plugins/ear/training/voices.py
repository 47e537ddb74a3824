"""Speech by the voices of Debian packages (espeak-ng, flite, festival), for training and for judging; and whole folders of recordings.

    python -m kairos_plugins.ear.training.voices OUT --split train

Voices for judging are never trained on: see `VOICES`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
import soundfile
import soxr

from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.noises import Rng, Sound

Split = Literal["train", "valid", "test"]
_WORDS: Final = [
    "the",
    "house",
    "is",
    "quiet",
    "tonight",
    "please",
    "turn",
    "on",
    "lamp",
    "kitchen",
    "seven",
    "eleven",
    "open",
    "door",
    "who",
    "left",
    "window",
    "water",
    "running",
    "why",
    "did",
    "phone",
    "ring",
    "again",
    "yesterday",
    "morning",
    "we",
    "walked",
    "along",
    "river",
    "and",
    "saw",
    "three",
    "boats",
    "call",
    "my",
    "sister",
    "when",
    "she",
    "comes",
    "home",
    "nobody",
    "knows",
    "what",
    "happened",
    "after",
    "storm",
    "put",
    "kettle",
    "bread",
    "table",
    "is",
    "it",
    "raining",
    "outside",
    "remember",
    "garden",
    "gate",
    "must",
    "be",
    "closed",
    "before",
    "dark",
    "i",
    "think",
    "so",
    "maybe",
    "later",
    "tomorrow",
    "at",
    "nine",
    "bring",
    "blue",
    "coat",
    "from",
    "car",
    "train",
    "leaves",
    "soon",
    "good",
    "evening",
    "how",
    "are",
    "you",
    "fine",
    "thanks",
    "stop",
    "music",
    "set",
    "timer",
    "for",
    "ten",
    "minutes",
    "read",
    "next",
    "message",
]
_LANGUAGES: Final = [
    "en-us",
    "en-gb",
    "en-gb-scotland",
    "en-gb-x-rp",
    "de",
    "fr",
    "es",
    "it",
    "pt-br",
    "nl",
    "pl",
    "ru",
    "sv",
    "tr",
    "cs",
    "hu",
    "ro",
    "el",
    "fi",
    "da",
    "nb",
    "hi",
    "zh",
    "ar",
    "fa",
    "id",
    "vi",
    "sw",
    "ta",
    "la",
    "eo",
]
_TRAIN_VARIANTS: Final = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f5", "whisper", "croak", "klatt2"]
_LIMIT_S: Final = 120


class Voice(NamedTuple):
    """One speaker of one program."""

    program: Literal["espeak-ng", "flite", "text2wave"]
    name: str


VOICES: Final[dict[Split, tuple[Voice, ...]]] = {
    "train": (
        *(Voice("espeak-ng", f"{language}+{variant}") for language in _LANGUAGES for variant in _TRAIN_VARIANTS),
        *(Voice("flite", name) for name in ("awb", "kal16")),
        *(Voice("text2wave", name) for name in ("czech_dita", "czech_machac", "czech_ph", "ked_diphone", "msu_ru_nsh_clunits")),
    ),
    "valid": (
        *(Voice("espeak-ng", f"{language}+{variant}") for language in _LANGUAGES for variant in ("f4", "klatt4")),
        Voice("flite", "rms"),
        Voice("text2wave", "czech_krb"),
    ),
    "test": (
        Voice("flite", "slt"),
        *(Voice("text2wave", name) for name in ("lp_diphone", "pc_diphone", "hy_fi_mv_diphone", "suo_fi_lj_diphone", "upc_ca_ona_hts")),
    ),
}


def installed(split: Split) -> list[Voice]:
    """Voices whose program is here; a festival voice may still be missing."""
    return [voice for voice in VOICES[split] if shutil.which(voice.program)]


def spoken(voice: Voice, rng: Rng) -> Sound | None:
    """A few words, 16 kHz, full scale being 1; None where the voice is not installed."""
    text = " ".join(rng.choice(_WORDS, int(rng.integers(3, 15)))) + "."
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.wav"
        argv = {
            "espeak-ng": [
                "espeak-ng",
                "-v",
                voice.name,
                "-s",
                str(rng.integers(120, 211)),
                "-p",
                str(rng.integers(20, 81)),
                "-w",
                str(path),
                text,
            ],
            "flite": ["flite", "-voice", voice.name, "-t", text, "-o", str(path)],
            "text2wave": ["text2wave", "-eval", f"(voice_{voice.name})", "-o", str(path)],
        }[voice.program]
        subprocess.run(
            argv, input=text if voice.program == "text2wave" else None, text=True, capture_output=True, timeout=_LIMIT_S, check=False
        )
        try:
            found, rate = soundfile.read(path, dtype="float64")
        except soundfile.LibsndfileError:
            return None
    sound = np.asarray(found, np.float64)
    return sound if rate == RATE else soxr.resample(sound, rate, RATE)


def spoken_by(voices: list[Voice], rng: Rng, each: int) -> Iterator[tuple[Voice, Sound]]:
    """`each` utterances of every voice that answers."""
    for voice in voices:
        for _ in range(each):
            sound = spoken(voice, rng)
            if sound is None:
                break
            yield voice, sound


def main() -> None:
    """Write one folder a voice; one of espeak-ng's variants in any language is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=list(VOICES), default="train")
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    for number, (voice, sound) in enumerate(spoken_by(installed(args.split), np.random.default_rng(args.seed), args.each)):
        folder = args.out / f"{voice.program}-{voice.name.partition('+')[2] or voice.name}"
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{number:05d}.wav", sound, RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
