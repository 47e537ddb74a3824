"""From settings to a reflex on a living session: what the daemon, the gates and the benches all open alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer

from kairos.config import MindSettings
from kairos.errors import ModelMissing
from kairos.mind.calibration import Calibration
from kairos.mind.frames import FrameEncoder
from kairos.mind.manifold import Manifold
from kairos.mind.memo import Memo
from kairos.mind.model import load
from kairos.mind.reflex import Reflex
from kairos.mind.seam import Session

_ADAPTER: Final = Path(__file__).parent / "weights" / "reflex.safetensors"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A mind ready to judge, and what it is made of."""

    model: Any
    session: Session
    encoder: FrameEncoder
    reflex: Reflex
    memo: Memo | None
    threshold: float
    calibration: Calibration
    digests: dict[str, str]
    """Of all that a key or a value in Ring 1 depends on."""


def open_reflex(settings: MindSettings, models: Path, actuators: Sequence[str], *, memo: Memo | None = None) -> Opened:
    """Load the model and prefill the policy.

    `models` holds converted models; `memo` takes the place of the settings' own.

    Raises `ModelMissing`, `ModelUnfit`, `RingTooLarge`.
    """
    device = _device(settings.device)
    dtype = dtype_of(settings, device)
    loaded = load(settings.model, models, adapter=adapter_of(settings), dtype=dtype, device=device)
    encoder = FrameEncoder(Tokenizer.from_file(str(loaded.tokenizer_file)), frame_tokens=settings.frame_tokens)
    session = Session(loaded.model, max_positions=settings.max_positions, layers="views" if device == "cpu" else "fixed")
    threshold = loaded.calibration.threshold(settings.sensitivity)
    if memo is None and settings.memo_frames:
        memo = Memo(size=settings.memo_frames, real_s=settings.memo_real_s)
    manifold = Manifold(loaded.model.get_input_embeddings().weight, farthest=settings.latent_distance)
    reflex = Reflex(
        session, encoder, actuators=actuators, threshold=threshold, calibration=loaded.calibration,
        answer_tokens=settings.answer_tokens, dtype=dtype, device=device, memo=memo, of_rules=loaded.of_rules, manifold=manifold,
    )  # fmt: skip
    digests = loaded.digests | {"policy": encoder.digest(actuators), "layers": session.geometry(), "rows": manifold.digest}
    return Opened(
        model=loaded.model,
        session=session,
        encoder=encoder,
        reflex=reflex,
        memo=memo,
        threshold=threshold,
        calibration=loaded.calibration,
        digests=digests,
    )


def use_threads(count: int) -> None:
    """Set torch's threads once per process; 0 is the number of cores, at most 4."""
    import os

    torch.set_num_threads(count or min(4, os.cpu_count() or 1))


def adapter_of(settings: MindSettings) -> Path | None:
    """The adapter's file; None for none. Raises `ModelMissing`."""
    if settings.adapter == "none" or (settings.adapter == "default" and settings.model != "default"):
        return None
    path = _ADAPTER if settings.adapter == "default" else Path(settings.adapter).expanduser()
    if not path.is_file():
        raise ModelMissing(f"the adapter {path}", "check `mind.adapter`, or set it to `none`")
    return path


def dtype_of(settings: MindSettings, device: str) -> torch.dtype:
    """What the settings say, or what this device multiplies natively."""
    if settings.dtype != "auto":
        return getattr(torch, settings.dtype)
    if device != "cpu":
        return torch.bfloat16
    processor = torch.cpu.get_capabilities()
    return torch.bfloat16 if processor.get("avx512_bf16") or processor.get("amx_bf16") else torch.float32


def _device(setting: str) -> str:
    if setting == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return setting
