"""The gates of judgement: their arithmetic, their baselines, and a mind that must fail them."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections import Counter
from random import Random

import pytest
import torch

from kairos.checks import Trial
from kairos.events import Frame
from kairos.gates import crucible, ordinary, tape_1000
from kairos.gates.baselines import BagOfWords, severity
from kairos.gates.real_logs import templates
from kairos.judging.pictures import draw
from kairos.mind.calibration import Calibration
from kairos.mind.corpus.generate import examples
from kairos.mind.corpus.splits import domains
from kairos.mind.opened import Opened
from kairos.mind.reflex import Reflex
from kairos.mind.seam import Session
from kairos.rates import auc, average_precision, bootstrap, calibration_error, false_rate_at_recall, precision_recall, reliability, upper95


@pytest.fixture
def opened(tiny_model, encoder):
    def make(threshold):
        session = Session(tiny_model, max_positions=3000)
        reflex = Reflex(
            session, encoder, actuators=("log", "notify"), threshold=threshold, answer_tokens=8, dtype=torch.float32, device="cpu"
        )
        return Opened(
            model=tiny_model,
            session=session,
            encoder=encoder,
            reflex=reflex,
            memo=None,
            threshold=threshold,
            calibration=Calibration(),
            digests={},
        )

    return make


PLAIN = dict(zip((4, 12, 20), crucible._SALIENT, strict=True))


def test_a_mind_that_never_acts_misses_all_three(opened):
    found = crucible.live(opened(1e9), PLAIN)

    assert (found["missed"], found["false_action"], found["pos_violation"], found["ticks"]) == (3, 0, 0, 24)


def test_a_mind_that_always_acts_is_wrong_twenty_one_times_and_stands_where_it_should(opened):
    found = crucible.live(opened(-1e9), PLAIN)

    assert (found["missed"], found["false_action"], found["pos_violation"]) == (0, 21, 0)


def test_what_is_missed_is_told_apart_by_what_it_asks_for():
    ticks = [tape_1000.Judged(margin, True, Frame.idle(), "plain", name) for margin, name in ((2, "notify"), (0, "notify"), (0, "log"))]

    assert tape_1000._by_actuator(ticks, 1.0) == {"missed_notify": 0.5, "missed_log": 1.0}


@pytest.mark.parametrize("threshold", [1e9, -1e9])
def test_a_mind_of_one_verdict_is_turned_by_nothing_it_retained(opened, threshold):
    found = tape_1000._behind_their_like(opened(threshold), Trial(quick=True))

    assert found == {"quieted_by_its_like": 0.0, "woken_by_its_like": 0.0}


@pytest.mark.parametrize(("threshold", "false", "lost"), [(1e9, 0.0, 1.0), (-1e9, 1.0, 0.0)])
def test_ordinary_events_are_all_missed_by_a_mind_that_never_acts_and_all_told_by_one_that_always_does(
    opened, monkeypatch, threshold, false, lost
):
    monkeypatch.setattr(ordinary, "default_mind", lambda: opened(threshold))
    found = ordinary.run(Trial(quick=True))

    for name in ("plain", "foreign", "behind"):
        assert (found.figures[f"{name}_false"], found.figures[f"{name}_missed"]) == (false, lost)
    assert len(found.failed) == 3


def test_no_ordinary_event_is_worded_as_a_line_that_is_trained_on():
    """By the share of words that two lines have in common, of all words of both."""
    lines = list({_words(line) for row in domains("train") for line in _lines(row)} - {frozenset()})
    holding: dict[str, list[int]] = {}
    for place, words in enumerate(lines):
        for word in words:
            holding.setdefault(word, []).append(place)
    events = [text for rows in ordinary.events().values() for _, text in rows]

    assert len(set(events)) == 200
    for text in events:
        words = _words(text)
        shared = Counter(place for word in words for place in holding.get(word, ()))
        assert max((count / len(words | lines[place]) for place, count in shared.items()), default=0) < 0.6, text


def _words(line):
    return frozenset(re.findall(r"[a-z]{3,}", re.sub(r"\{\w+(:[^{}]*)?\}", "", line).lower()))


def _lines(row):
    yield from row["routine"]
    yield from (one[0] for one in (*row["grave"], *row["series_grave"]))
    yield from (line for twin in row["twins"] for line in twin[:2])


def test_wilsons_upper_end():
    assert upper95(0, 3000) == pytest.approx(0.00128, abs=2e-5)
    assert upper95(15, 3000) == pytest.approx(0.00824, abs=2e-5)
    assert upper95(0, 0) == 1.0


def test_the_area_counts_ties_as_half():
    assert auc([1, 2, 3, 4], [False, False, True, True]) == 1.0
    assert auc([1, 1, 1, 1], [False, True, False, True]) == 0.5
    assert auc([4, 3, 2, 1], [False, False, True, True]) == 0.0


def test_the_area_agrees_with_counting_pairs():
    rng = Random(3)
    rows = [(rng.randint(0, 9), rng.random() < 0.4) for _ in range(200)]
    pairs = [(g, q) for (g, a), (q, b) in itertools.product(rows, rows) if a and not b]
    counted = sum((g > q) + 0.5 * (g == q) for g, q in pairs) / len(pairs)

    assert auc([s for s, _ in rows], [label for _, label in rows]) == pytest.approx(counted)


def test_a_bootstrap_holds_the_mean_of_what_it_resamples():
    low, high = bootstrap(list(range(100)), lambda rows: sum(rows) / len(rows), seed=1, resamples=200)

    assert low < 49.5 < high


def test_false_alarms_at_equal_recall():
    scores, labels = [9, 8, 7, 6, 5, 4], [True, False, True, False, True, False]

    assert false_rate_at_recall(scores, labels, 1.0) == pytest.approx(2 / 3)
    assert false_rate_at_recall(scores, labels, 0.34) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("text", "least"), [("FATAL: x", 3.0), ("an error here", 2.0), ("Warning: y", 1.0), ("all is well", 0.0)])
def test_severity_words_have_grades(text, least):
    assert severity(Frame(kind="text", text=text)) == least


def test_a_bag_of_words_learns_what_words_can_say():
    words = BagOfWords(list(itertools.islice(examples(3), 3000)), seed=3)
    fresh = list(itertools.islice(examples(4), 600))

    assert auc([words.score(e.frame) for e in fresh], [e.answer is not None for e in fresh]) > 0.7


def test_labels_are_stripped_and_templates_are_of_one_wording():
    lines = [f"{'FATAL' if n % 2 else '-'} 1117 node {n} {'died' if n % 2 else 'is well'} today" for n in range(1000, 1040)]
    found, labelled = templates(lines)

    assert labelled
    assert all("FATAL" not in line and not line.startswith("-") for template in found for line in template.lines)
    assert {(template.grave, "died" in template.lines[0]) for template in found} <= {(True, True), (False, False)}


def test_a_log_without_labels_is_left_as_it_is():
    found, labelled = templates(["Jan 1 sshd: x", "Jan 2 sshd: y"])

    assert not labelled
    assert sum(len(template.lines) for template in found) == 2


def test_precision_and_recall_of_a_perfect_score_touch_the_corner():
    curve = precision_recall([0.9, 0.8, 0.2, 0.1], [True, True, False, False])

    assert (1.0, 1.0) in curve
    assert curve[-1] == (1.0, 0.5)


def test_probabilities_that_are_what_they_say_have_no_calibration_error():
    said, so = [0.25] * 4 + [0.75] * 4, [True, False, False, False, True, True, True, False]

    assert calibration_error(said, so) == pytest.approx(0.0)
    assert calibration_error([0.95] * 8, so) == pytest.approx(0.45)
    assert [count for _, _, count in reliability(said, so)] == [4, 4]


def test_the_pictures_of_a_report_are_drawn_from_its_own_points(tmp_path):
    config = {
        "precision_recall": [(0.5, 1.0), (1.0, 0.5)],
        "precision_recall_rivals": {"severity": [(1.0, 0.4)]},
        "reliability": [(0.1, 0.2, 7)],
    }
    curve, trust = (path.read_text() for path in draw({"config": config}, tmp_path))

    for svg in (curve, trust):
        ET.fromstring(svg)
    assert "M204.0 44.0L364.0 204.0" in curve
    assert "severity" in curve
    assert 'cx="76.0" cy="300.0"' in trust


def test_average_precision_counts_ties_together_and_nothing_to_find_as_nothing():
    assert average_precision([0.9, 0.8, 0.2, 0.1], [True, True, False, False]) == 1.0
    assert average_precision([0.9, 0.8], [False, True]) == 0.5
    assert average_precision([0.0, 0.0, 0.0, 0.0], [True, False, False, False]) == 0.25
    assert average_precision([0.3], [False]) == 0.0
