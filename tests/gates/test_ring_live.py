"""The ring against attention worked out anew, and rings that are wrong by one."""

from __future__ import annotations

from random import Random

import pytest

from kairos.gates.families import SLIDING
from kairos.gates.ring_live import live
from kairos.mind.fixed import Geometry
from kairos.mind.ring import WindowRing


@pytest.mark.parametrize("layers", ["views", "fixed"])
@pytest.mark.parametrize("family", SLIDING)
def test_a_wrapped_and_rewound_ring_sees_what_it_should(family, layers):
    worst, found = live(family, layers, 24, Random(5))

    assert worst < 1e-4
    assert found["rewinds"] > 0


def test_a_window_one_too_short_is_seen(monkeypatch):
    monkeypatch.setattr(WindowRing, "least_at", lambda self, pos: max(0, pos - self.window + 2))

    worst, _ = live("mistral-sliding", "views", 24, Random(5))

    assert worst > 1e-4


def test_a_mask_one_too_wide_is_seen(monkeypatch):
    begin = Geometry.begin

    def wider(self, positions):
        mask = begin(self, positions)
        return mask | mask.roll(-1, dims=-1) & (self.ring.length > self.ring.window)

    monkeypatch.setattr(Geometry, "begin", wider)

    worst, _ = live("mistral-sliding", "fixed", 24, Random(5))

    assert worst > 1e-4
