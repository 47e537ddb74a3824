"""`kairos gate wire-fuzz`: hundreds of thousands of broken messages at a living daemon.

Each mutated message must get exactly one answer; one that an independent reading of
docs/messaging.md calls invalid must not be acknowledged; the daemon must live and its memory stay.
The oracle below shares no code with the daemon's own checks.
"""

from __future__ import annotations

import base64
import copy
import json
import math
import time
from collections.abc import Callable
from random import Random
from typing import Any, Final

import msgspec
import psutil
import zmq

from kairos.checks import Check, Findings, Trial, missed
from kairos.errors import KairosError
from kairos.judging.living import Living, fake_daemon, scratch

_MESSAGES: Final = 200_000
_QUICK: Final = 20_000
_BATCH: Final = 100
_ANSWER_MS: Final = 20_000
_WARM: Final = 0.3
_FLAT_MIB: Final = 16.0
_WIDTH: Final = 8

_ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2, 2**53, -(2**63), 10**30, 0.5, -0.0, 1e308, "", " ", "x", "é☃", "\x00", "a\nb",
    "x" * 200, "x" * 20_000, [], [1], {}, {"a": 1}, [[[[]]]], "nan", "text", "metric", "latent", "bulk",
)  # fmt: skip


def run(trial: Trial) -> Findings:
    """Fuzz a daemon of its own."""
    total = _QUICK if trial.quick else _MESSAGES
    with scratch("wf") as folder:
        living = fake_daemon(folder)
        living.start()
        try:
            figures = _fuzz(living, total, Random(trial.seed), trial)
        finally:
            living.stop()
    bars = missed(
        figures,
        {"crashes": ("==", 0), "accepted_invalid": ("==", 0), "unanswered": ("==", 0), "rss_growth_mib": ("<=", _FLAT_MIB)},
    )
    if not trial.quick:
        bars += missed(figures, {"messages": (">=", _MESSAGES)})
    data = {"n": total, "seed": trial.seed, "digest": None}
    return Findings(figures=figures, failed=bars, config={"batch": _BATCH, "flat_mib": _FLAT_MIB}, data=data)


def _fuzz(living: Living, total: int, rng: Random, trial: Trial) -> dict[str, Any]:
    context: Any = zmq.Context()
    socket: Any = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.sndhwm = socket.rcvhwm = 0
    socket.connect(living.endpoints.events)
    process = psutil.Process(living.pid)
    counts = {"acks": 0, "errors": 0, "accepted_invalid": 0, "unanswered": 0, "refused_valid": 0, "crashes": 0}
    warm_rss, sent = 0.0, 0
    while sent < total:
        batch = [_frame(rng, sent + n) for n in range(_BATCH)]
        _exchange(socket, batch, counts)
        sent += _BATCH
        trial.progress(sent, total)
        if not warm_rss and sent >= total * _WARM:
            warm_rss = process.memory_info().rss / 2**20
        if not living.alive():
            counts["crashes"] += 1
            break
    growth = process.memory_info().rss / 2**20 - warm_rss if living.alive() else None
    socket.close()
    context.term()
    return {"messages": sent, **counts, "rss_growth_mib": None if growth is None else round(growth, 2)}


def _exchange(socket: Any, batch: list[bytes], counts: dict[str, int]) -> None:
    """Send a batch, read as many answers, and hold the acknowledged ids against the oracle."""
    valid: dict[str, int] = {}
    for frame in batch:
        socket.send(frame)
        marker = oracle(frame)
        if marker is not None:
            valid[marker] = valid.get(marker, 0) + 1
    for _ in batch:
        if not socket.poll(_ANSWER_MS):
            counts["unanswered"] += 1
            return
        raw = socket.recv()
        answer = json.loads(raw) if raw[:1] == b"{" else msgspec.msgpack.decode(raw)
        if answer["type"] != "ack":
            counts["errors"] += 1
            counts["crashes"] += answer.get("code") == "internal"
            continue
        counts["acks"] += 1
        if valid.get(answer["id"], 0) > 0:
            valid[answer["id"]] -= 1
        else:
            counts["accepted_invalid"] += 1
    counts["refused_valid"] += sum(valid.values())


def _frame(rng: Random, number: int) -> bytes:
    """One message, good at first, then broken in one to three ways."""
    message = _good(rng, number)
    as_json = rng.random() < 0.5  # noqa: PLR2004
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        rng.choice(_BREAKS)(message, rng)
    frame = _encode(message, as_json=as_json)
    for _ in range(rng.choice([0, 0, 0, 1, 1, 4])):
        frame = _damage(frame, rng)
    return frame


