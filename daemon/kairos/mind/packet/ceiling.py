"""What k rows can carry at best: rows of each event found by gradient, no encoder between; and one packet for all events.

Both are mixtures of the vocabulary, begun from the event's own words, spread evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, kl_div

from kairos.mind.packet.teacher import Answered, Teacher, Told

_WORDS_WEIGHT: Final = 0.5
_BEGIN: Final = 14.0
_RATE: Final = 0.3


def distance(found: Answered, wanted: Answered, teacher: Teacher) -> Tensor:
    """How far what was answered lies from what should be: the verdict's cross-entropy, and Kullback and Leibler's of the words."""
    marks = teacher.encoder.action_id, teacher.encoder.no_op_id
    verdict = binary_cross_entropy_with_logits(found.margins(*marks).float(), wanted.margins(*marks).float().sigmoid())
    words = ~found.first
    if not bool(words.any()):
        return verdict
    told, due = (one.logits[words].float().log_softmax(-1) for one in (found, wanted))
    return verdict + _WORDS_WEIGHT * kl_div(told, due, log_target=True, reduction="batchmean")


def spread(one: Told, k: int) -> list[int]:
    """`k` of an event's words, as far from each other as can be."""
    return [one.event[row * len(one.event) // k] for row in range(k)]


def best(teacher: Teacher, events: Sequence[Told], k: int, *, steps: int, static: bool = False) -> list[Tensor]:
    """Packets [k, H], each the best for its event; with `static` one and the same for all of them."""
    with torch.no_grad():
        wanted = teacher.answered(events)
    logits = torch.zeros(len(events), k, teacher.table.shape[0], device=teacher.device)
    for number, one in enumerate(events):
        logits[number, torch.arange(k), spread(one, k)] = _BEGIN
    logits = (logits.mean(0, keepdim=True) if static else logits).requires_grad_()
    optimiser, table = torch.optim.Adam([logits], lr=_RATE), teacher.table.float()
    for _ in range(steps):
        packets = (logits.softmax(-1) @ table).expand(len(events), k, -1)
        loss = distance(teacher.answered(events, list(packets)), wanted, teacher)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return list((logits.detach().softmax(-1) @ table).expand(len(events), k, -1))
