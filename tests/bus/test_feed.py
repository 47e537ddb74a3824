"""The feed: numbers, gaps, and no NaN in JSON."""

from __future__ import annotations

import json

from kairos.bus import Feed
from kairos.testing import event


class Socket:
    def __init__(self):
        self.sent = []

    def send_multipart(self, parts, _flags):
        self.sent.append(parts)


def test_messages_are_numbered_per_topic():
    socket = Socket()
    feed = Feed(socket)

    for topic in ("tick", "tick", "action", "tick"):
        feed.publish(topic, {})

    assert [(t.decode(), json.loads(b)["n"]) for t, b in socket.sent] == [("tick", 1), ("tick", 2), ("action", 1), ("tick", 3)]


def test_nan_and_infinity_travel_as_null():
    socket = Socket()

    Feed(socket).publish("gauge", {"a": float("nan"), "b": [float("inf")], "c": event(metrics={"x": 1.5})})

    body = json.loads(socket.sent[0][1], parse_constant=lambda c: (_ for _ in ()).throw(AssertionError(c)))
    assert (body["a"], body["b"], body["c"]["metrics"]) == (None, [None], {"x": 1.5})


def test_what_cannot_be_sent_is_counted_not_raised():
    feed = Feed(Socket())

    feed.publish("x", {"bad": object()})

    assert feed.dropped == 1
