"""The shipped mind itself, through the shipped daemon. Slow: loads the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from kairos.cli.tapes import event_fields, read
from kairos.judging.living import real_daemon, scratch

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_first_day_tape_gets_the_verdicts_a_person_would_want():
    with scratch("t") as folder:
        living = real_daemon(folder, "plugins.only=['telemetry']", "act.dry_run=true", "log.file=false")
        living.start(timeout_s=200)
        try:
            with living.client(timeout_s=60) as client:
                found = {}
                for line in read(ROOT / "etc" / "tapes" / "first-day.jsonl"):
                    answer = client.send(**event_fields(line), wait=True)
                    found[str(line.body)] = (answer.verdict, line.expect)
        finally:
            living.stop()

    wrong = {body: pair for body, pair in found.items() if pair[0] != pair[1]}
    assert wrong == {}
