"""Many events at once are judged as the daemon judges each by itself, and rows in their place lead where gradient says."""

from __future__ import annotations

import copy

import pytest
import torch

from kairos.events import Frame
from kairos.mind.calibration import Calibration
from kairos.mind.corpus.generate import Example
from kairos.mind.packet.ceiling import best, distance
from kairos.mind.packet.teacher import Teacher, told
from kairos.mind.reflex import Reflex
from kairos.mind.seam import Session

ACTUATORS = ("log", "notify")
LINES = (
    ("the disk is full", "log The disk is full."),
    ("all is well", None),
    ("a door stands open at night", "notify A door stands open."),
)


@pytest.fixture
def teacher(tiny_model, encoder):
    return Teacher(tiny_model, encoder, actuators=ACTUATORS, calibration=Calibration())


@pytest.fixture
def events(encoder):
    made = [Example(frame=Frame(kind="text", source="s", text=text), answer=answer, domain="d", style="s") for text, answer in LINES]
    return [told(encoder, example, longest=64) for example in made]


def test_margins_are_the_reflexs_own(tiny_model, encoder, teacher, events):
    reflex = Reflex(
        Session(tiny_model, max_positions=2000), encoder, actuators=ACTUATORS, threshold=0.0, calibration=Calibration(),
        answer_tokens=8, dtype=torch.float32, device="cpu",
    )  # fmt: skip
    alone = [reflex.margin(Frame(kind="text", source="s", text=text)) for text, _ in LINES]

    together = teacher.answered(events).margins(encoder.action_id, encoder.no_op_id).tolist()

    assert together == pytest.approx(alone, abs=1e-4)


def test_an_events_own_rows_in_its_place_change_nothing(teacher, events):
    (one,) = events[:1]
    read = teacher.read([one])

    assert bool(read.valid.all())
    assert torch.allclose(teacher.answered([one], list(read.rows)).logits, teacher.answered([one]).logits, atol=1e-4)


def test_states_are_those_of_the_events_own_places(teacher, events):
    together = teacher.read(events)
    alone = teacher.read(events[1:2])
    length = len(events[1].event)

    assert together.states.shape[2] == len(teacher.depths)
    assert together.valid[1].sum() == length
    assert torch.allclose(together.states[1, :length], alone.states[0], atol=1e-4)


def test_words_are_asked_for_where_something_is_answered(teacher, events):
    found = teacher.answered(events)

    assert int(found.first.sum()) == 3
    assert len(found.due) == 1 + sum(max(1, len(one.answer)) for one in events) - 1
    assert found.likelihood(3)[1] == 0.0
    assert bool((found.likelihood(3)[[0, 2]] < 0).all())


def test_gradient_brings_packets_nearer_to_what_is_wanted(tiny_model, encoder, events):
    loud = copy.deepcopy(tiny_model)
    with torch.no_grad():
        for weight in loud.parameters():
            weight.mul_(6.0)  # a random model is of no opinion
    teacher = Teacher(loud, encoder, actuators=ACTUATORS, calibration=Calibration())
    wanted = teacher.answered(events)
    begun, found = (
        distance(teacher.answered(events, list(best(teacher, events, 2, steps=steps))), wanted, teacher).item() for steps in (0, 20)
    )

    assert found < begun


def test_the_one_packet_for_all_is_the_same_for_each(teacher, events):
    packets = best(teacher, events, 2, steps=1, static=True)

    assert torch.equal(packets[0], packets[2])


@pytest.mark.parametrize(("frame", "longest"), [(Frame.idle(), 64), (Frame(kind="text", source="s", text="a long line of words"), 2)])
def test_what_is_no_text_or_too_long_is_left_out(encoder, frame, longest):
    assert told(encoder, Example(frame=frame, answer=None, domain="d", style="s"), longest=longest) is None
