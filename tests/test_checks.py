"""Bars, quantiles, and the object a machine reads."""

from __future__ import annotations

import json

from kairos.checks import Check, Findings, missed, quantile, report


def test_a_bar_is_missed_by_value_or_by_silence():
    bars = {"a": ("==", 0), "b": ("<=", 2), "c": (">=", 5), "d": ("==", 1)}

    assert missed({"a": 0, "b": 2, "c": 5, "d": 1}, bars) == ()
    assert missed({"a": 1, "b": 3, "c": 4, "d": None}, bars) == (
        "a is 1, must be == 0", "b is 3, must be <= 2", "c is 4, must be >= 5", "d is None, must be == 1",
    )  # fmt: skip


def test_quantiles_interpolate():
    assert quantile([], 0.5) is None
    assert quantile([7.0], 0.99) == 7.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5


def test_the_report_has_the_promised_keys_and_is_json():
    check = Check(kind="gate", name="x", summary="", run=lambda trial: Findings(figures={}))
    result = report(check, Findings(figures={"a": None}, failed=("a is None",), reasons={"a": "no device"}))

    assert list(result) == ["gate", "passed", "figures", "reasons", "config", "data", "versions"]
    assert result["passed"] is False
    assert result["reasons"] == {"a": "no device", "failed": "a is None"}
    json.dumps(result)
