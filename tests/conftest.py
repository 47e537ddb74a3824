"""What every test shares: a short scratch folder, anyio on the backend a test names, and a tiny random mind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from kairos import act, inbox, ledger
from kairos.database import Database

settings.register_profile("kairos", deadline=None)  # the first example of a test may compile, and no test asserts a time
settings.load_profile("kairos")


@pytest.fixture
def anyio_backend() -> str:
    """Most of the daemon lives on asyncio; a test of the heartbeat asks for trio itself."""
    return "asyncio"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A scratch folder whose path is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="k-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.testing.LogCapture()])
    yield
    structlog.reset_defaults()


@pytest.fixture
async def database(folder: Path) -> AsyncIterator[Database]:
    """An open file with every room's tables."""
    async with Database(folder / "k.db", (inbox.SCHEMA, ledger.SCHEMA, act.SCHEMA)) as opened:
        yield opened


@pytest.fixture(scope="session")
def tiny_model():
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=300, hidden_size=48, intermediate_size=96, num_hidden_layers=3, num_attention_heads=3,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=4096, tie_word_embeddings=True,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory):
    """Byte-level, with the turn marks of ChatML as special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {"<|im_start|>": 0, "<|im_end|>": 1, **{c: i + 2 for i, c in enumerate(alphabet)}}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    path = tmp_path_factory.mktemp("tok") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def encoder(tokenizer_file):
    from tokenizers import Tokenizer

    from kairos.mind.frames import FrameEncoder

    return FrameEncoder(Tokenizer.from_file(str(tokenizer_file)), frame_tokens=64)
