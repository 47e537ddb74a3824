"""Sound from clients: whole samples in order, a bounded wait, and silence that is no fault."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.api import KairosError
from kairos_plugins.ear.lane import Lane, Lanes


@given(pieces=st.lists(st.lists(st.integers(-32768, 32767), max_size=30), max_size=8), cuts=st.sets(st.integers(0, 7)))
def test_samples_come_out_as_they_went_in(pieces, cuts):
    lane, found = Lane(), []
    for number, piece in enumerate(pieces):
        lane.offer(np.array(piece, "<i2").tobytes())
        if number in cuts:
            found += lane.read(0.0).tolist()
    found += lane.read(0.0).tolist()

    assert found == [sample for piece in pieces for sample in piece]
    assert lane.lost == 0


def test_what_does_not_fit_is_counted_and_what_waits_is_told():
    lane = Lane()

    assert lane.offer(b"\1\0" * 60_000) == 60_000
    assert lane.offer(b"\2\0" * 10_000) == 64_000
    assert lane.lost == 6_000
    assert len(lane.read(0.0)) == 64_000
    assert lane.offer(b"\3\0") == 1


def test_a_client_that_pauses_is_no_device_that_vanished():
    assert len(Lane().read(0.001)) == 0


@pytest.mark.parametrize("pcm", [b"odd", None, 7, [1, 2]])
def test_anything_but_whole_samples_is_refused(pcm):
    with pytest.raises(KairosError, match="16-bit little-endian"):
        Lane().offer(pcm)


def test_closing_forgets_what_waits():
    lane = Lane()
    lane.offer(b"\1\0" * 100)
    Lanes(lane).open("whatever").close()

    assert len(lane.read(0.0)) == 0
