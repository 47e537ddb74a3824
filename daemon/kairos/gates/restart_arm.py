"""One arm of `gate restart`, as a process of its own: live, restore, judge, write down the logits."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from kairos.judging.minds import default_mind
from kairos.mind.corpus.generate import actions, examples
from kairos.mind.opened import Opened
from kairos.mind.snapshot import RingFile

_KEY: Final = b"gate restart"


def judged(opened: Opened, frames: int, seed: int) -> dict[str, Any]:
    """Logits [frames, V] and verdicts [frames] at the anchor."""
    encoder, session, anchor = opened.encoder, opened.session, opened.reflex.anchor
    rows: list[Any] = []
    for example in itertools.islice(examples(seed + 1), frames):
        rows.append(session.prefill(encoder.frame(example.frame)).float().clone())
        session.rewind(anchor)
    logits = torch.stack(rows)
    return {"logits": logits, "verdicts": logits[:, encoder.action_id] - logits[:, encoder.no_op_id] > opened.threshold}


def main(arm: str, folder: Path, frames: int, retained: int, seed: int) -> None:
    """`lived` lives and writes the snapshot, and is judged again from it (`same`); `warm` restores it; `cold` lives it all."""
    opened = default_mind(dtype="float32")
    file = RingFile(folder / "ring1.safetensors", key=_KEY, made_by=opened.digests)
    lived = actions(seed, retained)
    warm = opened.reflex.restore(lived, file if arm == "warm" else None)
    assert warm == (retained if arm == "warm" else 0)
    save_file(judged(opened, frames, seed), folder / f"{arm}.safetensors")
    if arm == "lived":
        opened.reflex.save(file)
        again = opened.reflex.restore(lived, RingFile(folder / "ring1.safetensors", key=_KEY, made_by=opened.digests))
        assert again == retained
        save_file(judged(opened, frames, seed), folder / "same.safetensors")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6]))
