"""The ways a snapshot can be wrong, each tried on a real one of a model with ragged and shared layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kairos.errors import SnapshotRefused
from kairos.gates.families import build

MADE_BY: Final = {"weights": "w", "tokenizer": "t", "adapter": "a", "dtype": "float32", "policy": "p", "layers": "l"}
LIVED: Final = ("one", "two", "three")
KEY: Final = b"an instance's key"
Blocks = dict[str, Any]
Header = dict[str, str]


def _byte(_: Header, blocks: Blocks) -> None:
    blocks["2.k"].view(-1)[5] += 1e-6


def _not_a_number(_: Header, blocks: Blocks) -> None:
    blocks["0.v"].view(-1)[0] = float("nan")


def _swap_layers(_: Header, blocks: Blocks) -> None:
    blocks["0.k"], blocks["1.k"] = blocks["1.k"], blocks["0.k"]


def _swap_key_and_value(_: Header, blocks: Blocks) -> None:
    blocks["1.k"], blocks["1.v"] = blocks["1.v"], blocks["1.k"]


def _drop_layer(_: Header, blocks: Blocks) -> None:
    del blocks["3.k"], blocks["3.v"]


def _cut_rows(_: Header, blocks: Blocks) -> None:
    for name in blocks:
        blocks[name] = blocks[name][:, :, :-1].contiguous()


def _manifest(**changes: Any) -> Callable[[Header, Blocks], None]:
    def change(header: Header, _: Blocks) -> None:
        header["manifest"] = json.dumps(json.loads(header["manifest"]) | changes)

    return change


def _bare(header: Header, _: Blocks) -> None:
    header.clear()


_CHANGES: Final[dict[str, Callable[[Header, Blocks], None]]] = {
    "one byte": _byte,
    "NaN": _not_a_number,
    "layers swapped": _swap_layers,
    "keys and values swapped": _swap_key_and_value,
    "a layer missing": _drop_layer,
    "rows missing": _cut_rows,
    "another position": _manifest(pos=19),
    "another history": _manifest(lived=["one"]),
    "another format": _manifest(format=2),
    "no header": _bare,
}


def accepted(folder: Path) -> tuple[int, list[str]]:
    """How many kinds were refused with Ring 1 untouched, and the names of those that were not."""
    from kairos.mind.seam import Session
    from kairos.mind.snapshot import RingFile

    folder.mkdir()
    model = build("gemma4-shared")
    path = folder / "ring1.safetensors"
    session = Session(model, max_positions=200, slack=40)
    for _ in range(8):
        session.prefill([3, 4, 5, 6, 7])
        session.commit()

    def tried(made_by: dict[str, str] | None = None, key: bytes = KEY, lived: tuple[str, ...] = LIVED) -> bool:
        """Whether the file was taken, or refused but not left alone."""
        other = Session(model, max_positions=200, slack=40)
        logits = other.prefill([9, 8, 7])
        other.commit()
        try:
            RingFile(path, key=key, made_by=MADE_BY if made_by is None else made_by).restore(other, lived)
        except SnapshotRefused:
            other.rewind(3)
            other.close()
            return not bool((other.prefill([9, 8, 7]) == logits).all())
        return True

    def write() -> None:
        RingFile(path, key=KEY, made_by=MADE_BY).write(session, session.pos, LIVED)

    outcomes: dict[str, bool] = {}
    for name, change in _CHANGES.items():
        write()
        _rewrite(path, change)
        outcomes[name] = tried()
    write()
    if not tried():
        raise AssertionError("the control, an untouched snapshot, was refused")
    for maker in MADE_BY:
        outcomes[f"another {maker}"] = tried(MADE_BY | {maker: "x"})
    outcomes["another instance's key"] = tried(key=b"x")
    outcomes["a ledger that trimmed"] = tried(lived=LIVED[1:])
    path.write_bytes(path.read_bytes()[:-9])
    outcomes["a cut file"] = tried()
    wrong = [name for name, taken in outcomes.items() if taken]
    return len(outcomes) - len(wrong), wrong


def _rewrite(path: Path, change: Callable[[Header, Blocks], None]) -> None:
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
        names: list[str] = list(file.keys())
        header: Header = dict(file.metadata() or {})
        blocks: Blocks = {name: file.get_tensor(name).clone() for name in names}
    change(header, blocks)
    save_file(blocks, path, metadata=header)
