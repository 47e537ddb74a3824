"""The null gates' cores: one life of each family, and a control that must be caught."""

from __future__ import annotations

from random import Random

import pytest
import torch

from kairos.gates.families import FAMILIES, build
from kairos.gates.inject_null import compare
from kairos.gates.rewind_null import LAYERS, differences, sequence
from kairos.mind.seam import Session


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_one_life_of_each_family_leaves_no_trace(family, layers):
    found = sequence(build(family), Random(8), layers)

    assert min(found["chunks"], found["trims"], found["rewinds"]) > 0
    assert (found["byte_diffs"], found["logit_diffs"]) == (0, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_are_their_ids_in_bfloat16_too(family):
    _, found = compare(build(family, bfloat16=True), Random(4))

    assert found["byte_diffs"] == 0


def test_a_single_changed_byte_is_caught():
    one, two = (Session(build("gemma3"), max_positions=100, slack=40) for _ in range(2))
    for session in (one, two):
        session.prefill([5, 6, 7])
    with torch.inference_mode():
        two._cache.rings[1].values[0, 0, 1, 0] += 1e-6

    assert differences(one, two) == 1
