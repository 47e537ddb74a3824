"""The bench's client: every event acknowledged, every latency noted."""

from __future__ import annotations

import threading

from kairos.benches.ingest import _client
from kairos.judging.living import fake_daemon


def test_one_client_gets_an_ack_for_every_event(folder):
    living = fake_daemon(folder)
    living.start()
    try:
        row = _client(str(folder), 0, 300, threading.Barrier(1))
        with living.client() as client:
            status = client.ask("status")["gauges"]
    finally:
        living.stop()

    assert len(row["ms"]) == 300
    assert status["events_accepted"] == 300
    assert status["commits"] < 300
