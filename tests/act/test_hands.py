"""From a proposal to an outcome, and what a crash in between leaves."""

from __future__ import annotations

import json

import anyio
import pytest

from kairos.act import Actions, ActionState, Hands
from kairos.config import ActSettings, LedgerSettings, Silence
from kairos.ledger import Ledger
from kairos.testing import FakeActuator

pytestmark = pytest.mark.anyio


class Workshop:
    def __init__(self, database, *actuators, **settings):
        self.database = database
        self.actions = Actions()
        self.heard = []
        self.told = []
        self.actuators = {a.name: a for a in actuators}
        self.hands = Hands(
            database, self.actions, self.actuators, ActSettings(allow=tuple(self.actuators), **settings),
            receipt=Ledger(database, LedgerSettings(), b"k").append, hear=self._hear, told=self.told.append,
            clock=lambda: 1000.0,
        )  # fmt: skip

    async def _hear(self, event):
        self.heard.append(event)

    async def propose(self, actuator="log", *, state=ActionState.PROPOSED, depth=0, receipt=1):
        def job(c):
            n = self.actions.propose(
                c, receipt=receipt, actuator=actuator, what="w", source="s", template="t", event="e", depth=depth, now=999.0
            )
            self.actions.move(c, n, state, detail="", now=999.0)
            return n

        return await self.database.write(job)

    async def run(self):
        with anyio.move_on_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.hands.run)
                while await self.database.read(self.actions.open):
                    await anyio.sleep(0.005)
                await anyio.sleep(0.02)
                tasks.cancel_scope.cancel()
        rows = await self.database.read(lambda c: self.actions.list(c, limit=99))
        return [row.state for row in reversed(rows)]


async def test_an_action_is_carried_out_once_with_its_receipts_around_it(database):
    log = FakeActuator()
    shop = Workshop(database, log)
    await shop.propose()

    assert await shop.run() == [ActionState.DONE]
    assert len(log.orders) == 1
    kinds = await database.read(lambda c: [r[0] for r in c.execute("SELECT kind FROM receipts ORDER BY n")])
    assert kinds == ["intent", "outcome"]


async def test_the_same_again_within_the_cool_down_is_suppressed(database):
    log = FakeActuator()
    shop = Workshop(database, log)
    await shop.propose()
    await shop.propose(receipt=2)

    assert await shop.run() == [ActionState.DONE, ActionState.SUPPRESSED]
    assert len(log.orders) == 1


async def test_a_failure_comes_back_as_an_event_and_the_echo_of_an_echo_does_not(database):
    shop = Workshop(database, FakeActuator(failure="no paper"), cool_down_s=0)
    await shop.propose()
    await shop.propose(depth=1, receipt=2)

    assert await shop.run() == [ActionState.FAILED, ActionState.FAILED]
    assert [(e.source, e.depth) for e in shop.heard] == [("kairos.act", 1)]
    assert "no paper" in shop.heard[0].text


async def test_after_a_crash_an_idempotent_intent_is_repeated_with_the_same_key(database):
    log = FakeActuator()
    shop = Workshop(database, log)
    n = await shop.propose(state=ActionState.INTENT)

    assert await shop.run() == [ActionState.DONE]
    key = (await database.read(lambda c: shop.actions.list(c, limit=1)))[0].key
    assert (log.orders[0].action, log.orders[0].key) == (n, key)


async def test_after_a_crash_a_non_idempotent_intent_is_unknown_and_not_repeated(database):
    once = FakeActuator("once", idempotent=False)
    shop = Workshop(database, once)
    await shop.propose("once", state=ActionState.INTENT)

    assert await shop.run() == [ActionState.UNKNOWN]
    assert once.orders == []
    assert "unknown" in shop.heard[0].text


async def test_an_actuator_that_hangs_is_a_failure_and_the_next_one_runs(database):
    class Hanging(FakeActuator):
        async def act(self, order):
            await anyio.sleep(60)
            return ""

    log = FakeActuator()
    shop = Workshop(database, Hanging("slow"), log, timeout_s=0.05)
    await shop.propose("slow")
    await shop.propose("log")

    assert await shop.run() == [ActionState.FAILED, ActionState.DONE]


@pytest.mark.parametrize(("approve", "state", "count"), [(True, ActionState.DONE, 1), (False, ActionState.DENIED, 0)])
async def test_an_awaiting_action_runs_on_a_persons_word_only(database, approve, state, count):
    log = FakeActuator()
    shop = Workshop(database, log, approve=("log",))
    n = await shop.propose()
    assert await shop.run() == [ActionState.AWAITING]

    assert await shop.hands.answer(n, approve=approve)
    assert not await shop.hands.answer(n, approve=True)

    assert await shop.run() == [state]
    assert len(log.orders) == count


async def test_a_ruling_carries_its_reason_into_the_receipt(database):
    shop = Workshop(database, FakeActuator(), silence=(Silence(source="s", why="works"),))
    await shop.propose()

    assert await shop.run() == [ActionState.SUPPRESSED]
    (body,) = await database.read(lambda c: [json.loads(r[0]) for r in c.execute("SELECT body FROM receipts")])
    assert body["reason"] == "act.silence[0]: works"


async def test_a_sign_of_life_is_carried_out_each_time_and_only_if_asked_for(database):
    log = FakeActuator()
    shop = Workshop(database, log, alive_by="log")
    for _ in range(2):
        await shop.hands.alive()
    assert await shop.run() == [ActionState.DONE, ActionState.DONE]

    quiet = Workshop(database, log)
    await quiet.hands.alive()
    assert len(log.orders) == 2


async def test_what_a_group_raised_is_said_to_be_over_once(database):
    log = FakeActuator()
    shop = Workshop(database, log)
    over = {"receipt": 5, "source": "s", "template": "t", "event": "e", "depth": 0, "now": 1300.0}
    await database.write(lambda c: shop.actions.over(c, **over))
    assert await shop.run() == []
    await shop.propose()
    await shop.run()
    for _ in range(2):
        await database.write(lambda c: shop.actions.over(c, **over))

    assert await shop.run() == [ActionState.DONE, ActionState.DONE]
    assert [order.what for order in log.orders] == ["w", "over: w (after 5 min)."]
