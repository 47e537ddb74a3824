"""The fuzzer's core on a living daemon, and its oracle against messages whose worth is known."""

from __future__ import annotations

import json
from random import Random

import msgspec
import pytest

from kairos.checks import Trial
from kairos.gates.wire_fuzz import _fuzz, oracle
from kairos.judging.living import fake_daemon


def test_a_thousand_broken_messages_get_one_answer_each_and_nothing_invalid_is_kept(folder):
    living = fake_daemon(folder)
    living.start()
    try:
        figures = _fuzz(living, 1000, Random(5), Trial())
    finally:
        living.stop()

    assert figures["acks"] > 50
    assert figures["errors"] > 300
    assert {name: figures[name] for name in ("crashes", "accepted_invalid", "unanswered", "refused_valid")} == {
        "crashes": 0, "accepted_invalid": 0, "unanswered": 0, "refused_valid": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "valid"),
    [
        ({"v": 1, "id": "a", "text": "x"}, True),
        ({"v": True, "id": "a", "text": "x"}, False),
        ({"v": 1, "id": "a", "text": "x", "colour": 1}, False),
        ({"v": 1, "id": "a", "kind": "metric", "metrics": {"t": 1}}, True),
        ({"v": 1, "id": "a", "kind": "metric", "metrics": {"t": True}}, False),
        ({"v": 1, "id": "a", "op": "status"}, False),
    ],
)
def test_the_oracle_knows_good_from_bad_in_both_encodings(message, valid):
    for frame in (json.dumps(message).encode(), msgspec.msgpack.encode(message)):
        assert (oracle(frame) == "a") == valid
