"""A known tick: looked up while it is proven, recomputed to stay so, forgotten when it proves wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.events import Frame
from kairos.mind.memo import Memo, frame_key

MADE_BY = {"weights": "w"}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def memo(clock):
    table = Memo(size=3, real_s=300, clock=clock, seed=1)
    table.move("a")
    return table


def _looks(memo, key, margin, count):
    """`count` ticks of one frame as the reflex runs them; how many were known."""
    known = 0
    for _ in range(count):
        if memo.look(key) is None:
            memo.learn(key, margin)
        else:
            known += 1
    return known


def test_an_unknown_frame_is_worked_out_once_and_then_mostly_known(memo):
    assert memo.look("f") is None
    memo.learn("f", -2.5)

    assert _looks(memo, "f", -2.5, 1000) > 950


def test_at_least_one_hit_in_a_hundred_is_recomputed_for_ever(memo):
    known = _looks(memo, "f", -2.5, 20_000)

    assert 0.97 < known / 20_000 <= 0.99


def test_another_anchor_knows_nothing(memo):
    memo.learn("f", -2.5)
    memo.move("b")

    assert memo.look("f") is None


def test_a_real_forward_runs_at_least_every_real_s(memo, clock):
    memo.learn("f", -2.5)
    clock.now += 299
    memo.learn("g", 1.0)
    clock.now += 301

    assert memo.look("f") is None


def test_a_clock_set_back_makes_it_prove_itself(memo, clock):
    memo.learn("f", -2.5)
    clock.now -= 5

    assert memo.look("f") is None


def test_lives_grow_with_agreement(memo, clock):
    memo.learn("f", -2.5)
    short = memo._table["f"].until - clock.now
    for _ in range(3):
        memo.learn("f", -2.5)

    assert memo._table["f"].until - clock.now == 8 * short


def test_a_divergence_is_counted_forgotten_and_makes_the_others_prove_themselves(memo):
    memo.learn("f", -2.5)
    memo.learn("g", 1.0)

    assert not memo.learn("f", 4.0)
    assert memo.statistics.divergences == 1
    assert memo.look("f") is None
    assert memo.look("g") is None


def test_it_is_bounded_and_the_least_used_goes_first(memo):
    for key in "abcd":
        memo.learn(key, 0.0)

    assert set(memo._table) == set("bcd")


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=200))
def test_whatever_is_asked_a_known_margin_is_the_true_one(steps):
    truth = {key: float(ord(key)) for key in "abcdef"}
    memo = Memo(size=4, clock=Clock(), seed=3)
    for key, moves in steps:
        if moves:
            memo.move(key)
            truth = {k: v + 1 for k, v in truth.items()}
            memo.move(f"{key}{truth[key]}")
        found = memo.look(key)
        assert found is None or found == truth[key]
        if found is None:
            memo.learn(key, truth[key])
    assert memo.statistics.divergences == 0


def test_it_survives_a_restart_of_the_same_makers_at_the_same_anchor_only(memo, clock, tmp_path):
    path = tmp_path / "memo"
    memo.learn("f", -2.5)
    memo.write(path, key=b"k", made_by=MADE_BY)

    def woken(anchor="a", key=b"k", made_by=MADE_BY):
        other = Memo(clock=clock, seed=1)
        other.move(anchor)
        return other.read(path, key=key, made_by=made_by)

    assert woken() == 1
    assert woken(anchor="b") == 0
    assert woken(key=b"x") == 0
    assert woken(made_by={"weights": "other"}) == 0
    path.write_bytes(path.read_bytes().replace(b"-2.5", b"-9.5"))
    assert woken() == 0
    path.unlink()
    assert woken() == 0


def test_frames_that_differ_in_anything_have_other_keys():
    frame = Frame(kind="text", source="s", text="t", series=None)
    others = [Frame.idle(), Frame(kind="text", source="s", text="t", series="2 in 1 min"), Frame(kind="metric", source="s", text="t")]

    assert len({frame_key(f) for f in [frame, *others]}) == 4
