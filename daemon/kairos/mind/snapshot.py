"""Ring 1 on disk, so that a restart is warm: one safetensors file, bound to everything that made it.

K and V are worth nothing beside another model, adapter, policy or geometry, and such a mismatch gives
no error, only wrong verdicts. So the file's header names all of them, carries a checksum of every
block and a keyed seal (HMAC-SHA256) over the whole of it, and whatever differs is refused by name:
then Ring 1 is lived again from the ledger, as if there were no snapshot.

Written whole, then renamed: a kill leaves the old file or the new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from kairos.errors import SnapshotRefused, StoreUnavailable
from kairos.events import Frame
from kairos.mind.sealed import fits, keep, seal
from kairos.mind.seam import Session

FORMAT: Final = 1
_LABEL: Final = "ring1"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the blocks are, and what they are worth beside."""

    format: int
    made_by: dict[str, str]
    """Digests of all that a key or a value depends on."""
    pos: int
    lived: tuple[str, ...]
    """`fingerprint` of each retained frame, oldest first."""
    blocks: dict[str, str]
    """blake2b of each tensor's bytes."""


def fingerprint(frame: Frame, answer: str) -> str:
    """One retained frame and its answer, as 32 hex characters."""
    return hashlib.blake2b(msgspec.msgpack.encode((frame, answer)), digest_size=16).hexdigest()


def checksum(block: Tensor) -> str:
    """blake2b of a tensor's shape, type and bytes."""
    state = hashlib.blake2b(f"{tuple(block.shape)} {block.dtype}".encode(), digest_size=16)
    state.update(block.contiguous().view(torch.uint8).numpy().data)
    return state.hexdigest()


class RingFile:
    """The snapshot of one instance."""

    def __init__(self, path: Path, *, key: bytes, made_by: Mapping[str, str]) -> None:
        """`key` seals the header; `made_by` are the digests of what lives now."""
        self._path = path
        self._key = key
        self._made_by = dict(made_by)
        self._written: tuple[str, ...] | None = None

    def write(self, session: Session, pos: int, lived: Sequence[str]) -> bool:
        """Write Ring 1 as it stands at `pos`; False if the file holds it already. Raises `StoreUnavailable`."""
        if self._written == tuple(lived):
            return False
        blocks = session.snapshot(pos)
        manifest = Manifest(
            format=FORMAT, made_by=self._made_by, pos=pos, lived=tuple(lived),
            blocks={name: checksum(block) for name, block in blocks.items()},
        )  # fmt: skip
        header = msgspec.json.encode(manifest, order="sorted").decode()
        scratch = self._path.with_suffix(".part")
        try:
            save_file(blocks, scratch, metadata={"manifest": header, "seal": seal(self._key, _LABEL, header.encode())})
            keep(scratch, self._path)
        except (OSError, SafetensorError) as error:
            raise StoreUnavailable(self._path, str(error)) from error
        self._written = manifest.lived
        return True

    def restore(self, session: Session, lived: Sequence[str]) -> int:
        """Put the snapshot into `session`; returns how many of `lived` it holds, 0 if there is none.

        Raises `SnapshotRefused`, and then `session` is as it was.
        """
        if not self._path.exists():
            return 0
        try:
            with safe_open(self._path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
                manifest = self._read(dict(file.metadata() or {}))
                self._check(manifest, lived)
                names: list[str] = sorted(file.keys())
                blocks: dict[str, Tensor] = {name: file.get_tensor(name) for name in names}
        except (OSError, SafetensorError) as error:
            raise SnapshotRefused(self._path, f"it cannot be read ({error})") from error
        found = {name: checksum(block) for name, block in blocks.items()}
        if found != manifest.blocks:
            wrong = sorted(name for name in found.keys() | manifest.blocks.keys() if found.get(name) != manifest.blocks.get(name))
            raise SnapshotRefused(self._path, f"block {wrong[0]} is not what was written")
        problem = session.restore(manifest.pos, blocks)
        if problem:
            raise SnapshotRefused(self._path, problem)
        self._written = manifest.lived
        return len(manifest.lived)

    def _read(self, metadata: dict[str, Any]) -> Manifest:
        header = str(metadata.get("manifest", ""))
        if not fits(str(metadata.get("seal", "")), self._key, _LABEL, header.encode()):
            raise SnapshotRefused(self._path, "its seal does not fit: it was changed, or another instance wrote it")
        try:
            return msgspec.json.decode(header, type=Manifest)
        except msgspec.DecodeError as error:
            raise SnapshotRefused(self._path, f"its header cannot be read ({error})") from error

    def _check(self, manifest: Manifest, lived: Sequence[str]) -> None:
        if manifest.format != FORMAT:
            raise SnapshotRefused(self._path, f"it has format {manifest.format}, this is {FORMAT}")
        for name in sorted(self._made_by.keys() | manifest.made_by.keys()):
            if self._made_by.get(name) != manifest.made_by.get(name):
                raise SnapshotRefused(self._path, f"it was made with another {name}")
        if tuple(lived[: len(manifest.lived)]) != manifest.lived:
            raise SnapshotRefused(self._path, "the ledger retains other frames (Ring 1 was trimmed since, or the ledger moved)")
