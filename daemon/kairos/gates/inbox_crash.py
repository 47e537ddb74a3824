"""`kairos gate inbox-crash`: nothing acknowledged is lost, nothing is done twice.

Arm one kills a daemon with SIGKILL at each named failpoint, at varied counts, starts it again, resends
what was not acknowledged (as a client would) and looks at what is on disk and what the actuators
really did. Arm two records every write and sync of a living daemon and rebuilds the disks a power cut
could have left at hundreds of moments. Real stores, sockets and actuators; a mind without torch.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any, Final

from kairos.boot import SCHEMAS
from kairos.checks import Check, Findings, Trial, missed
from kairos.client import Client
from kairos.database import connect
from kairos.errors import ChainBroken, DaemonUnreachable, WireError
from kairos.faults import FAILPOINTS
from kairos.gates import power
from kairos.judging.living import Living, fake_daemon, scratch
from kairos.ledger import verify
from kairos.ledger.chain import signing_key

_TRIALS: Final = 204
_QUICK: Final = 12
_EVENTS: Final = 9
_SETTLED_S: Final = 20.0
_KINDS: Final = ("all is well", "ACT:once lamp", "ACT:many lamp")


def run(trial: Trial) -> Findings:
    """Both arms."""
    rng = Random(trial.seed)
    count = _QUICK if trial.quick else _TRIALS
    total: Counter[str] = Counter()
    for number in range(count):
        failpoint = f"{FAILPOINTS[number % len(FAILPOINTS)]}:{1 + (number // len(FAILPOINTS)) % 4}"
        total.update(_kill_trial(failpoint))
        trial.progress(number + 1, count)
    states, reason = _power_arm(80 if trial.quick else 600, rng, total)
    figures = {
        "trials": count, "killed": total["killed"], "power_states": states, "acked": total["acked"],
        "lost": total["lost"], "duplicated": total["duplicated"],
        "non_idempotent_executed_twice": total["twice"], "chain_broken": total["chain_broken"],
    }  # fmt: skip
    bars = missed(
        figures,
        {"lost": ("==", 0), "duplicated": ("==", 0), "non_idempotent_executed_twice": ("==", 0), "chain_broken": ("==", 0),
         "killed": (">=", count * 0.9)},
    )  # fmt: skip
    if not trial.quick:
        bars += missed(figures, {"trials": (">=", 200), "power_states": (">=", 200)})
    reasons = {"power_states": reason} if reason else {}
    config = {"failpoints": list(FAILPOINTS), "events_per_trial": _EVENTS, "synchronous": "FULL"}
    return Findings(figures=figures, failed=bars, reasons=reasons, config=config, data={"n": count, "seed": trial.seed, "digest": None})


def _kill_trial(failpoint: str) -> Counter[str]:
    """One life that ends at `failpoint`, one that goes on, and what is true afterwards."""
    with scratch("ic") as folder:
        living = fake_daemon(folder)
        ids = [f"e{n}" for n in range(_EVENTS)]
        acked: set[str] = set()
        up = living.start(failpoint=failpoint, may_die=True)
        if up:
            acked = _send(living, ids)
            _settle(living)
        killed = living.wait_dead(0.5)
        living.kill()
        living.start()
        try:
            _send(living, [marker for marker in ids if marker not in acked])
            _settle(living)
        finally:
            living.stop()
        found = _audit(living.places.state, ids, _did(folder))
    found["killed"] += killed
    found["acked"] += len(acked)
    return found


def _send(living: Living, ids: Iterable[str]) -> set[str]:
    """The ids that were acknowledged before the daemon fell silent."""
    acked: set[str] = set()
    try:
        with living.client(timeout_s=3) as client:
            for marker in ids:
                number = int(marker[1:])
                text = f"{_KINDS[number % len(_KINDS)]} {'abcdefghij'[number]}"
                client.send(text, id=marker, source=f"s{number}")
                acked.add(marker)
    except (DaemonUnreachable, WireError):
        pass
    return acked


def _settle(living: Living) -> None:
    """Wait until nothing waits and no action is open, or the daemon is dead."""
    deadline = time.monotonic() + _SETTLED_S
    try:
        with living.client(timeout_s=2) as client:
            while time.monotonic() < deadline and living.alive():
                if _quiet(client):
                    return
                time.sleep(0.02)
    except (DaemonUnreachable, WireError):
        return


def _quiet(client: Client) -> bool:
    gauges = client.ask("status")["gauges"]
    if any(value for name, value in gauges.items() if name.startswith("waiting_")):
        return False
    open_states = ("proposed", "approved", "intent")
    return all(row["state"] not in open_states for row in client.ask("actions", limit=1000)["actions"])


def _did(folder: Path) -> list[str]:
    """Keys the actuator that must not run twice has written."""
    path = folder / "once.did"
    return path.read_text("ascii").split() if path.exists() else []


def _audit(state: Path, must_be_there: Iterable[str], did: list[str], *, decided: bool = True) -> Counter[str]:
    """What is wrong on this disk."""
    found: Counter[str] = Counter()
    connection = connect(state / "kairos.db", SCHEMAS)  # as a daemon would, also on a disk where nothing was yet
    try:
        rows = dict(connection.execute("SELECT id, receipt FROM events").fetchall())
        for marker in must_be_there:
            found["lost"] += marker not in rows or (decided and rows[marker] is None)
        verdicts = connection.execute("SELECT n, body FROM receipts WHERE kind='verdict'").fetchall()
        counted = Counter(receipt for receipt in rows.values() if receipt is not None)
        for n, body in verdicts:
            stated = _count(body)
            found["duplicated"] += stated != counted.get(n, 0)
        found["twice"] += sum(count - 1 for count in Counter(did).values())
        known = dict(connection.execute("SELECT key, state FROM actions").fetchall())
        found["twice"] += sum(known.get(key) in (None, "proposed", "approved") for key in set(did))
        verify(connection, signing_key(state / "keys"))
    except (ChainBroken, sqlite3.DatabaseError):
        found["chain_broken"] += 1
    finally:
        connection.close()
    return found


def _count(body: str) -> int:
    import json

    return int(json.loads(body).get("count", 0))


def _power_arm(states: int, rng: Random, total: Counter[str]) -> tuple[int | None, str]:
    """Record one life, then cut its power at many moments."""
    with scratch("pw") as folder:
        library = power.build(folder)
        if library is None:
            return None, "there is no C compiler (cc) to build the recorder of writes with"
        log = folder / "record"
        environment = {"LD_PRELOAD": str(library), "KAIROS_RECORD_DIR": str(folder), "KAIROS_RECORD_LOG": str(log)}
        living = fake_daemon(folder, environment=environment)
        living.start()
        acks = _send_timed(living)
        _settle(living)
        living.kill()
        ops = power.read(log)
        first = next((i for i, op in enumerate(ops) if acks and op.at >= min(acks.values()) - 0.05), 0)
        for _ in range(states):
            cut = rng.randint(first, len(ops))
            total.update(_cut(folder, ops, cut, acks, rng))
    return states, ""


def _send_timed(living: Living) -> dict[str, float]:
    """When (monotonic) each id's ack was in the client's hands."""
    acks: dict[str, float] = {}
    with living.client(timeout_s=10) as client:
        for number in range(60):
            text = f"{_KINDS[number % len(_KINDS)]} {chr(97 + number % 26)}{chr(97 + number // 26)}"
            client.send(text, id=f"e{number}", source=f"s{number}")
            acks[f"e{number}"] = time.monotonic()
    return acks


def _cut(folder: Path, ops: list[power.Op], cut: int, acks: dict[str, float], rng: Random) -> Counter[str]:
    """One disk after one power cut."""
    moment = ops[cut - 1].at if cut else 0.0
    files = power.disk(ops, cut, rng)
    with scratch("pc") as after:
        power.lay_out(files, was=folder, to=after)
        keys = folder / "state" / "keys"
        target = after / "state" / "keys"
        target.mkdir(parents=True, exist_ok=True)
        for path in keys.iterdir():
            if path.is_file():
                (target / path.name).write_bytes(path.read_bytes())
        promised: list[Any] = [marker for marker, at in acks.items() if at <= moment]
        return _audit(after / "state", promised, _did(after), decided=False)


GATE: Final = Check(
    kind="gate", name="inbox-crash", summary="kill -9 at every failpoint, and power cuts: nothing lost, nothing twice", run=run
)
