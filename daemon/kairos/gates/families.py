"""Tiny random models of the families that must move in, with windows small enough to wrap many times.

Random weights are enough here: what is checked is whether a cache gives back what was put in.
"""

from __future__ import annotations

from typing import Any, Final

WINDOW: Final = 24
VOCABULARY: Final = 128
_SIZE: Final[dict[str, Any]] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 4096,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
_NO_HEAD_DIM: Final = {key: value for key, value in _SIZE.items() if key != "head_dim"}

_MIXED: Final = ["sliding_attention", "sliding_attention", "full_attention"]
_GEMMA4: Final = {**_SIZE, "sliding_window": WINDOW, "num_hidden_layers": 6, "layer_types": 2 * _MIXED, "hidden_size_per_layer_input": 0}
_PER_LAYER: Final = {"vocab_size_per_layer_input": VOCABULARY, "hidden_size_per_layer_input": 8, "num_kv_shared_layers": 2}

_FAMILIES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "llama": ("LlamaConfig", _SIZE),
    "qwen2": ("Qwen2Config", _NO_HEAD_DIM),
    "qwen3": ("Qwen3Config", _SIZE),
    "qwen3-sliding": ("Qwen3Config", {**_SIZE, "use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}),
    "mistral-sliding": ("MistralConfig", {**_SIZE, "sliding_window": WINDOW}),
    "gemma2": ("Gemma2Config", {**_SIZE, "sliding_window": WINDOW, "query_pre_attn_scalar": 16}),
    "gemma3": ("Gemma3TextConfig", {**_SIZE, "sliding_window": WINDOW, "query_pre_attn_scalar": 16, "sliding_window_pattern": 3}),
    "gemma3n": ("Gemma3nTextConfig", {**_GEMMA4, **_PER_LAYER, "altup_num_inputs": 2, "laurel_rank": 4}),
    "gemma4": ("Gemma4TextConfig", _GEMMA4),
    "gemma4-shared": ("Gemma4TextConfig", {**_GEMMA4, **_PER_LAYER}),
    "phi3": ("Phi3Config", {**_NO_HEAD_DIM, "sliding_window": None}),
    "phi3-sliding": ("Phi3Config", {**_NO_HEAD_DIM, "sliding_window": WINDOW}),
}
FAMILIES: Final = tuple(_FAMILIES)
SLIDING: Final = tuple(name for name, (_, fields) in _FAMILIES.items() if fields.get("sliding_window"))


def build(name: str, *, seed: int = 5, bfloat16: bool = False, layers: int | None = None) -> Any:
    """A model of one family, eval mode, on the processor, prepared as the daemon prepares its own."""
    import torch
    import transformers

    from kairos.mind.model import prepare

    torch.manual_seed(seed)
    kind, fields = _FAMILIES[name]
    if layers is not None:
        fields = {**fields, "num_hidden_layers": layers, "sliding_window_pattern": layers}
    model: Any = transformers.AutoModelForCausalLM.from_config(getattr(transformers, kind)(**fields)).eval()
    model = model.to(torch.bfloat16) if bfloat16 else model
    prepare(model)
    return model
