"""`kairos gate ear-exact`: the ear's integers are the chip's integers, to the bit.

Golden vectors through the installed engine: values, types and the saturation flag. With `--data`, the
vectors of any folder of that format. Streaming against the whole clip is not judged yet: there is no
front end to stream through.
"""

from __future__ import annotations

from typing import Any, Final

from kairos.boot.drivers import load_drivers
from kairos.checks import Check, Findings, GateError, Trial, missed


def run(trial: Trial) -> Findings:
    """All vectors."""
    drivers, _ = load_drivers()
    if drivers.fixed_point is None:
        raise GateError("there is no driver `fixed_point`: install numpy and safetensors (`pip install 'kairosd[mind]'`)")
    count, wrong = drivers.fixed_point.verify(trial.data)
    figures: dict[str, Any] = {"vectors": count, "vector_diffs": len(wrong), "stream_diffs": None}
    bars = missed({"vector_diffs": len(wrong), "vectors": count}, {"vector_diffs": ("==", 0), "vectors": (">=", 1)})
    return Findings(
        figures=figures, failed=bars, reasons={"stream_diffs": "there is no front end yet"}, config={"differing": wrong},
        data={"n": count, "seed": None, "digest": None},
    )  # fmt: skip


GATE: Final = Check(kind="gate", name="ear-exact", summary="the ear's integers are the chip's, to the bit", run=run, takes_data=True)
