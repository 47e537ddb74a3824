"""Messages to events: what a good one becomes, and which field a bad one names."""

from __future__ import annotations

import struct

import pytest

from kairos.bus import Codec
from kairos.config import BusSettings
from kairos.errors import WireError
from kairos.events import Priority

NOW = 1_700_000_000.0


@pytest.fixture
def codec():
    return Codec(BusSettings(), width=4, model="m", clock=lambda: NOW)


def _message(**fields):
    return {"v": 1, "id": "a", **fields}


def _rows(**fields):
    return _message(kind="latent", rows={"dtype": "f32", "shape": [1, 4], "data": struct.pack("<4f", 1, 2, 3, 4), "model": "m", **fields})


def test_a_text_event_has_sober_defaults(codec):
    event = codec.event(_message(text="disk full"))

    assert (event.source, event.kind, event.priority, event.at) == ("client", "text", Priority.BACKGROUND, NOW)
    assert event.depth == 0


def test_metrics_become_floats(codec):
    assert codec.event(_message(kind="metric", metrics={"temp": 91})).metrics == {"temp": 91.0}


def test_rows_are_kept_as_they_came(codec):
    rows = codec.event(_rows()).rows

    assert rows is not None
    assert (rows.dtype, rows.shape, len(rows.data), rows.model) == ("f32", (1, 4), 16, "m")


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ({"v": 1, "text": "x"}, "missing", "id"),
        (_message(id=7, text="x"), "type", "id"),
        (_message(id="a" * 129, text="x"), "type", "id"),
        (_message(id="a\nb", text="x"), "type", "id"),
        (_message(), "type", "text"),
        (_message(text="  "), "empty", "text"),
        (_message(text="x" * 20_000), "too_big", "text"),
        (_message(text="x", kind="smell"), "kind", "kind"),
        (_message(text="x", colour="red"), "unknown_field", "colour"),
        (_message(text="x", metrics={"a": 1}), "unknown_field", "metrics"),
        (_message(text="x", priority="urgent"), "priority", "priority"),
        (_message(text="x", priority=1), "priority", "priority"),
        (_message(text="x", at="now"), "type", "at"),
        (_message(text="x", at=True), "type", "at"),
        (_message(text="x", at=float("nan")), "type", "at"),
        (_message(text="x", at=NOW + 601), "future", "at"),
        (_message(text="x", at=-1), "range", "at"),
        (_message(kind="metric"), "type", "metrics"),
        (_message(kind="metric", metrics={}), "type", "metrics"),
        (_message(kind="metric", metrics={"a": "1"}), "type", "metrics.a"),
        (_message(kind="metric", metrics={"a": True}), "type", "metrics.a"),
        (_message(kind="metric", metrics={"a": float("nan")}), "not_finite", "metrics.a"),
        (_message(kind="metric", metrics={"a": float("inf")}), "not_finite", "metrics.a"),
        (_message(kind="metric", metrics={"a": 10**400}), "not_finite", "metrics.a"),
        (_message(kind="metric", metrics={str(n): 1 for n in range(300)}), "too_big", "metrics"),
        (_message(kind="latent"), "type", "rows"),
        (_rows(dtype="f64"), "dtype", "rows.dtype"),
        (_rows(model=None), "type", "rows.model"),
        (_rows(model="other"), "model", "rows.model"),
        (_rows(shape=[4]), "shape", "rows.shape"),
        (_rows(shape=[0, 4]), "shape", "rows.shape"),
        (_rows(shape=[1, 5]), "shape", "rows.shape"),
        (_rows(shape=[1000, 4]), "too_big", "rows.shape"),
        (_rows(shape=[2, 4]), "shape", "rows.data"),
        (_rows(data="%%%"), "malformed", "rows.data"),
        (_rows(data=struct.pack("<4f", 1, 2, 3, float("nan"))), "not_finite", "rows.data"),
        (_rows(dtype="bf16", data=b"\x80\x7f" * 4), "not_finite", "rows.data"),
        (_rows(dtype="f16", data=b"\x00\x7c" * 4), "not_finite", "rows.data"),
    ],
)
def test_a_bad_event_names_its_field(codec, message, code, field):
    with pytest.raises(WireError) as caught:
        codec.event(message)

    assert (caught.value.code, caught.value.field) == (code, field)


def test_only_the_sources_of_the_settings_may_be_urgent():
    codec = Codec(BusSettings(urgent=("door*",)), width=4, clock=lambda: NOW)

    assert codec.event(_message(text="x", source="door-2", priority="realtime")).priority is Priority.REALTIME
    assert codec.event(_message(text="x", source="ads", priority="bulk")).priority is Priority.BULK
    with pytest.raises(WireError, match=r"bus\.urgent does not let ads"):
        codec.event(_message(text="x", source="ads", priority="interactive"))
