"""Clips: bounded, private, named by their event, and never worth a failure."""

from __future__ import annotations

import os

import numpy as np
import structlog

from kairos_plugins.ear.clips import Clips

FRAME = np.full(640, 5, np.int16)


def test_the_newest_stay(tmp_path):
    clips = Clips(tmp_path / "c", 2)
    for number in range(4):
        clips.feed(FRAME)
        clips.keep(f"e{number}")
        os.utime(tmp_path / "c" / f"e{number}.wav", (number, number))

    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["e2.wav", "e3.wav"]
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "c" / "e3.wav").stat().st_mode & 0o777 == 0o600


def test_with_none_wanted_no_sound_is_held(tmp_path):
    clips = Clips(tmp_path / "c", 0)
    clips.feed(FRAME)
    clips.keep("e")

    assert len(clips._frames) == 0
    assert not (tmp_path / "c").exists()


def test_what_was_heard_before_a_pause_is_forgotten(tmp_path):
    clips = Clips(tmp_path / "c", 1)
    clips.feed(FRAME)
    clips.forget()
    clips.keep("e")

    assert not (tmp_path / "c").exists()


def test_where_nothing_can_be_written_it_says_so_once(tmp_path):
    (tmp_path / "c").write_text("a file, not a folder")
    clips = Clips(tmp_path / "c", 1)
    for number in range(3):
        clips.feed(FRAME)
        clips.keep(f"e{number}")

    said = [row["event"] for row in structlog.get_config()["processors"][0].entries]
    assert said.count("ear.clip_lost") == 1
