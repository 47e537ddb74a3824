"""What is loaded, from where, and what is said when it is not there."""

from __future__ import annotations

import pytest
import torch

from kairos.errors import ModelMissing, ModelUnfit
from kairos.mind import adapter, model
from kairos.mind.calibration import Calibration, stated


def test_a_model_that_is_not_there_says_what_was_looked_for_and_how_to_get_it(folder, monkeypatch):
    with pytest.raises(ModelMissing, match=r"looked for .*nowhere"):
        model.find(str(folder / "nowhere"), folder)
    monkeypatch.setattr(model, "DEFAULT_WHEEL", "no_such_wheel")
    with pytest.raises(ModelMissing, match="make mind"):
        model.find("default", folder)


def test_a_hub_name_that_cannot_be_fetched_says_so(folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="model hub"):
        model.find("nobody/no-such-model-anywhere", folder)


def test_a_directory_that_is_no_model_is_refused_by_name(folder):
    with pytest.raises(ModelUnfit, match=r"tokenizer\.json"):
        model.load_base(folder, dtype=torch.float32)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelUnfit, match="cannot be used"):
        model.load_base(folder, dtype=torch.float32)


def test_an_adapter_saved_and_merged_is_what_was_trained(tiny_model, folder):
    import copy

    ids = torch.tensor([[1, 2, 3]])
    trained, merged = copy.deepcopy(tiny_model), copy.deepcopy(tiny_model)
    wrapped = adapter.wrap(trained, rank=2, scale=2.0)
    with torch.no_grad():
        for layer in wrapped.values():
            layer.B.copy_(torch.randn_like(layer.B).bfloat16())
            layer.A.copy_(layer.A.bfloat16())
        wanted = trained(ids).logits
    adapter.save(wrapped, folder / "a.safetensors", metadata=Calibration(2.0, -1.0).header())

    adapter.merge(merged, folder / "a.safetensors")

    with torch.no_grad():
        assert torch.allclose(merged(ids).logits, wanted, atol=1e-3)
    assert stated(adapter.read_metadata(folder / "a.safetensors")) == Calibration(2.0, -1.0)


def test_an_adapter_of_another_model_is_refused_before_a_weight_is_touched(tiny_model, folder):
    import copy

    from transformers import LlamaConfig, LlamaForCausalLM

    other = LlamaForCausalLM(
        LlamaConfig(vocab_size=10, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1, head_dim=16)
    )
    adapter.save(adapter.wrap(other, rank=2, scale=1.0), folder / "a.safetensors", metadata={})
    target = copy.deepcopy(tiny_model)

    with pytest.raises(ModelUnfit, match="does not fit"):
        adapter.merge(target, folder / "a.safetensors")

    for one, two in zip(target.parameters(), tiny_model.parameters(), strict=True):
        assert torch.equal(one, two)
