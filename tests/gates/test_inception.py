"""A context's own rows set into it change nothing; another's do, and only theirs."""

from __future__ import annotations

import pytest

from kairos.gates.inception import _Stage
from kairos.mind.seam import Session


@pytest.fixture
def stage(tiny_model, encoder):
    return _Stage(Session(tiny_model, max_positions=2000), encoder)


def test_its_own_rows_set_into_it_go_on_byte_for_byte(stage):
    assert stage.unchanged(stage.scene("Write a line."))


def test_another_contexts_rows_take_the_notes_place_and_no_other(stage):
    scene = stage.scene("Write a line.")
    spliced = stage.spliced(scene, "ocean")
    begin, end = len(stage._open), len(stage._open) + stage.rows

    for name, block in spliced.items():
        differs = (block != scene.blocks[name]).any(-1).any(1)[0]
        assert not bool(differs[:begin].any())
        assert not bool(differs[end:].any())
    assert bool((spliced["0.k"] != scene.blocks["0.k"]).any())


def test_a_splice_moves_what_is_heard(stage):
    scene = stage.scene("Write a line.")

    before, after = (stage.heard(blocks, scene, ("ocean", "bread")) for blocks in (scene.blocks, stage.spliced(scene, "ocean")))

    assert before != after
    assert all(rank >= 1 for rank in before.ranks)


def test_what_is_said_behind_a_note_as_text_is_no_strain_there(stage):
    scene = stage.scene("Write a line.")
    note = "Remember the sea."
    said = stage.say(stage._lived(scene.tail, note), scene)

    assert stage.strain(scene, said, note=note) == pytest.approx(1.0)
    assert stage.strain(scene, said[::-1], note=note) > 0
