"""Every line once: across appends, truncation, rotation, restarts and bytes that are no text."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairos_plugins.logwatch.follow import Follower
from kairos_plugins.logwatch.positions import Positions


class Watch:
    """A follower that keeps its position like the plugin does."""

    def __init__(self, path, *, from_start=True, position=None):
        self.follower = Follower(path, position, from_start=from_start, max_line=50)

    def look(self):
        lines, position = self.follower.read()
        if position is not None:
            self.follower.position = position
        return lines


@pytest.fixture
def log(folder):
    path = folder / "a.log"
    path.write_text("one\n")
    return path


def _append(path, text):
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_lines_are_read_once_as_they_come(log):
    watch = Watch(log)
    assert watch.look() == ["one"]
    assert watch.look() == []
    _append(log, "two\nthree\n")
    assert watch.look() == ["two", "three"]


def test_a_file_is_read_from_its_end_by_default(log):
    watch = Watch(log, from_start=False)
    assert watch.look() == []
    _append(log, "two\n")
    assert watch.look() == ["two"]


def test_half_a_line_waits_for_its_end(log):
    watch = Watch(log)
    _append(log, "tw")
    assert watch.look() == ["one"]
    _append(log, "o\n")
    assert watch.look() == ["two"]


def test_a_truncated_file_is_read_from_its_start(log):
    watch = Watch(log)
    watch.look()
    log.write_text("x\n")
    assert watch.look() == ["x"]


def test_a_rotated_file_gives_its_rest_and_the_new_one_its_start(log, folder):
    watch = Watch(log)
    watch.look()
    _append(log, "last words\n")
    log.rename(folder / "a.log.1")
    log.write_text("new\n")
    assert watch.look() == ["last words", "new"]
    assert watch.look() == []


def test_rotation_while_the_new_file_is_not_there_yet_loses_nothing(log, folder):
    watch = Watch(log)
    watch.look()
    _append(log, "last\n")
    log.rename(folder / "a.log.1")
    first = watch.look()
    log.write_text("new\n")
    assert first + watch.look() == ["last", "new"]


def test_a_restart_goes_on_where_it_stopped(log, folder):
    positions = Positions(folder / "p.json")
    watch = Watch(log)
    watch.look()
    positions.save("a", watch.follower.position)
    _append(log, "two\n")

    assert Watch(log, position=Positions(folder / "p.json").known["a"]).look() == ["two"]


def test_another_file_under_the_same_name_is_read_from_its_start(log):
    watch = Watch(log)
    watch.look()
    inode = log.stat().st_ino
    log.unlink()
    log.write_text("other beginning\nmore\n")
    assert watch.look() == ["other beginning", "more"]
    assert inode


def test_bytes_that_are_no_text_stay_readable(log):
    watch = Watch(log)
    watch.look()
    _append(log, b"caf\xe9 \x1b[31mred\x00\n")
    assert watch.look() == ["caf\\xe9 \\x1b[31mred\\x00"]


def test_a_long_line_is_cut_with_a_mark(log):
    watch = Watch(log)
    watch.look()
    _append(log, "x" * 500 + "\n")
    (line,) = watch.look()
    assert len(line) == 50
    assert line.endswith("…")


def test_a_missing_file_is_no_trouble(folder):
    assert Watch(folder / "nowhere").look() == []


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 5)),
            st.tuples(st.just("rotate"), st.just(0)),
            st.tuples(st.just("look"), st.just(0)),
            st.tuples(st.just("restart"), st.just(0)),
        ),
        max_size=25,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_the_file_each_line_comes_once_in_order(tmp_path_factory, steps):
    """One rotation between two looks, as logrotate does; two would lose the file in the middle for anyone."""
    folder = tmp_path_factory.mktemp("l")
    path = folder / "a.log"
    path.touch()
    watch, written, rotations, rotated = Watch(path), [], 0, False
    seen = watch.look()
    for what, count in [*steps, ("look", 0)]:
        if what == "append":
            for _ in range(count):
                written.append(f"line {len(written)}")
                _append(path, written[-1] + "\n")
        elif what == "rotate" and not rotated and path.stat().st_size:
            rotations += 1
            rotated = True
            os.rename(path, folder / f"a.log.{rotations}")
            path.touch()
        elif what == "look":
            seen += watch.look()
            rotated = False
        elif what == "restart":
            watch = Watch(path, position=watch.follower.position)
    assert seen == written
