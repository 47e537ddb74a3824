"""The ring between PortAudio's thread and ours, and devices that are not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)

from kairos.errors import MicrophoneUnavailable  # noqa: E402
from kairos_drivers.microphone import Microphones, Ring  # noqa: E402


@given(size=st.integers(1, 40), moves=st.lists(st.integers(-1, 60), max_size=60))
def test_what_is_read_is_what_was_written_in_order_and_the_rest_is_counted(size, moves):
    ring, next_sample, held, lost = Ring(size), 0, [], 0
    for move in moves:  # -1 reads, n writes n samples
        if move < 0:
            assert ring.read().tolist() == held
            held = []
            continue
        samples = list(range(next_sample, next_sample + move))
        next_sample += move
        ring.write(np.array(samples, np.int16))
        room = size - len(held)
        held += samples[:room]
        lost += len(samples[room:])
    assert ring.lost == lost
    assert ring.read().tolist() == held


def test_a_device_nobody_has_is_an_error_for_people():
    with pytest.raises(MicrophoneUnavailable, match="kairos doctor"):
        Microphones().open("no such device anywhere")
