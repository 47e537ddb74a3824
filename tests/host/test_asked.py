"""What is asked of a plugin over the bus: its own answer, its own refusal, and no harm from a broken one."""

from __future__ import annotations

import pytest

from kairos.errors import KairosError, WireError
from kairos.hooks import hookimpl
from kairos.testing import living_daemon

pytestmark = pytest.mark.anyio


class Answering:
    @hookimpl
    async def kairos_asked(self, request):
        if request.do == "no":
            raise KairosError("not today")
        if request.do == "break":
            raise ZeroDivisionError
        return {"did": request.do, "with": request.body["x"]} if request.do == "do" else None


class Mute:
    """A plugin without the hook."""


async def test_the_plugins_own_answer_comes_back(folder):
    async with living_daemon(folder, plugins={"p": Answering()}) as life:
        answer = await life.client.ask("plugin", plugin="p", do="do", x=7)

    assert (answer["type"], answer["did"], answer["with"]) == ("plugin", "do", 7)


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"plugin": "p", "do": "no"}, "failed", "not today"),
        ({"plugin": "p", "do": "break"}, "failed", "p gave no answer"),
        ({"plugin": "p", "do": "nothing"}, "failed", "p gave no answer"),
        ({"plugin": "m", "do": "x"}, "failed", "no plugin 'm' that answers; there are p"),
        ({"plugin": "q", "do": "x"}, "failed", "no plugin 'q' that answers"),
        ({"plugin": "p"}, "type", "must both be text"),
    ],
)
async def test_a_refusal_is_a_sentence(folder, fields, code, said):
    async with living_daemon(folder, plugins={"p": Answering(), "m": Mute()}) as life:
        with pytest.raises(WireError) as caught:
            await life.client.ask("plugin", **fields)

    assert caught.value.code == code
    assert said in str(caught.value)


async def test_a_plugin_that_says_no_often_is_not_parked(folder):
    async with living_daemon(folder, plugins={"p": Answering()}) as life:
        for _ in range(10):
            with pytest.raises(WireError):
                await life.client.ask("plugin", plugin="p", do="no")
        answer = await life.client.ask("plugin", plugin="p", do="do", x=1)

    assert answer["did"] == "do"
