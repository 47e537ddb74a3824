"""What is kept back stays kept back: what is for training says hardly anything that a gate asks."""

from __future__ import annotations

import re

import pytest

from kairos.mind.corpus.splits import domains, rules, tactics

_BRACE = re.compile(r"\{[^{}]*\}")
_TOGETHER = 4
_NEAR = 0.5
"""Of a line's runs of four words, as many as make it near to what is kept back."""
_STOCK = 0.005
"""Of all lines, stock phrases."""


def _of_domain(row):
    first = (line for name in ("grave", "series_grave") for line, *_ in row[name])
    return [*row["routine"], *first, *(line for pair in row["twins"] for line in pair[:2])]


def _of_rule(row):
    return [*row["say"], *(case if isinstance(case, str) else case[0] for case in (*row["about"], *row["near"]))]


def _of_tactic(row):
    return row["texts"]


def _runs(line):
    words = re.sub(r"[^a-z ]+", " ", _BRACE.sub(" ", line.lower())).split()
    return {tuple(words[at : at + _TOGETHER]) for at in range(len(words) - _TOGETHER + 1)}


def _near(lines, kept):
    known = {run for line in kept for run in _runs(line)}
    return [line for line in lines if (runs := _runs(line)) and len(runs & known) / len(runs) >= _NEAR]


@pytest.mark.parametrize(
    ("part", "lines"), [(domains, _of_domain), (rules, _of_rule), (tactics, _of_tactic)], ids=["domains", "rules", "tactics"]
)
def test_hardly_a_line_of_training_is_near_one_kept_back(part, lines):
    """Stock phrases ("Failed password for root") are everybody's; anything more than those would be a leak."""
    taught = [line for row in part("train") for line in lines(row)]
    kept = [line for split in ("valid", "test") for row in part(split) for line in lines(row)]

    assert len(_near(taught, kept)) <= _STOCK * len(taught)


def test_a_line_copied_from_what_is_kept_back_is_found():
    kept = [line for row in domains("test") for line in _of_domain(row)]
    long = [line for line in kept if _runs(line)]

    assert _near(long, kept) == long
