"""A step of training leaves gradients everywhere, none of them one event's doing; its events are of both kinds, and short enough."""

from __future__ import annotations

from random import Random

import pytest
import torch

from kairos.mind.calibration import Calibration
from kairos.mind.packet import train
from kairos.mind.packet.codec import LONGEST, Codec
from kairos.mind.packet.teacher import Teacher
from kairos.mind.packet.train import ACTUATORS, SIZES, Reader, asked, drawn


@pytest.fixture
def stage(tiny_model, encoder):
    torch.manual_seed(3)
    teacher = Teacher(tiny_model, encoder, actuators=ACTUATORS, calibration=Calibration())
    width = teacher.table.shape[1]
    return teacher, Codec(width, len(teacher.depths)), Reader(width), drawn(encoder, 1, 6, "train")


def test_events_are_of_both_kinds_by_turns_and_not_too_long(encoder):
    events = drawn(encoder, 1, 8, "train", shortest=5)

    assert [bool(event.answer) for event in events] == [False, True] * 4
    assert all(5 <= len(event.event) <= LONGEST for event in events)
    assert events == drawn(encoder, 1, 8, "train", shortest=5)
    assert events != drawn(encoder, 1, 8, "test", shortest=5)


def test_an_event_is_asked_for_in_fewer_rows_than_its_own(encoder):
    dice, events = Random(1), drawn(encoder, 1, 40, "train")

    sizes = [(asked(one, dice), len(one.event)) for one in events for _ in range(10)]

    assert all(1 <= k < max(2, n) for k, n in sizes)
    assert {k for k, _ in sizes} > set(SIZES[:-1])


def test_a_step_teaches_every_weight(stage):
    teacher, codec, reader, events = stage

    losses = train._step(teacher, codec, reader, events, [4] * 6, teacher.table.float())

    assert all(bool(loss.isfinite()) for loss in losses)
    assert all(weight.grad is not None and bool(weight.grad.isfinite().all()) for weight in [*codec.parameters(), *reader.parameters()])
    assert float(codec.enter.weight.grad.norm()) > 0


def test_no_event_counts_for_more_than_the_middle_one(stage, monkeypatch):
    teacher, codec, reader, events = stage
    scales = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 1e6])

    def spiky(found, wanted, teacher):
        margins = found.margins(teacher.encoder.action_id, teacher.encoder.no_op_id)
        return (margins * scales).sum()

    def pulled(factor):
        codec.zero_grad()
        scales[-1] = factor
        train._step(teacher, codec, reader, events, [4] * 6, teacher.table.float())
        return codec.leave.weight.grad.clone()

    monkeypatch.setattr(train, "distance", spiky)
    monkeypatch.setattr(train, "_READ_WEIGHT", 0.0)

    assert torch.allclose(pulled(1e6), pulled(1e7), rtol=1e-3, atol=1e-9)
