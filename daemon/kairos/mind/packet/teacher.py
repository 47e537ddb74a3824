"""The mind as it judges, many events at once and with gradients to the rows it is fed; its own weights are frozen.

What stands around the rows is the frame a daemon would feed, behind the same policy, so what is learned here holds there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache

from kairos.config import MindSettings, places
from kairos.mind import adapter
from kairos.mind.calibration import Calibration, stated
from kairos.mind.corpus.generate import Example
from kairos.mind.frames import FrameEncoder
from kairos.mind.model import find, load_base, quiet_transformers
from kairos.mind.opened import adapter_of
from kairos.mind.packet.codec import Read


class Told(NamedTuple):
    """An event as ids: what stands before its rows, they themselves, what stands after, and what is answered if it is an ACTION."""

    before: tuple[int, ...]
    event: tuple[int, ...]
    after: tuple[int, ...]
    answer: tuple[int, ...]
    """Empty for NO_OP."""


class Answered(NamedTuple):
    """Logits at what was asked: [M, V], of which event [M], whether it is the verdict's place [M], and the token due there [M].

    Beside them the `states` of everything that was read, [B, T, H] at each of D depths.
    """

    logits: Tensor
    owner: Tensor
    first: Tensor
    due: Tensor
    states: tuple[Tensor, ...]

    def margins(self, action: int, no_op: int) -> Tensor:
        """[B] logit(ACTION) - logit(NO_OP)."""
        found = self.logits[self.first]
        return found[:, action] - found[:, no_op]

    def likelihood(self, count: int) -> Tensor:
        """[B] mean log-probability of the answers' words behind the verdict."""
        words = ~self.first
        logs = self.logits[words].float().log_softmax(-1).gather(1, self.due[words, None])[:, 0]
        zero = torch.zeros(count, device=logs.device)
        return zero.index_add(0, self.owner[words], logs) / zero.index_add(0, self.owner[words], torch.ones_like(logs)).clamp_min(1)


class Teacher:
    """One model behind one policy."""

    def __init__(self, model: Any, encoder: FrameEncoder, *, actuators: Sequence[str], calibration: Calibration) -> None:
        self._model = model.requires_grad_(False)
        self.encoder = encoder
        self.threshold = calibration.threshold(MindSettings().sensitivity)
        self.table: Tensor = model.get_input_embeddings().weight
        with torch.no_grad():
            cache = model.model(input_ids=torch.tensor([encoder.policy(actuators)], device=model.device), use_cache=True).past_key_values
        self._prefix = [(layer.keys, layer.values) for layer in cache.layers]

    @classmethod
    def shipped(cls, actuators: Sequence[str]) -> Self:
        """The default mind, in bfloat16: on a processor of today as on a GPU twice as fast. Raises `ModelMissing`."""
        quiet_transformers()
        settings, device = MindSettings(), "cuda" if torch.cuda.is_available() else "cpu"
        model, tokenizer = load_base(find("default", places().models), dtype=torch.bfloat16)
        correction = adapter_of(settings)
        calibration = Calibration()
        if isinstance(correction, Path):
            adapter.merge(model, correction)
            calibration = stated(adapter.read_metadata(correction))
        encoder = FrameEncoder(Tokenizer.from_file(str(tokenizer)), frame_tokens=settings.frame_tokens)
        return cls(model.to(device), encoder, actuators=actuators, calibration=calibration)

    @property
    def device(self) -> torch.device:
        """Where it lives."""
        return self.table.device

    @property
    def depths(self) -> tuple[int, ...]:
        """After which layers the `states` are kept: a third of them, two thirds, all."""
        layers = self._model.config.num_hidden_layers
        return layers // 3, 2 * layers // 3, layers

    def read(self, told: Sequence[Told], answered: Answered | None = None) -> Read:
        """Events as they are read whole, or were when they were `answered`."""
        answered = answered or self.answered(told)
        longest = max(len(one.event) for one in told)
        ids = torch.tensor([[*one.event, *[0] * (longest - len(one.event))] for one in told], device=self.device)
        lengths = torch.tensor([len(one.event) for one in told], device=self.device)
        place = torch.arange(longest, device=self.device)
        valid = place < lengths[:, None]
        begin = torch.tensor([len(one.before) for one in told], device=self.device)
        number = torch.arange(len(told), device=self.device)[:, None]
        there = (begin[:, None] + place).clamp_max(answered.states[0].shape[1] - 1)
        states = torch.stack([layer[number, there] for layer in answered.states], dim=2)
        return Read(self.table[ids].float(), states.float(), valid)

    def answered(
        self, told: Sequence[Told], rows: Sequence[Tensor] | None = None, *, answers: Sequence[Sequence[int]] | None = None
    ) -> Answered:
        """What it makes of events, or of `rows` in the place of theirs, each [k, H], told the `answers` it should give."""
        given = [one.answer for one in told] if answers is None else answers
        bodies = [one.event for one in told] if rows is None else [(0,) * len(one) for one in rows]
        ids, spots, asked = list[Tensor](), list[Tensor](), list[tuple[int, int, bool, int]]()
        for number, (one, body, answer) in enumerate(zip(told, bodies, given, strict=True)):
            parts = (one.before, body, one.after, tuple(answer[:-1]))
            ids.append(torch.tensor([token for part in parts for token in part]))
            spots.append(torch.repeat_interleave(torch.tensor([0, 1, 0, 0]), torch.tensor([len(part) for part in parts])))
            begin = sum(map(len, parts[:3])) - 1
            asked.append((number, begin, True, answer[0] if answer else 0))
            asked += [(number, begin + place, False, token) for place, token in enumerate(answer[1:], 1)]
        inputs = self.table[pad_sequence(ids, batch_first=True).to(self.device)]
        if rows is not None:
            mask = pad_sequence(spots, batch_first=True).bool().to(self.device)
            inputs = inputs.masked_scatter(mask[..., None], torch.cat(list(rows)).to(self.table.dtype))
        owner, place, first, due = torch.tensor(asked, device=self.device).T
        last, states = self._states(inputs, [len(one) for one in ids])
        return Answered(self._model.lm_head(last[owner, place]), owner, first.bool(), due, states)

    def _states(self, inputs: Tensor, lengths: Sequence[int]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Last hidden states [B, T, H] of `inputs` [B, T, H], each so long, behind the policy; and those at all `depths`."""
        count, held = len(inputs), self._prefix[0][0].shape[2]
        cache = DynamicCache()
        for number, (keys, values) in enumerate(self._prefix):
            cache.update(keys.expand(count, -1, -1, -1), values.expand(count, -1, -1, -1), number)
        places = torch.arange(held + inputs.shape[1], device=self.device)
        valid = places < held + torch.tensor(lengths, device=self.device)[:, None]
        out = self._model.model(
            inputs_embeds=inputs,
            past_key_values=cache,
            attention_mask=valid.long(),
            position_ids=places[held:].expand(count, -1),
            use_cache=True,
            output_hidden_states=True,
        )
        return out.last_hidden_state, tuple(out.hidden_states[depth] for depth in self.depths)


def told(encoder: FrameEncoder, example: Example, *, longest: int) -> Told | None:
    """An example as ids; None for what is no text, or too long."""
    if example.frame.kind != "text":
        return None
    before, after = encoder.around_rows(example.frame)
    event = encoder.encode(f" {example.frame.text}")
    if not 0 < len(event) <= longest:
        return None
    return Told(tuple(before), tuple(event), tuple(after), () if example.answer is None else tuple(encoder.answer(example.answer)))
