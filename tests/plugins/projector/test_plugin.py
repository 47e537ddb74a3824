"""Utterances become latent events, once the owner says so; a missing part is said, not raised."""

from __future__ import annotations

from types import SimpleNamespace

import anyio
import numpy as np
import pytest

from kairos.api import Drivers, Priority, Utterance
from kairos_drivers.gna.engine import Gna
from kairos_plugins.projector import plugin
from kairos_plugins.projector.config import ProjectorSettings
from kairos_plugins.projector.words import Bound

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]
SAID = Utterance(place="desk", seconds=1.6, features=np.zeros((40, 320), np.int16))


class Heard:
    """Halves that hear as many tokens as they are told to."""

    def __init__(self, tokens, sure=1.0):
        self.binder = SimpleNamespace(model="m")
        self._tokens, self._sure = tokens, sure

    def heard(self, features):
        assert features.shape == (40, 320)
        return Bound(np.ones((self._tokens, 8), np.float32), list(range(self._tokens)), self._sure)


async def _run(utterances, *, engine=True, **settings):
    events, statuses = [], []

    async def emit(*some):
        events.extend(some)

    drivers = Drivers(fixed_point=Gna() if engine else None)
    context = SimpleNamespace(settings=lambda into: into(**settings), drivers=drivers, emit=emit, status=statuses.append)
    projector = plugin.ProjectorPlugin()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(projector.kairos_run, context)
        with anyio.fail_after(30):
            while not statuses:
                await anyio.sleep(0.01)
        for utterance in utterances:
            await projector.kairos_utterance(utterance)
        with anyio.move_on_after(30):
            while projector._send is not None and sum("heard" in status for status in statuses) < len(utterances):
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    return events, statuses


async def test_an_utterance_becomes_rows_that_name_their_model(monkeypatch):
    monkeypatch.setattr(plugin, "Words", lambda *_, **__: Heard(3))

    events, _ = await _run([SAID], listen=True, source="hall")

    assert [(event.kind, event.source, event.priority, event.text) for event in events] == [("latent", "hall", Priority.INTERACTIVE, "")]
    assert (events[0].rows.shape, events[0].rows.dtype, events[0].rows.model) == ((3, 8), "f32", "m")


@pytest.mark.parametrize("heard", [Heard(1), Heard(4, sure=0.5)])
async def test_fewer_tokens_than_a_sentence_or_unsure_ones_are_nothing(monkeypatch, heard):
    monkeypatch.setattr(plugin, "Words", lambda *_, **__: heard)

    events, statuses = await _run([SAID], listen=True)

    assert events == []
    assert "heard" in statuses[-1]


async def test_nothing_is_heard_until_the_owner_says_so():
    events, statuses = await _run([SAID])

    assert events == []
    assert "plugin.projector.listen" in statuses[0]
    assert not ProjectorSettings().listen


@pytest.mark.parametrize(("settings", "engine", "word"), [({"weights": "/nowhere"}, True, "/nowhere"), ({}, False, "fixed-point")])
async def test_what_is_missing_is_said_by_name(settings, engine, word):
    events, statuses = await _run([SAID], engine=engine, listen=True, **settings)

    assert events == []
    assert word in statuses[0]
