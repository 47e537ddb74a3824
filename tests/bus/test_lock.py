"""One daemon per state directory."""

from __future__ import annotations

import os

import pytest

from kairos.bus import StateLock
from kairos.errors import AlreadyRunning


def test_the_second_one_learns_the_pid_of_the_first(folder):
    with StateLock(folder / "lock"):
        with pytest.raises(AlreadyRunning) as caught:
            StateLock(folder / "lock").__enter__()

    assert caught.value.pid == os.getpid()


def test_a_lock_left_behind_is_taken_over(folder):
    (folder / "lock").write_text("999999")

    with StateLock(folder / "lock"):
        assert (folder / "lock").read_text() == str(os.getpid())
