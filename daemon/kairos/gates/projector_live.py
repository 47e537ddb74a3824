"""`kairos gate projector-live`: spoken into a sound server's null sink, heard by a running daemon, acted on in time.

Forty sentences a person should be told of, each in one of two voices nobody trained on, played one after the other;
what the mind read, decided and did is taken from the daemon's own store. Then half an hour of babble, notes and
noise, in which nothing of the language is said and nothing may be done.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from kairos.act import Actions, ActionState
from kairos.checks import Check, Findings, GateError, Trial, missed, quantile
from kairos.database import open_read_only
from kairos.gates.ear_live import wait_for_log
from kairos.gates.soundcard import RATE, SoundCard, write_wav
from kairos.judging.living import Living, real_daemon, scratch
from kairos.ledger.read import read

_VOICES: Final = ("en-us+klatt6", "en-us+Diogo")
_SUBJECTS: Final = (
    "there is smoke in the {room}", "i smell gas in the {room}", "the {room} is on fire", "the printer in the {room} is on fire",
    "the washing machine in the {room} is leaking", "somebody broke into the {room}", "the battery in the {room} is hot and smoking",
    "the server in the {room} is down", "the pipe in the {room} burst", "the boiler in the {room} is leaking",
)  # fmt: skip
_ROOMS: Final = ("kitchen", "garage", "office", "bathroom", "bedroom", "hall", "nursery", "workshop")
_BABBLE: Final = (
    ("de+f4", "heute abend essen wir kartoffeln mit salat und danach lesen wir noch ein buch"),
    ("fr+f4", "demain matin nous allons au marche pour acheter des pommes et du fromage"),
    ("it+klatt4", "questa sera andiamo a mangiare una pizza con tutti i nostri amici"),
    ("pl+klatt4", "wczoraj poszlismy do parku i bardzo dlugo rozmawialismy z sasiadem"),
)
_SENTENCES: Final = 40
_QUICK: Final = 3
_MINUTES: Final = 30.0
_QUICK_MINUTES: Final = 0.2
_SETTLE_S: Final = 6.0
_GRACE_S: Final = 3.0
_SPEED: Final = "150"


class _Done(NamedTuple):
    """One latent event and what became of it; times since the epoch."""

    at: float
    verdict_at: float
    read: str
    verdict: str
    done_at: float | None


def run(trial: Trial) -> Findings:
    """Speak, read, babble, read."""
    if shutil.which("espeak-ng") is None:
        raise GateError("espeak-ng is not installed (Debian: espeak-ng)")
    count, minutes = (_QUICK, _QUICK_MINUTES) if trial.quick else (_SENTENCES, _MINUTES)
    with scratch("pl") as folder:
        card = SoundCard(folder)
        card.start()
        living = real_daemon(
            folder, "plugin.ear.listen=true", "plugin.ear.speech=false", "plugin.projector.listen=true", "heartbeat.interval_s=5",
            "act.allow=['log']", "plugins.disable=['logwatch','sysmon']", environment=card.environment,
        )  # fmt: skip
        living.start(timeout_s=300)
        try:
            wait_for_log(living, "ear.listening", 1, timeout_s=30)
            figures, wrong = _spoken(card, living, folder, count, trial)
            figures |= _babbled(card, living, folder, minutes, trial)
        finally:
            living.stop()
            card.stop()
    bars = missed(figures, {
        "right_rate": (">=", 0.9), "verdict_s_p90": ("<=", 2.0), "action_s_p90": ("<=", 4.0), "babble_actions": ("==", 0),
    })  # fmt: skip
    if not trial.quick:
        bars += missed(figures, {"sentences": (">=", _SENTENCES), "babble_minutes": (">=", _MINUTES)})
    return Findings(
        figures=figures, failed=bars, config={"voices": _VOICES, "wrong": wrong}, data={"n": count, "seed": trial.seed, "digest": None}
    )


def _spoken(card: SoundCard, living: Living, folder: Path, count: int, trial: Trial) -> tuple[dict[str, Any], list[str]]:
    """Each sentence: whether the right ACTION came of it, and how long after its end; and what was wrong."""
    dice, right, verdicts, actions, wrong = Random(trial.seed), 0, list[float](), list[float](), list[str]()
    for number in range(count):
        room = _ROOMS[number % len(_ROOMS)]
        text = _SUBJECTS[number % len(_SUBJECTS)].format(room=room)
        path = _said(folder / f"{number}.wav", dice.choice(_VOICES), text)
        began = time.time()
        ended = began + _length(path)
        card.play(path).wait(60)
        time.sleep(_SETTLE_S)
        names = [word for word in text.split() if len(word) > len("there")]
        hits = [row for row in _latent(living, began) if row.verdict == "ACTION" and all(name in row.read for name in names)]
        right += bool(hits)
        if hits:
            verdicts.append(hits[0].verdict_at - ended)
            actions += [hits[0].done_at - ended] if hits[0].done_at is not None else []
        else:
            wrong.append(f"{text!r} was read as {[row.read for row in _latent(living, began)]}")
        trial.progress(number + 1, count)
    return {
        "sentences": count, "right_rate": right / count, "verdict_s_p50": quantile(verdicts, 0.5), "verdict_s_p90": quantile(verdicts, 0.9),
        "action_s_p50": quantile(actions, 0.5), "action_s_p90": quantile(actions, 0.9),
    }, wrong  # fmt: skip


def _babbled(card: SoundCard, living: Living, folder: Path, minutes: float, trial: Trial) -> dict[str, Any]:
    """Time in which nothing of the language is said: events and ACTIONs."""
    began, paths = time.time(), _sounds(folder)
    number = 0
    while time.time() - began < 60 * minutes:
        card.play(paths[number % len(paths)]).wait(120)
        number += 1
        trial.progress(int(time.time() - began), int(60 * minutes))
    time.sleep(_GRACE_S)
    rows = list(_latent(living, began))
    return {
        "babble_minutes": (time.time() - began) / 60, "babble_events": len(rows),
        "babble_actions": sum(row.verdict == "ACTION" for row in rows),
    }  # fmt: skip


def _said(path: Path, voice: str, text: str) -> Path:
    subprocess.run(["espeak-ng", "-v", voice, "-s", _SPEED, "-w", str(path), text], check=True, capture_output=True)
    return path


def _length(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def _sounds(folder: Path) -> list[Path]:
    """Babble in other languages, notes of a scale, and noise."""
    import numpy as np

    rng = np.random.default_rng(3)
    time_s = np.arange(RATE // 2) / RATE
    steps = (0, 4, 7, 12, 9, 5, 2, 7)
    notes = np.concatenate([np.sin(2 * np.pi * 220 * 2 ** (step / 12) * time_s) * np.exp(-2 * time_s) for step in steps])
    found = [
        write_wav(folder / "notes.wav", (0.4 * 32767 * notes).astype(np.int16).tobytes()),
        write_wav(folder / "noise.wav", (1500 * rng.standard_normal(8 * RATE)).astype(np.int16).tobytes()),
    ]
    return found + [_said(folder / f"babble{number}.wav", voice, text) for number, (voice, text) in enumerate(_BABBLE)]


def _latent(living: Living, since: float) -> Iterator[_Done]:
    """Latent events since a time, oldest first, with what became of each."""
    connection, actions = open_read_only(living.places.database), Actions()
    query = "SELECT received, receipt FROM events WHERE source='voice' AND received>=? AND receipt IS NOT NULL ORDER BY seq"
    try:
        for received, number in connection.execute(query, (since,)).fetchall():
            receipt = read(connection, number)
            if receipt is not None:
                done = [action.updated for action in actions.of_receipt(connection, number) if action.state is ActionState.DONE]
                verdict = str(receipt.body["verdict"])
                yield _Done(received, receipt.at, str(receipt.body.get("read", "")), verdict, min(done, default=None))
    finally:
        connection.close()


GATE: Final = Check(kind="gate", name="projector-live", summary="spoken into the sound server, acted on by a running daemon", run=run)
