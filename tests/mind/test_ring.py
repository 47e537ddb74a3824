"""The arithmetic of a sliding ring against the plainest model there is: a list of what was written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairos.errors import FrameTooLong, RewindError
from kairos.mind.ring import WindowRing

_steps = st.lists(st.tuples(st.sampled_from(["feed", "rewind"]), st.integers(0, 12)), max_size=60)


@given(window=st.integers(2, 9), slack=st.integers(1, 9), steps=_steps)
@settings(max_examples=300, deadline=None)
def test_every_run_is_contiguous_whole_and_in_order_after_any_feeds_and_rewinds(window, slack, steps):
    ring, buffer, history, serial = WindowRing(window=window, slack=slack), {}, [], 0
    for what, count in steps:
        if what == "feed" and 1 <= count <= slack:
            chunk = list(range(serial, serial + count))
            serial += count
            first, end = ring.run(count)
            for slot, start, some in ring.writes(count):
                for i in range(some):
                    buffer[slot + i] = chunk[start + i]
            ring.advance(count)
            history += chunk
            start, stop = ring.slots(first, end)
            assert [buffer[slot] for slot in range(start, stop)] == history[first:end]
            assert stop <= 2 * ring.size
        elif what == "rewind":
            to = ring.length - count
            if ring.oldest_rewind <= to:
                ring.rewind(to)
                history = history[:to]
                first, end = ring.run(0)
                start, stop = ring.slots(first, end)
                assert [buffer[slot] for slot in range(start, stop)] == history[first:end]
            else:
                before = (ring.length, ring.oldest)
                with pytest.raises(RewindError):
                    ring.rewind(to)
                assert (ring.length, ring.oldest) == before


def test_the_slack_is_what_can_be_rewound_after_the_wrap():
    ring = WindowRing(window=8, slack=5)
    for _ in range(20):
        ring.advance(3)

    ring.rewind(ring.length - 5)
    with pytest.raises(RewindError) as caught:
        ring.rewind(ring.length - 1)
    assert caught.value.oldest_kept == 55


def test_before_the_wrap_everything_can_be_rewound():
    ring = WindowRing(window=8, slack=5)
    ring.advance(5)
    ring.advance(5)
    ring.rewind(0)
    assert ring.run(3) == (0, 3)


def test_a_chunk_that_would_cover_its_own_window_is_refused():
    with pytest.raises(FrameTooLong):
        WindowRing(window=8, slack=5).check_room(6)
