"""Tiny random models of the families that must move in, with windows small enough to wrap many times."""

from __future__ import annotations

import torch
import transformers as t

_SIZE = {
    "vocab_size": 128, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 4096, "pad_token_id": 0,
}  # fmt: skip
WINDOW = 24

_CONFIGS = {
    "llama": lambda: t.LlamaConfig(**_SIZE),
    "qwen2": lambda: t.Qwen2Config(**{k: v for k, v in _SIZE.items() if k != "head_dim"}),
    "qwen3": lambda: t.Qwen3Config(**_SIZE),
    "qwen3-sliding": lambda: t.Qwen3Config(**_SIZE, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1),
    "mistral-sliding": lambda: t.MistralConfig(**_SIZE, sliding_window=WINDOW),
    "gemma2": lambda: t.Gemma2Config(**_SIZE, sliding_window=WINDOW, query_pre_attn_scalar=16),
    "gemma3": lambda: t.Gemma3TextConfig(**_SIZE, sliding_window=WINDOW, query_pre_attn_scalar=16, sliding_window_pattern=3),
    "phi3": lambda: t.Phi3Config(**{k: v for k, v in _SIZE.items() if k != "head_dim"}, sliding_window=None),
    "phi3-sliding": lambda: t.Phi3Config(**{k: v for k, v in _SIZE.items() if k != "head_dim"}, sliding_window=WINDOW),
}
FAMILIES = tuple(_CONFIGS)
SLIDING = ("qwen3-sliding", "mistral-sliding", "gemma2", "gemma3", "phi3-sliding")


def build(name: str, *, seed: int = 5) -> t.PreTrainedModel:
    """A model of one family, eval mode, float32."""
    torch.manual_seed(seed)
    return t.AutoModelForCausalLM.from_config(_CONFIGS[name]()).eval()
