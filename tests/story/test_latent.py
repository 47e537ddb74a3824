"""The latent lane in a whole daemon: rows are read back into receipts; switched off, it leaves no trace at all."""

from __future__ import annotations

import json

import pytest

from kairos.database import open_read_only
from kairos.errors import WireError
from kairos.testing import living_daemon
from kairos_plugins.ear.plugin import EarPlugin
from kairos_plugins.projector.plugin import ProjectorPlugin

pytestmark = pytest.mark.anyio
EVENTS = ("all is well", "ACT now", "ACT again", "disk at 40 %", "ACT now")


async def _lived(folder, plugins):
    """Verdicts and the receipts of a short life, without what the clock wrote."""
    async with living_daemon(folder, plugins=plugins) as life:
        verdicts = []
        for number, text in enumerate(EVENTS):
            answer = await life.client.send(text, id=f"e{number}", at=1_700_000_000.0 + number, source=f"s{number}", wait=True)
            verdicts.append((answer.verdict, answer.margin, answer.actuator, answer.what))
    connection = open_read_only(life.places.database)
    rows = connection.execute("SELECT body FROM receipts WHERE kind='verdict' ORDER BY n").fetchall()
    connection.close()
    bodies = [json.loads(body) for (body,) in rows]
    kept = ("verdict", "margin", "threshold", "probability", "positions", "source", "template", "count", "series", "actuator", "retained")
    return verdicts, [{name: body[name] for name in kept if name in body} for body in bodies], [sorted(body) for body in bodies]


async def test_projector_and_ear_switched_off_leave_verdicts_and_receipts_as_they_were(folder, tmp_path):
    without = await _lived(folder, {})
    beside = await _lived(tmp_path / "b", {"ear": EarPlugin(), "projector": ProjectorPlugin()})

    assert without == beside


@pytest.mark.parametrize(
    ("model", "code"),
    [("another model", "model"), (None, "type")],
)
async def test_rows_that_do_not_name_the_resident_model_are_refused_at_the_socket(folder, model, code):
    rows = {"dtype": "f16", "shape": [1, 8], "data": b"\0" * 16} | ({"model": model} if model else {})
    async with living_daemon(folder) as life:
        with pytest.raises(WireError) as caught:
            await life.client.send(rows=rows, wait=True)

    assert (caught.value.code, caught.value.field) == (code, "rows.model")
    assert [frame for frame in life.mind.judged if frame.kind == "latent"] == []