def _good(rng: Random, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {"v": 1, "id": f"f{number}", "source": "fuzz", "priority": "bulk"}
    kind = rng.choice(["text", "metric", "latent"])
    if kind == "text":
        return {**message, "text": f"line {number}"}
    if kind == "metric":
        return {**message, "kind": "metric", "metrics": {"a": number, "b": rng.random()}}
    rows = rng.randint(1, 3)
    data = base64.b64encode(bytes(rng.randrange(0x3C) for _ in range(rows * _WIDTH * 2))).decode()
    return {**message, "kind": "latent", "rows": {"dtype": "f16", "shape": [rows, _WIDTH], "data": data, "model": "fake"}}


def _odd(rng: Random) -> Any:
    return copy.deepcopy(rng.choice(_ODD))  # what is put in may be broken further


def _replace(message: dict[str, Any], rng: Random) -> None:
    if message:
        message[rng.choice(list(message))] = _odd(rng)


def _remove(message: dict[str, Any], rng: Random) -> None:
    if message:
        del message[rng.choice(list(message))]


def _add(message: dict[str, Any], rng: Random) -> None:
    message[rng.choice(["at", "wait", "op", "kind", "text", "metrics", "rows", "Text", "", "depth", "seq"])] = _odd(rng)


def _inside(message: dict[str, Any], rng: Random) -> None:
    inner = message.get("rows") or message.get("metrics")
    if isinstance(inner, dict) and inner:
        inner[rng.choice(list(inner))] = _odd(rng)


_BREAKS: Final[tuple[Callable[[dict[str, Any], Random], None], ...]] = (_replace, _remove, _add, _inside)


def _encode(message: dict[str, Any], *, as_json: bool) -> bytes:
    try:
        return json.dumps(message).encode() if as_json else msgspec.msgpack.encode(message)
    except (OverflowError, ValueError, UnicodeEncodeError):
        return json.dumps(message).encode()


def _damage(frame: bytes, rng: Random) -> bytes:
    """Flip, cut, double, or insert bytes."""
    if not frame:
        return frame
    place = rng.randrange(len(frame))
    kind = rng.randrange(4)
    if kind == 0:
        return frame[:place] + bytes([rng.randrange(256)]) + frame[place + 1 :]
    if kind == 1:
        return frame[:place]
    if kind == 2:  # noqa: PLR2004
        return frame + frame[place:]
    return frame[:place] + bytes(rng.randrange(256) for _ in range(rng.randint(1, 8))) + frame[place:]


def oracle(frame: bytes) -> str | None:
    """The id of a message that docs/messaging.md calls valid; None for every other."""
    try:
        message = (
            json.loads(frame.decode("utf-8"), parse_constant=_no_constant)
            if frame[:1].strip() in (b"{", b"")
            else msgspec.msgpack.decode(frame)
        )
    except (ValueError, RecursionError, KairosError, msgspec.DecodeError):
        return None
    if not isinstance(message, dict) or any(not isinstance(key, str) for key in message):
        return None
    if type(message.get("v")) is not int or message["v"] != 1 or message.get("op", "event") != "event":
        return None
    allowed = {"v", "op", "id", "source", "kind", "priority", "at", "text", "metrics", "rows", "wait"}
    checks = (
        not message.keys() - allowed,
        _is_name(message.get("id")),
        _is_name(message.get("source", "client")),
        message.get("priority", "background") in ("realtime", "interactive", "background", "bulk")
        and isinstance(message.get("priority", ""), str),
        _is_time(message.get("at", 0)),
        _payload(message),
    )
    return message["id"] if all(checks) else None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 128 and value.isprintable()  # noqa: PLR2004


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _is_time(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= time.time() + 600


def _payload(message: dict[str, Any]) -> bool:
    kind = message.get("kind", "text")
    fields = {"text": "text", "metric": "metrics", "latent": "rows"}
    if not isinstance(kind, str) or kind not in fields:
        return False
    if any(field in message for other, field in fields.items() if other != kind):
        return False
    value = message.get(fields[kind])
    if kind == "text":
        return isinstance(value, str) and bool(value.strip()) and len(value) <= 16384  # noqa: PLR2004
    if not isinstance(value, dict) or not value:
        return False
    if kind == "metric":
        names = all(isinstance(name, str) and 1 <= len(name) <= 128 for name in value)  # noqa: PLR2004
        return names and len(value) <= 256 and all(_is_number(number) for number in value.values())  # noqa: PLR2004
    return _rows(value)


def _rows(rows: dict[str, Any]) -> bool:
    if rows.get("model") != "fake":
        return False
    shape, data, size = rows.get("shape"), rows.get("data"), {"f16": 2, "bf16": 2, "f32": 4}.get(str(rows.get("dtype")))
    if size is None or not isinstance(rows.get("dtype"), str) or not isinstance(shape, list) or len(shape) != 2:  # noqa: PLR2004
        return False
    if any(type(n) is not int for n in shape) or not 1 <= shape[0] <= 256 or shape[1] != _WIDTH:  # noqa: PLR2004
        return False
    if isinstance(data, str):
        try:
            data = base64.b64decode(data, validate=True)
        except ValueError:
            return False
    if not isinstance(data, bytes) or len(data) != shape[0] * shape[1] * size:
        return False
    high, mask = (3, 2) if size == 4 else (1, 0), 0x7C  # noqa: PLR2004
    if rows["dtype"] == "f16":
        return all(data[i + high[0]] & mask != mask for i in range(0, len(data), size))
    return all(not (data[i + high[0]] & 0x7F == 0x7F and data[i + high[1]] & 0x80) for i in range(0, len(data), size))  # noqa: PLR2004


GATE: Final = Check(kind="gate", name="wire-fuzz", summary="broken messages: one answer each, nothing invalid kept, nothing leaks", run=run)
