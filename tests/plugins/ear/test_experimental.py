"""Sounds told only when asked for: each is heard in its own sound, none in another's, and a spell is told once and when it ends."""

from __future__ import annotations

import numpy as np
import pytest

from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.experimental.detector import Now
from kairos_plugins.ear.experimental.knock import Knock
from kairos_plugins.ear.experimental.spells import KINDS, Spells
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.frontend import over_floors, whole
from kairos_plugins.ear.hearing import Frame, Models, engine
from kairos_plugins.ear.tell import Teller
from kairos_plugins.ear.training.noises import NOISES
from kairos_plugins.ear.training.others import OTHERS
from kairos_plugins.ear.training.scenes import recorded

_NOTHING = np.zeros(4)
_QUIET = Frame(_NOTHING, _NOTHING, np.zeros((4, 40), np.int16), np.zeros(320, np.int16))


@pytest.fixture(scope="module")
def frames():
    """Frames of a sound made by formula, in a room that is nearly silent."""
    bank = Models(engine()).bank

    def made(make, seconds):
        rng = np.random.default_rng(4)
        sound = make(rng, seconds * RATE)
        features = whole(bank, recorded(rng, sound / np.abs(sound).max() + 1e-3 * rng.standard_normal(len(sound))))
        return [Frame(_NOTHING, _NOTHING, bands, row) for bands, row in zip(over_floors(features), features, strict=True)]

    return made


def _surest(kind, frames):
    detector = KINDS[kind].detector()
    return max((found.probability for found in map(detector.feed, frames) if found is not None), default=0.0)


@pytest.mark.parametrize("kind", OTHERS)
def test_each_is_heard_in_its_own_sound(frames, kind):
    assert _surest(kind, frames(OTHERS[kind].make, round(OTHERS[kind].seconds))) > 0.9


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("noise", ["coloured", "music", "gusty"])
def test_none_is_heard_in_noise_or_music(frames, kind, noise):
    assert _surest(kind, frames(NOISES[noise], 70 if kind == "hum" else 20)) < 0.6


def test_a_siren_is_no_ringing_and_ringing_no_siren(frames):
    assert _surest("ring", frames(OTHERS["siren"].make, 20)) < 0.1
    assert _surest("siren", frames(OTHERS["ring"].make, 20)) < 0.1


@pytest.mark.parametrize(("places", "heard"), [((10, 35, 60, 85), True), ((10, 35), False), ((10, 25, 70, 90), False)])
def test_knocks_are_three_or_more_and_even(places, heard):
    knock, loud = Knock(), np.zeros((200, 40), np.int16)
    for place in places:
        loud[place : place + 4] = 4000
    answers = [knock.feed(_QUIET._replace(bands=loud[start : start + 4])) for start in range(0, len(loud), 4)]

    assert [found.probability > 0.9 for found in answers if found is not None] == [heard]


class _Says:
    """A detector that is told what to say."""

    def __init__(self, answers):
        self._answers = iter(answers)

    def feed(self, _):
        return Now(next(self._answers), "a siren")


def _spells(monkeypatch, answers, kind="siren"):
    monkeypatch.setitem(KINDS, kind, KINDS[kind]._replace(detector=lambda: _Says(answers)))
    spells = Spells((kind,), sure=0.6)
    return [(place, found.ended_after) for place in range(len(answers)) for found in spells.feed(_QUIET)]


def test_a_spell_begins_once_and_ends_after_its_patience(monkeypatch):
    assert _spells(monkeypatch, [0.1, 0.9, 0.2, 0.9, *[0.0] * 200]) == [(1, None), (154, 2 / 25)]


def test_what_is_over_when_it_is_told_has_no_end_and_may_come_again(monkeypatch):
    assert _spells(monkeypatch, [0.9, *[0.0] * 140, 0.9], kind="knock") == [(0, None), (141, None)]


def test_none_is_told_unless_it_is_asked_for_by_name(frames):
    siren = frames(OTHERS["siren"].make, 20)
    told = {asked: [news.text for frame in siren for news in teller.feed(frame)] for asked, teller in _tellers()}

    assert told[()] == []
    (text,) = told["siren",]
    assert text.startswith("a siren, p ")
    assert text.endswith("microphone, an experimental guess")


def test_the_daemons_own_noise_is_not_told(frames):
    teller = Teller(EarSettings(alarms=False, speech=False, experimental=("siren",)))

    assert [news for frame in frames(OTHERS["siren"].make, 20) for news in teller.feed(frame, own=True)] == []


def _tellers():
    for asked in ((), ("siren",)):
        yield asked, Teller(EarSettings(alarms=False, speech=False, experimental=asked))
