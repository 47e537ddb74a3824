"""Sentences: drawn from the page, named by what they are about, open to an owner's own."""

from __future__ import annotations

from random import Random

import pytest

from kairos.api import KairosError
from kairos_plugins.projector.language import Language


def test_every_sentence_is_made_of_words_of_the_language():
    language, dice = Language.read(), Random(1)
    known = set(language.words)

    for number in range(500):
        sentence = language.draw(dice, salient=number % 2 == 0)
        assert set(sentence.text.split()) <= known
        assert all(name in sentence.text for name in sentence.names)
        assert "{" not in sentence.text


def test_it_has_several_hundred_words():
    assert len(Language.read().words) >= 400


def test_an_owners_phrase_joins_with_its_words():
    language = Language.read(["the tortoise has escaped"])

    assert "tortoise" in language.words
    assert "the tortoise has escaped" in {language.draw(Random(seed), salient=True).text for seed in range(600)}


@pytest.mark.parametrize("phrase", ["Disk full!", "room 7", "", "a\nb", "two  blanks"])
def test_what_cannot_be_said_is_refused_by_name(phrase):
    with pytest.raises(KairosError, match="cannot be said"):
        Language.read([phrase])
