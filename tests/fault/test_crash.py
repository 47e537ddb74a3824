"""kill -9 at each named place, once each; the gate does it two hundred times and cuts the power too."""

from __future__ import annotations

import pytest

from kairos.faults import FAILPOINTS
from kairos.gates.inbox_crash import _kill_trial
from kairos.gates.power import Op, disk


@pytest.mark.parametrize("name", FAILPOINTS)
def test_nothing_is_lost_or_done_twice_when_killed_at(name):
    found = _kill_trial(f"{name}:2")

    assert found["killed"] == 1
    assert {key: found[key] for key in ("lost", "duplicated", "twice", "chain_broken")} == dict.fromkeys(
        ("lost", "duplicated", "twice", "chain_broken"), 0
    )


def _ops(*rows):
    return [Op(kind, float(i), "f", offset, data) for i, (kind, offset, data) in enumerate(rows)]


def test_a_power_cut_keeps_what_was_synced_and_any_part_of_the_rest():
    from random import Random

    ops = _ops(("w", 0, b"a" * 512), ("s", 0, b""), ("w", 0, b"b" * 512), ("w", 512, b"c" * 512))
    seen = {disk(ops, 4, Random(n))["f"] for n in range(60)}

    assert seen == {b"a" * 512, b"b" * 512, b"a" * 512 + b"c" * 512, b"b" * 512 + b"c" * 512}


def test_a_cut_before_a_sync_promises_nothing():
    from random import Random

    ops = _ops(("w", 0, b"a" * 512), ("s", 0, b""))

    assert {disk(ops, 1, Random(n)).get("f", b"") for n in range(20)} == {b"", b"a" * 512}
