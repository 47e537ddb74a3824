"""What rules make of a margin: they move the verdicts they speak of, and no others."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.mind.ruling import Limits, Saying, ruled, saying

MARGINS = st.floats(-20, 20)
EVEN = Limits(0.0, 0.0)


def _rule(margin, *, tell, name="it may fail"):
    return Saying(name, margin, tell)


def test_a_rule_that_speaks_of_it_decides_and_is_named():
    assert ruled(3.0, 1.0, [_rule(2.0, tell=False)], EVEN) == (-1.0, "it may fail")
    assert ruled(-3.0, 1.0, [_rule(2.0, tell=True)], EVEN) == (3.0, "it may fail")


@given(margin=MARGINS, threshold=MARGINS, said=st.lists(st.builds(_rule, st.floats(-20, 0), tell=st.booleans())))
def test_rules_that_speak_of_something_else_change_nothing(margin, threshold, said):
    assert ruled(margin, threshold, said, EVEN) == (margin, "")


@given(margin=MARGINS, threshold=MARGINS, sure=st.floats(0.01, 20), tell=st.booleans())
def test_the_verdict_under_a_rule_is_the_rules_however_sure_the_mind_was(margin, threshold, sure, tell):
    found = ruled(margin, threshold, [_rule(sure, tell=tell)], EVEN).margin

    assert (found > threshold) is tell


@given(margin=MARGINS, threshold=MARGINS)
def test_of_two_rules_the_surer_one_decides(margin, threshold):
    one, other = _rule(1.0, tell=True, name="tell me"), _rule(2.0, tell=False, name="let it be")

    assert ruled(margin, threshold, [one, other], EVEN).rule == "let it be"


def test_a_rule_to_be_silent_must_be_surer_than_one_to_tell():
    limits = Limits(tell=0.0, mute=1.0)

    assert ruled(-3.0, 1.0, [_rule(0.5, tell=True)], limits) == (1.5, "it may fail")
    assert ruled(3.0, 1.0, [_rule(0.5, tell=False)], limits) == (3.0, "")


def test_a_mind_that_never_acts_is_not_made_to():
    assert ruled(5.0, math.inf, [_rule(9.0, tell=True)], EVEN) == (5.0, "")


@pytest.mark.parametrize(("action", "no_op", "tell"), [(4.0, 1.0, True), (1.0, 4.0, False)])
def test_a_saying_is_the_odds_of_either_verdict_against_other(action, no_op, tell):
    found = saying("it may fail", action, no_op, 2.0)

    assert found.tell is tell
    assert found.margin == pytest.approx(math.log(math.exp(action) + math.exp(no_op)) - 2.0)
