"""`kairos gate ear-live`: real sound through a real sound server into a running daemon, while its mind is kept busy.

A script of sounds is played into a null sink whose monitor is the microphone: smoke-alarm pulses (T3), speech,
notes, carbon-monoxide pulses (T4). What the ear told and what the mind did about it are read from the
daemon's own store. Then the sound server is killed and started again, and the sink is taken away and brought back.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from kairos.checks import Check, Findings, GateError, Trial, missed
from kairos.database import open_read_only
from kairos.errors import KairosError
from kairos.gates.soundcard import RATE, SoundCard, write_wav
from kairos.inbox.read import find
from kairos.judging.living import Living, real_daemon, scratch

_MINUTES: Final = 10.0
_SETTLE_S: Final = 8.0
_REST_S: Final = 22.0
_HUNG_S: Final = 30.0
_THIRD_GROUP_S: Final = 10.5
"""From the first pulse of T3 to the end of its third group."""
_T3: Final = ((0.5, 0.5), (0.5, 0.5), (0.5, 1.5))
_T4: Final = ((0.1, 0.1), (0.1, 0.1), (0.1, 0.1), (0.1, 5.0))
_SENTENCE: Final = "Good evening. I will be back before dinner, please put the kettle on and feed the cat."


class _Told(NamedTuple):
    at: float
    text: str
    verdict: str


def run(trial: Trial) -> Findings:
    """Play, read, take away."""
    with scratch("el") as folder:
        card = SoundCard(folder)
        card.start()
        living = real_daemon(
            folder,
            "plugin.ear.listen=true",
            "heartbeat.interval_s=5",
            "plugins.disable=['logwatch','sysmon']",
            environment=card.environment,
        )
        living.start(timeout_s=300)
        busy = _Busy(living)
        try:
            wait_for_log(living, "ear.listening", 1, timeout_s=30)
            busy.start()
            figures = _play(card, living, _script(folder), trial)
            busy.stop()
            figures |= _take_away(card, living)
        finally:
            busy.stop()
            living.stop()
            card.stop()
    bars = missed(figures, {
        "lost_samples": ("==", 0), "smoke_told": (">=", figures["smoke_played"]), "carbon_monoxide_told": (">=", figures["carbon_monoxide_played"]),
        "false_alarms": ("==", 0), "actions_on_other_sounds": ("==", 0), "smoke_acted_on": (">=", figures["smoke_played"]),
        "action_s_after_third_group": ("<=", 6.0), "server_restart_s": ("<=", 3.0), "sink_return_s": ("<=", 3.0),
    })  # fmt: skip
    if not trial.quick:
        bars += missed(figures, {"seconds": (">=", _MINUTES * 60)})
    return Findings(
        figures=figures, failed=bars, config={"mind": "default"}, data={"n": figures["played"], "seed": trial.seed, "digest": None}
    )


def _script(folder: Path) -> dict[str, Path]:
    """The sounds, as WAV files; speech only where a voice is installed."""
    import numpy as np

    def tone(hertz: float, pulses: tuple[tuple[float, float], ...], rounds: int) -> bytes:
        parts: list[Any] = []
        for on, off in pulses * rounds:
            time_s = np.arange(int(on * RATE)) / RATE
            square = sum(np.sin(2 * np.pi * odd * hertz * time_s) / odd for odd in range(1, int(RATE / 2 / hertz) + 1, 2))
            parts += [0.3 * square * np.minimum(1, time_s / 0.003), np.zeros(int(off * RATE))]
        return (np.concatenate(parts) * 32767).astype(np.int16).tobytes()

    notes = tuple((0.2 + 0.07 * (n % 5), 0.02) for n in range(1, 12))
    melody = b"".join(
        tone(220 * 2 ** (step / 12), (note,), 1) for step, note in zip((0, 4, 7, 12, 7, 4, 9, 5, 2, 0, 7), notes, strict=True)
    )
    found = {
        "smoke": write_wav(folder / "smoke.wav", tone(3100, _T3, 5)),
        "carbon_monoxide": write_wav(folder / "co.wav", tone(3200, _T4, 4)),
        "notes": write_wav(folder / "notes.wav", melody * 2),
    }
    program = shutil.which("espeak-ng")
    if program is not None:
        subprocess.run([program, "-v", "en-gb+f4", "-w", str(folder / "speech.wav"), _SENTENCE], check=True, capture_output=True)
        found["speech"] = folder / "speech.wav"
    return found


def _play(card: SoundCard, living: Living, script: dict[str, Path], trial: Trial) -> dict[str, Any]:
    """The script again and again for the time of the trial."""
    began, counts, delays = time.time(), dict.fromkeys(script, 0), list[float]()
    order = ["smoke", *(name for name in ("speech", "notes") if name in script), "carbon_monoxide"]
    seconds = 0.0 if trial.quick else _MINUTES * 60
    spans: list[tuple[str, float, float]] = []
    while True:
        for name in order:
            start = time.time()
            player = card.play(script[name])
            player.wait(120)
            time.sleep(_SETTLE_S)
            spans.append((name, start, time.time()))
            counts[name] += 1
            time.sleep(_REST_S - _SETTLE_S)  # longer than a pattern is remembered
            trial.progress(int(time.time() - began), int(seconds or 100))
        if time.time() - began >= seconds:
            break
    told = list(_told(living, began))
    acted = 0
    for name, start, end in spans:
        if name == "smoke":
            hits = [row.at for row in told if "T3" in row.text and row.verdict == "ACTION" and start <= row.at <= end]
            acted += bool(hits)
            delays += [max(0.0, min(hits) - start - _THIRD_GROUP_S)] if hits else []
    during = {name: [row for kind, start, end in spans if kind == name for row in told if start <= row.at <= end] for name in counts}
    return {
        "seconds": time.time() - began, "played": sum(counts.values()),
        "smoke_played": counts["smoke"], "smoke_told": _times(spans, told, "smoke", "T3"),
        "carbon_monoxide_played": counts["carbon_monoxide"], "carbon_monoxide_told": _times(spans, told, "carbon_monoxide", "T4"),
        "speech_played": counts.get("speech", 0), "speech_told": _times(spans, told, "speech", "speech for"),
        "false_alarms": sum("T3" in row.text or "T4" in row.text for name in ("speech", "notes") for row in during.get(name, []))
        + sum("T4" in row.text for row in during["smoke"]) + sum("T3" in row.text for row in during["carbon_monoxide"]),
        "actions_on_other_sounds": sum(row.verdict == "ACTION" for name in ("speech", "notes") for row in during.get(name, [])),
        "smoke_acted_on": acted, "action_s_after_third_group": max(delays) if delays else None,
        "lost_samples": sum(int(line["samples"]) for line in _log(living, "ear.overrun")),
    }  # fmt: skip


def _times(spans: list[tuple[str, float, float]], told: list[_Told], name: str, word: str) -> int:
    """Playings of `name` during which a line with `word` was told."""
    return sum(any(word in row.text and start <= row.at <= end for row in told) for kind, start, end in spans if kind == name)


def _take_away(card: SoundCard, living: Living) -> dict[str, Any]:
    """Seconds from the server's, then the sink's, return until the ear listens again."""
    found: dict[str, Any] = {}
    for name, away, back in (("server_restart_s", card.stop, card.start), ("sink_return_s", card.remove_sink, card.add_sink)):
        before = len(_log(living, "ear.listening"))
        away()
        time.sleep(4.0)
        back()
        returned = time.monotonic()
        try:
            wait_for_log(living, "ear.listening", before + 1, timeout_s=_HUNG_S)
            found[name] = time.monotonic() - returned
        except GateError:
            found[name] = None
        time.sleep(2.0)
    return found


def _told(living: Living, since: float) -> Iterator[_Told]:
    connection = open_read_only(living.places.database)
    try:
        for name, receipt in connection.execute("SELECT id, receipt FROM events WHERE source='ear' AND received>=? ORDER BY seq", (since,)):
            event = find(connection, name)
            if event is not None:
                yield _Told(event.at, event.text or "", _verdict(connection, receipt))
    finally:
        connection.close()


def _verdict(connection: sqlite3.Connection, receipt: int | None) -> str:
    from kairos.ledger.read import read

    found = read(connection, receipt) if receipt is not None else None
    return str(found.body.get("verdict", "")) if found is not None else ""


def _log(living: Living, event: str) -> list[dict[str, Any]]:
    """Lines of the daemon's own log with this event."""
    try:
        lines = living.places.log_file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [row for row in map(json.loads, lines) if row.get("event") == event]


def wait_for_log(living: Living, event: str, count: int, *, timeout_s: float) -> None:
    """Until the daemon has logged `event` so often; raises `GateError`."""
    deadline = time.monotonic() + timeout_s
    while len(_log(living, event)) < count:
        if time.monotonic() > deadline:
            raise GateError(f"the daemon did not log {event} {count} times within {timeout_s:g} s; is the extra [ear] installed?")
        time.sleep(0.1)


class _Busy:
    """Keeps the mind judging without a pause."""

    def __init__(self, living: Living) -> None:
        self._living = living
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(60)

    def _work(self) -> None:
        number = 0
        try:
            with self._living.client(timeout_s=60) as client:
                while not self._stopped.is_set():
                    client.send(
                        f"user {number} asked for page {number * 7} and got it", source=f"web{number % 50}", priority="bulk", wait=True
                    )
                    number += 1
        except KairosError:
            return


GATE: Final = Check(kind="gate", name="ear-live", summary="real sound through a sound server, while the mind is busy", run=run)
