"""Disks a power cut could have left: rebuilt from a record of writes and syncs.

Up to the moment of the cut, what was synced is there; of what was written after a file's last sync,
any subset of 512-byte sectors may be. Each state draws one such subset. (Model as in SQLite's crash
tests and ALICE, OSDI '14; directory entries are taken as durable once their file was synced.)
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from random import Random
from typing import Final

_HEAD: Final = struct.Struct("<cQQII")
_SECTOR: Final = 512


@dataclass(frozen=True)
class Op:
    """One recorded call."""

    kind: str
    at: float
    """CLOCK_MONOTONIC seconds."""
    path: str
    offset: int
    data: bytes


def build(target: Path) -> Path | None:
    """The recorder as a shared library, or None where there is no C compiler."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    source = target / "recorder.c"
    source.write_bytes((resources.files("kairos.gates") / "recorder.c").read_bytes())
    library = target / "recorder.so"
    argv = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl", "-lpthread"]
    done = subprocess.run(argv, capture_output=True, check=False)
    return library if done.returncode == 0 else None


def read(log: Path) -> list[Op]:
    """Every whole record of a log; a torn last one is left out."""
    raw, place, ops = log.read_bytes(), 0, list[Op]()
    while place + _HEAD.size <= len(raw):
        kind, ns, offset, path_length, count = _HEAD.unpack_from(raw, place)
        place += _HEAD.size
        if place + path_length + count > len(raw):
            break
        path = raw[place : place + path_length].decode()
        data = raw[place + path_length : place + path_length + count]
        place += path_length + count
        ops.append(Op(kind.decode(), ns / 1e9, path, offset, data))
    return ops


def disk(ops: list[Op], until: int, rng: Random) -> dict[str, bytes]:
    """The files after a power cut behind the first `until` operations."""
    synced: dict[str, bytearray] = {}
    pending: dict[str, list[Op]] = {}
    for op in ops[:until]:
        if op.kind == "u":
            synced.pop(op.path, None)
            pending.pop(op.path, None)
        elif op.kind == "s":
            if op.path not in pending:
                continue  # nothing new, or a directory
            content = synced.setdefault(op.path, bytearray())
            for late in pending.pop(op.path, []):
                _apply(content, late.kind, late.offset, late.data)
        else:
            pending.setdefault(op.path, []).append(op)
    for path, late_ops in pending.items():
        content = synced.setdefault(path, bytearray())
        for kind, offset, data in _survivors(late_ops, rng):
            _apply(content, kind, offset, data)
    return {path: bytes(content) for path, content in synced.items()}


def _survivors(ops: list[Op], rng: Random) -> Iterator[tuple[str, int, bytes]]:
    """Of unsynced writes: nothing, everything, or any subset of sectors."""
    mode = rng.randrange(3)
    for op in ops:
        if op.kind == "t":
            if mode == 1:
                yield "t", op.offset, b""
            continue
        for start in range(0, len(op.data), _SECTOR):
            if mode == 1 or (mode == 2 and rng.random() < 0.5):  # noqa: PLR2004
                yield "w", op.offset + start, op.data[start : start + _SECTOR]


def _apply(content: bytearray, kind: str, offset: int, data: bytes) -> None:
    if kind == "t":
        del content[offset:]
        content.extend(bytes(max(0, offset - len(content))))
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def lay_out(files: dict[str, bytes], *, was: Path, to: Path) -> None:
    """Write `files`, recorded under `was`, below `to`."""
    for path, content in files.items():
        place = to / Path(path).relative_to(was)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
