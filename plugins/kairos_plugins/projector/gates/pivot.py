"""`kairos gate projector-pivot`: sentences spoken by voices never trained on lead the mind where the same words as text would.

Sentences of the language are spoken, heard by the ear's own front end, found by its own voice detector, projected, and
judged as latent frames. Salient ones are those the mind acts on as text, so that this gate measures the
way there and not the judgement. Controls in which nothing of the language is said must give nothing.
With `--data DIR`: clips and `labels.csv` (`file,text,verdict`; an empty text is a control).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kairos.api import Check, Findings, Frame, GateError, KairosError, Resident, Trial, Verdict, missed, quantile
from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import FRAME
from kairos_plugins.ear.hearing import Ear, Models, engine
from kairos_plugins.ear.recordings import pcm
from kairos_plugins.ear.tell import Teller
from kairos_plugins.ear.training.noises import NOISES
from kairos_plugins.ear.utterances import Utterances
from kairos_plugins.projector.config import ProjectorSettings
from kairos_plugins.projector.language import Language
from kairos_plugins.projector.training.examples import edits
from kairos_plugins.projector.training.speakers import VOICES, Speakers
from kairos_plugins.projector.words import Words, wire

_KINDS: Final = ("salient", "idle", "control")
_EACH: Final = 120
_QUICK: Final = 8
_MOST_TRIES: Final = 12
_OTHER_LANGUAGES: Final = ("de", "fr", "es", "it", "pl")
_FOREIGN: Final = ("guten abend zusammen", "bonjour mes amis", "buenos dias amigos", "buongiorno a tutti", "dobry wieczor panstwu")
_SNR_DB: Final = 25.0


class Clip(NamedTuple):
    """What is played, what is said in it, and what should come of it."""

    samples: NDArray[np.int16]
    text: str
    salient: bool
    names: tuple[str, ...]
    group: str


def run(trial: Trial) -> Findings:
    """Every clip through the ear, the projector and the mind."""
    mind, settings = trial.mind(), ProjectorSettings()
    gna = engine()
    models, words = Models(gna), Words(gna)
    counts: defaultdict[str, list[float]] = defaultdict(list)
    distances: list[float] = []
    wrong = due = 0
    for clip in _clips(trial, mind, settings):
        read, acted, distance = _judged(clip, models, words, mind, settings)
        distances += distance
        kind = "control" if not clip.text else "salient" if clip.salient else "idle"
        right = acted and all(name in read for name in clip.names) if kind == "salient" else not acted
        counts[kind].append(right)
        if clip.text:
            counts[f"{kind}_{clip.group}"].append(right)
            said, truth = mind.encode(f" {read}") if read else [], mind.encode(f" {clip.text}")
            wrong, due = wrong + edits(said, truth), due + len(truth)
        trial.progress(sum(len(counts[kind]) for kind in _KINDS), 3 * (_QUICK if trial.quick else _EACH))
    rates = {name: sum(found) / len(found) for name, found in counts.items() if found}
    figures: dict[str, Any] = {
        "salient": len(counts["salient"]), "idle": len(counts["idle"]), "controls": len(counts["control"]),
        "action_rate": rates.get("salient"), "noop_rate": rates.get("idle"), "control_rate": rates.get("control"),
        "token_error_rate": wrong / due if due else None, "distance_p99": quantile(distances, 0.99),
        **{f"{'action' if name.startswith('salient') else 'noop'}_{name.partition('_')[2]}": rate for name, rate in sorted(rates.items()) if "_" in name},
    }  # fmt: skip
    bars = missed(figures, {"action_rate": (">=", 0.95), "noop_rate": (">=", 0.98)})
    if not trial.quick and trial.data is None:
        bars += missed(figures, {"salient": (">=", 100), "idle": (">=", 100)})
    return Findings(figures=figures, failed=bars, data={"n": sum(len(counts[kind]) for kind in _KINDS), "seed": trial.seed, "digest": None})


def _judged(clip: Clip, models: Models, words: Words, mind: Resident, settings: ProjectorSettings) -> tuple[str, bool, list[float]]:
    """What was read of the clip, whether it led to an ACTION, and how far the rows lay from words."""
    reads, distances, acted = [], [], False
    for features in heard_in(clip.samples, models):
        bound = words.heard(features)
        if not settings.passes(bound):
            continue
        frame = Frame(kind="latent", source=settings.source, rows=wire(bound.rows, words.binder.model))
        judgement = mind.judge(frame)
        reads.append(judgement.read)
        distances += [judgement.distance] if judgement.distance is not None else []
        acted = acted or judgement.verdict is Verdict.ACTION
    return " ".join(reads), acted, distances


def heard_in(samples: NDArray[np.int16], models: Models) -> Iterator[Any]:
    """Features of each utterance the ear finds in a recording, as the daemon would be handed them."""
    ear, teller, said = Ear(models), Teller(EarSettings()), Utterances()
    for samples_of_frame in ear.frames(samples):
        frame = ear.frame(samples_of_frame)
        teller.feed(frame)
        features = said.feed(frame.features, speaking=teller.speaking)
        if features is not None:
            yield features


def _clips(trial: Trial, mind: Resident, settings: ProjectorSettings) -> Iterator[Clip]:
    if trial.data is not None:
        yield from _given(trial.data)
        return
    count, dice, rng = _QUICK if trial.quick else _EACH, Random(trial.seed), np.random.default_rng(trial.seed)
    language, speakers = Language.read(), Speakers()
    for number in range(count):
        voice = VOICES["test"][number % len(VOICES["test"])]
        for salient in (True, False):
            sentence = as_text(language, dice, mind, settings, salient=salient)
            spoken = speakers.say(voice, sentence.text, speed=dice.randint(130, 190))
            if spoken is not None:
                yield Clip(played(spoken.sound, rng), sentence.text, salient, sentence.names, f"{voice.program}_{voice.name}")
        yield Clip(_control(number, rng, speakers), "", salient=False, names=(), group="control")


def as_text(language: Language, dice: Random, mind: Resident, settings: ProjectorSettings, *, salient: bool) -> Any:
    """A sentence the mind judges, as text, the way it is meant."""
    for _ in range(_MOST_TRIES):
        sentence = language.draw(dice, salient=salient)
        verdict = mind.judge(Frame(kind="text", source=settings.source, text=sentence.text)).verdict
        if (verdict is Verdict.ACTION) == salient:
            return sentence
    raise GateError("the mind judges no sentence as it is meant, not even as text")


def _control(number: int, rng: np.random.Generator, speakers: Speakers) -> NDArray[np.int16]:
    """Other languages, babble, music and noise, silence: one after the other."""
    kind = number % 4
    if kind == 0:
        place = number // 4 % len(_FOREIGN)
        spoken = speakers.say(VOICES["test"][0]._replace(program="espeak-ng", name=f"{_OTHER_LANGUAGES[place]}+f4"), _FOREIGN[place])
        return played(spoken.sound if spoken is not None else np.zeros(RATE), rng)
    if kind == 1:
        names = list(NOISES)
        return played(0.3 * NOISES[names[number // 4 % len(names)]](rng, 4 * RATE), rng)
    if kind == 2:  # noqa: PLR2004
        voices = [speakers.say(voice, text) for voice, text in zip(VOICES["test"], _FOREIGN, strict=False)]
        babble = np.zeros(3 * RATE)
        for spoken in voices:
            if spoken is not None:
                babble[: len(spoken.sound)] += spoken.sound[: len(babble)]
        return played(babble, rng)
    return played(np.zeros(3 * RATE), rng)


def played(sound: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int16]:
    """With a second of room before and after, and a little of its noise all along."""
    dry = np.concatenate([np.zeros(RATE), sound, np.zeros(RATE)])
    loud = max(float(np.sqrt(np.mean(sound**2))), 1e-3)
    noisy = dry + NOISES["coloured"](rng, len(dry)) * loud * 10 ** (-_SNR_DB / 20)
    samples = np.round(noisy / max(float(np.abs(noisy).max()), 1e-9) * 12_000).astype(np.int16)
    return samples[: len(samples) // FRAME * FRAME]


def _given(folder: Path) -> Iterator[Clip]:
    try:
        rows = list(csv.DictReader((folder / "labels.csv").read_text("utf-8").splitlines()))
    except OSError as error:
        raise GateError(f"{folder} holds no labels.csv that can be read: {error}") from error
    known = set(Language.read().words)
    for row in rows:
        try:
            text, salient = row["text"].strip().lower(), row["verdict"] == "ACTION"
            samples = np.concatenate([np.zeros(RATE, np.int16), pcm(folder / row["file"]), np.zeros(RATE, np.int16)])
        except (KeyError, KairosError) as error:
            raise GateError(f"{folder / 'labels.csv'}: a row must have file, text, verdict; found {row}: {error}") from error
        names = tuple(word for word in text.split() if len(word) > 3 and word in known) if salient else ()  # noqa: PLR2004
        yield Clip(samples[: len(samples) // FRAME * FRAME], text, salient, names, row.get("group") or "clips")


GATE: Final = Check(
    kind="gate", name="projector-pivot", summary="spoken by strangers, the same verdicts as the words as text", run=run, takes_data=True
)
