"""Spans: a sentence is made of plain words and of what was read, and of nothing else."""

from __future__ import annotations

import string

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairos.mind.corpus import words
from kairos.mind.grammar import ActionGrammar
from kairos.mind.spans import Spans, plain_words

READ = "nas: disk usage of /srv/data is at 95 %, 2.1 GiB left (sdb1, user Zoë-2)\nseen 12 like this in 4 min"


@pytest.mark.parametrize("word", ["nas", "95", "/srv/data", "2.1", "GiB", "sdb1", "Zoë-2", "12", "/srv/data,", "(sdb1)", "95%", "usage."])
def test_what_was_read_may_be_said_with_punctuation_of_its_own(word):
    assert Spans(READ).allows(word)


@pytest.mark.parametrize("word", ["5", "9", "srv/dat", "sdb", "Zoë-3", "atlas", "96", "2.1.1", "nas2", "/srv/data/x", "1"])
def test_what_was_not_read_as_it_is_may_not(word):
    assert not Spans(READ).allows(word)


@pytest.mark.parametrize("word", ["the", "disk", "check", "first;", "and"])
def test_plain_words_need_not_be_read(word):
    assert Spans("").allows(word)


@pytest.mark.parametrize("word", ["AUTHORITY", "Check", "chEck"])
def test_a_capital_makes_a_name_and_names_are_copied(word):
    assert not Spans("check the authority").allows(word)
    assert not Spans("check the authority").may_begin(word)
    assert Spans(f"the {word} failed").allows(word)


def test_a_percent_sign_is_a_unit_and_is_read_too():
    for word in ("95%", "%"):
        assert not Spans("load 95").allows(word)
        assert not Spans("load 95").may_begin(word)
        assert Spans("load 95 %").allows(word)


@given(st.sampled_from([*READ.split(), *plain_words()[::97]]))
def test_every_beginning_of_an_allowed_word_may_begin(word):
    spans = Spans(READ)
    for end in range(1, len(word) + 1):
        assert spans.may_begin(word[:end])


@pytest.mark.parametrize(("word", "may"), [("Zo\ufffd", True), ("\ufffd", False), ("na\ufffd", False), ("side\ufffd\ufffd", False)])
def test_half_a_character_may_be_said_only_where_the_other_half_was_read(word, may):
    """Else a sentence ends in the middle: no token makes a word of a half that nothing goes on from."""
    assert Spans(READ).may_begin(word) is may
    assert Spans(f"{READ} ë").may_begin("\ufffd")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_whatever_the_model_would_like_to_say_every_word_is_plain_or_read(encoder, seed):
    noise = torch.Generator().manual_seed(seed)

    def step(token):
        del token
        return torch.randn(300, generator=noise)

    _, sentence = ActionGrammar(encoder, ["log"], answer_tokens=24).decode(step, lambda: None, step(0), READ)

    spans = Spans(READ)
    assert all(spans.allows(word) for word in sentence.split())


@pytest.mark.parametrize("loved", ["nas", "disk usage", "is at 95"])
def test_a_model_that_goes_in_circles_is_led_out_of_them(encoder, loved):
    tokens = encoder.encode(f" {loved}") * 20
    fed = []

    def step(token):
        fed.append(token)
        logits = torch.linspace(1, 0, 300)
        logits[tokens[len(fed) % len(tokens)]] = 9.0
        return logits

    words = ActionGrammar(encoder, ["log"], answer_tokens=60).decode(step, fed.pop, step(0), READ)[1].split()

    assert not any(words[at : at + n] == words[at + n : at + 2 * n] for n in (1, 2, 3) for at in range(len(words) - 2 * n + 1))


def test_a_word_that_nothing_goes_on_from_is_taken_back(encoder):
    """The model spells `zq9`, which was read, but would never say the 9."""
    actuator, never = encoder.encode(" log"), encoder.encode("9")[-1]
    fed = []

    def step(token):
        fed.append(token)
        logits = torch.linspace(1, 0, 300)
        logits[never] = -9.0
        for said, loved in ((actuator, encoder.encode(" zq")), (encoder.encode(" zq")[:-1], encoder.encode(" zq")[-1:])):
            if fed[-len(said) :] == said:
                logits[loved[0]] = 9.0
        return logits

    fed.append(0)
    first = torch.zeros(300)
    first[actuator[0]] = 9.0
    _, sentence = ActionGrammar(encoder, ["log"], answer_tokens=8).decode(step, fed.pop, first, "zq9")

    assert sentence
    assert "zq" not in sentence.split()[-1]
    assert fed[1 + len(actuator) :] == encoder.encode(f" {sentence}")[: len(fed) - 1 - len(actuator)]


def test_the_list_is_what_the_corpus_makes_of_itself():
    assert list(plain_words()) == words.plain_words()
    assert all(set(word) <= set(string.ascii_lowercase + "-'") for word in plain_words())
